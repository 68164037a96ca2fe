"""Observations of the reference implementation: named features, and images of the map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from econsim.economies.gather_trade_build.reference.auction import Auction
from econsim.economies.gather_trade_build.reference.economy import Reference
from econsim.economies.gather_trade_build.reference.land import GOODS, Place
from econsim.economies.gather_trade_build.reference.people import Worker

SCALE = 0.01  # scale of inventories and price histories
Picture = Sequence[Sequence[Sequence[int]]]  # by channel, row and column


def seen_by_worker(economy: Reference, worker: Worker) -> dict[str, float]:
    """Return the features that a worker observes."""
    seen: dict[str, float | Sequence[float]] = {
        "time": economy.time / economy.rules.horizon,
        "row": worker.place[0] / economy.land.height,
        "column": worker.place[1] / economy.land.width,
        **_held(worker),
    }
    if "build" in economy.rules.components:
        multiple = worker.build_payment / economy.rules.base_payment
        seen["build_payment"] = multiple
        seen["build_skill"] = (multiple - 1) / (economy.rules.highest_multiple - 1)
    for auction in economy.auctions.values():
        seen |= _market(auction) | _orders_of_others_and_own(auction, worker)
    if "gather" in economy.rules.components:
        seen["bonus_gather_prob"] = worker.gather_bonus
    if economy.offices:
        office = economy.offices[worker.planner]
        seen |= _taxes(economy, worker.planner)
        seen["marginal_rate"] = office.marginal_rate(office.income(worker))
    return dict(_spread(seen))


def seen_by_planner(economy: Reference, planner: str) -> dict[str, float]:
    """Return the features that a planner observes: its empty inventory, markets, taxes, and each worker."""
    seen: dict[str, float | Sequence[float]] = {"time": economy.time / economy.rules.horizon, "coin": 0.0}
    seen |= dict.fromkeys(GOODS, 0.0)
    for auction in economy.auctions.values():
        seen |= _market(auction) | {
            f"full_asks-{auction.good}": auction.count_by_price(auction.asks),
            f"full_bids-{auction.good}": auction.count_by_price(auction.bids),
        }
    seen |= _taxes(economy, planner)
    office = economy.offices[planner]
    for worker in office.people:
        last = office.last(worker)
        of_worker = _held(worker) | {
            "last_income": last.income / office.period,
            "last_marginal_rate": last.marginal_rate,
            "curr_marginal_rate": office.marginal_rate(office.income(worker)),
        }
        seen |= {f"{name}_of_worker_{worker.number}": value for name, value in of_worker.items()}
    return dict(_spread(seen))


def picture(economy: Reference, tiles: Sequence[Sequence[Place]], viewer: Worker | None = None) -> Picture:
    """Return an image with nine channels of small integers for rows of tiles, all zero beyond the edge of the map.

    The first seven are zero or one: stone, wood, house, water, stone source, wood source, inside the map. The last two
    are the owner of the house on the tile and the worker on it: 0 none, 1 the viewer, ``j + 2`` worker ``j``.
    """
    standing = {worker.place: worker.number for worker in economy.workers}
    rows = [list(zip(*(_tile(economy, standing, tile, viewer) for tile in row), strict=True)) for row in tiles]
    return list(zip(*rows, strict=True))


def tiles_around(economy: Reference, worker: Worker) -> list[list[Place]]:
    """Return the tiles that a worker observes: a square window around the worker, or the whole map."""
    radius = economy.rules.view_radius
    if radius is None:
        return whole_map(economy)
    row, column = worker.place
    reach = range(-radius, radius + 1)
    return [[(row + down, column + right) for right in reach] for down in reach]


def whole_map(economy: Reference) -> list[list[Place]]:
    """Return all tiles, row by row."""
    return [[(row, column) for column in range(economy.land.width)] for row in range(economy.land.height)]


def _tile(economy: Reference, standing: Mapping[Place, int], tile: Place, viewer: Worker | None) -> list[int]:
    land = economy.land
    if not land.contains(tile):
        return [0] * 9
    source = land.sources.get(tile)
    unit = source if tile in land.stocked else None
    flags = (
        *(unit == good for good in GOODS),
        tile in land.houses,
        tile in land.water,
        *(source == good for good in GOODS),
        True,
    )
    return [*map(int, flags), *(_label(workers.get(tile), viewer) for workers in (land.houses, standing))]


def _label(number: int | None, viewer: Worker | None) -> int:
    if number is None:
        return 0
    return 1 if viewer is not None and number == viewer.number else number + 2


def _held(worker: Worker) -> dict[str, float]:
    return {"coin": worker.coin * SCALE} | {good: units * SCALE for good, units in worker.goods.items()}


def _market(auction: Auction) -> dict[str, float | Sequence[float]]:
    return {
        f"market_rate-{auction.good}": auction.market_rate,
        f"price_history-{auction.good}": [count * SCALE for count in auction.sales_by_price],
    }


def _orders_of_others_and_own(auction: Auction, worker: Worker) -> dict[str, float | Sequence[float]]:
    histograms: dict[str, float | Sequence[float]] = {}
    for side, orders in (("asks", auction.asks), ("bids", auction.bids)):
        own = [order for order in orders if order.worker is worker]
        others = [order for order in orders if order.worker is not worker]
        histograms[f"available_{side}-{auction.good}"] = auction.count_by_price(others)
        histograms[f"my_{side}-{auction.good}"] = auction.count_by_price(own)
    return histograms


def _taxes(economy: Reference, planner: str) -> dict[str, float | Sequence[float]]:
    """Return the tax calendar, all workers' last incomes per step in ascending order, and one planner's rates."""
    office = economy.offices[planner]
    last = [each.last(worker).income / each.period for each in economy.offices.values() for worker in each.people]
    return {
        "is_tax_day": float(office.ends(economy.time)),
        "is_first_day": float(office.begins(economy.time)),
        "tax_phase": (economy.time % office.period + 1) / office.period,
        "last_incomes": sorted(last),
        "curr_rates": list(office.rates),
    }


def _spread(seen: Mapping[str, float | Sequence[float]]) -> Iterator[tuple[str, float]]:
    """Yield each entry of a list under a name with its index; a list of one entry keeps its name."""
    for name, value in seen.items():
        if not isinstance(value, Sequence):
            yield name, value
        elif len(value) == 1:
            yield name, value[0]
        else:
            yield from ((f"{name}_{index}", entry) for index, entry in enumerate(value))
