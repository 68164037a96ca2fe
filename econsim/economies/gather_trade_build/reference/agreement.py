"""Tensors and reference side by side: the same first state, actions and chance, and what differs after a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from econsim.economies.gather_trade_build.components.trade import Book, Trade
from econsim.economies.gather_trade_build.economy import GatherTradeBuild
from econsim.economies.gather_trade_build.reference import observation
from econsim.economies.gather_trade_build.reference.accounts import accounts
from econsim.economies.gather_trade_build.reference.auction import Order
from econsim.economies.gather_trade_build.reference.economy import Reference, Rewards
from econsim.economies.gather_trade_build.reference.initial_state import Draws
from econsim.economies.gather_trade_build.reference.land import GOODS
from econsim.economies.gather_trade_build.world import State
from econsim.game import Observation

TOLERANCE = 1e-9  # of numbers, relative above one: sums in another order; whole numbers must be equal
Pair = tuple[str, Tensor, Any]  # a name, the tensors' values ``[B, ...]`` and those of the references, copy by copy


class SideBySide:
    """A batch of a game in float64 and one reference a copy."""

    def __init__(self, game: GatherTradeBuild, keys: Tensor) -> None:
        moved = game.to(dtype=torch.float64)
        assert isinstance(moved, GatherTradeBuild)
        self.game, self.keys = moved, keys
        self.state: State = moved.reset(keys)
        self.references = [Reference.begin(moved, self.state, copy) for copy in range(keys.shape[0])]
        self.seen = moved.observe(self.state)

    def step(self, actions: Mapping[str, Tensor]) -> list[str]:
        """Take one step on both sides and return what differs then, nothing where they agree."""
        time, sources = self.references[0].time, self.state.world.stock.shape[1]
        lucks = Draws.draw(self.keys, time, self.game.workers, sources)
        chosen = torch.cat([actions[group.name] for group in self.game.groups], 1).tolist()
        announced = {name: actions[name][:, 0].tolist() for name in self.game.planners}
        rewards = [
            economy.step(chosen[copy], {name: rows[copy] for name, rows in announced.items()}, lucks[copy])
            for copy, economy in enumerate(self.references)
        ]
        transition = self.game.step(self.state, actions)
        self.state = transition.state
        over = ("over", transition.terminated, [economy.over for economy in self.references])
        return [*self.differences(), *_differing([over, *self._rewards(transition.rewards, rewards)])]

    def differences(self) -> list[str]:
        """Return what differs between the states, observations and accounts, by name and size."""
        self.seen = self.game.observe(self.state)
        different = list(_differing([*self._people(), *self._land(), *self._markets(), *self._taxes()]))
        if not different:
            self._settle_last_digits()
        return [*different, *_differing([*self._accounts(), *self._observations()])]

    def _settle_last_digits(self) -> None:
        """Give workers whose income is a threshold but for rounding the tensors' coin, so that both see one bracket.

        The two have just been found equal within the tolerance. Most such workers gained nothing: coin that went into
        a bid and came back may miss a last digit.
        """
        for copy, economy in enumerate(self.references):
            for worker in economy.workers if economy.offices else ():
                office = economy.offices[worker.planner]
                if min(abs(office.income(worker) - threshold) for threshold in office.thresholds) <= TOLERANCE:
                    worker.coin = float(self.state.world.coin[copy, worker.number])
                    office.coin_before[worker.number] = float(self.state.parts["tax"].at_start[copy, worker.number])

    # --- what is compared -----------------------------------------------------------------------------------------

    def _rewards(self, tensors: Mapping[str, Tensor], rewards: list[Rewards]) -> Iterator[Pair]:
        for group in self.game.groups:
            yield f"reward of {group.name}", tensors[group.name], [entry.workers[group.members] for entry in rewards]
        for name in self.game.planners:
            yield f"reward of {name}", tensors[name], [[entry.planners[name]] for entry in rewards]

    def _people(self) -> Iterator[Pair]:
        world, game = self.state.world, self.game
        place = torch.stack([world.position // game.row_length, world.position % game.row_length], -1) - game.margin
        yield "place", place, self._each_worker("place")
        for name in ("coin", "coin_in_escrow", "labour", "build_payment", "gather_bonus"):
            yield name, getattr(world, name), self._each_worker(name)
        yield "houses built", world.built, self._each_worker("houses")
        for number, good in enumerate(GOODS):
            for name in ("goods", "goods_in_escrow", "gathered"):
                yield f"{name} {good}", getattr(world, name)[..., number], self._each_worker(name, good)
        yield "utility", self.state.utility, self._each_worker("utility")
        yield "welfare", self.state.welfare, [list(economy.welfare.values()) for economy in self.references]

    def _land(self) -> Iterator[Pair]:
        world, lands = self.state.world, [economy.land for economy in self.references]
        inside = self.game.tables["map"]
        tiles = observation.whole_map(self.references[0])
        owners = [[[land.houses.get(place, -1) + 1 for place in row] for row in tiles] for land in lands]
        yield "houses", world.owner[:, inside].view(len(lands), *torch.tensor(tiles).shape[:2]), owners
        yield "stock", world.stock, [[place in land.stocked for place in land.sources] for land in lands]
        for number, good in enumerate(GOODS):
            yield f"taken {good}", world.taken[:, number], [land.taken[good] for land in lands]
            yield f"regrown {good}", world.regrown[:, number], [land.regrown[good] for land in lands]

    def _markets(self) -> Iterator[Pair]:
        trade = next((part for part in self.game.components if isinstance(part, Trade)), None)
        if trade is None:
            return
        book: Book = self.state.parts[trade.name]
        for number, good in enumerate(GOODS):
            markets = [economy.auctions[good] for economy in self.references]
            bids, asks = ([self._by_worker(orders, trade) for orders in side] for side in _sides(markets))
            yield f"bids {good}", _decoded(book.bids[:, number], trade, best_is_high=True), bids
            yield f"asks {good}", _decoded(book.asks[:, number], trade, best_is_high=False), asks
            yield f"price history {good}", book.price_history[:, number], [of.sales_by_price for of in markets]

    def _taxes(self) -> Iterator[Pair]:
        if not self.game.planners:
            return
        ledger = self.state.parts["tax"]
        offices = [list(economy.offices.values()) for economy in self.references]
        yield "rates", ledger.rates, [[office.rates for office in of] for of in offices]
        own = [[(worker, economy.offices[worker.planner]) for worker in economy.workers] for economy in self.references]
        yield "coin before", ledger.at_start, [[office.coin_before[one.number] for one, office in of] for of in own]
        yield "last income", ledger.last_income, [[office.last(one).income for one, office in of] for of in own]
        last_rate = [[office.last(one).marginal_rate for one, office in of] for of in own]
        yield "last marginal rate", ledger.last_marginal_rate, last_rate

    def _accounts(self) -> Iterator[Pair]:
        tensors, references = self.game.accounts(self.state), [accounts(economy) for economy in self.references]
        for name in references[0]:
            yield f"account {name}", tensors[name], [found[name] for found in references]

    def _observations(self) -> Iterator[Pair]:
        for group in self.game.groups:
            workers = [economy.workers[group.members] for economy in self.references]
            both = list(zip(self.references, workers, strict=True))
            numbers = [[observation.seen_by_worker(economy, one) for one in own] for economy, own in both]
            masks = [[economy.mask(one) for one in own] for economy, own in both]
            views = [
                [observation.picture(economy, observation.tiles_around(economy, one), one) for one in own]
                for economy, own in both
            ]
            yield from self._seen(group.name, self.seen[group.name], numbers, masks, views)
        for name in self.game.planners:
            numbers = [[observation.seen_by_planner(economy, name)] for economy in self.references]
            masks = [[economy.planner_mask(name)] for economy in self.references]
            views = [
                [observation.picture(economy, observation.whole_map(economy))]
                for economy in self.references
                if economy.rules.planner_sees_map
            ]
            yield from self._seen(name, self.seen[name], numbers, masks, views)
            acts = [[economy.offices[name].begins(economy.time)] for economy in self.references]
            yield f"{name} acts", self.seen[name].acting, acts

    def _seen(
        self,
        role: str,
        seen: Observation,
        numbers: list[list[dict[str, float]]],
        masks: list[list[list[bool]]],
        views: list[list[observation.Picture]],
    ) -> Iterator[Pair]:
        names = self.game.roles[role].features
        if set(names) != set(numbers[0][0]):
            raise AssertionError(f"{role} sees other features: {sorted(set(names) ^ set(numbers[0][0]))}")
        assert seen.action_mask is not None
        yield f"{role} sees", seen.features, [[[one[name] for name in names] for one in row] for row in numbers]
        yield f"{role} may", seen.action_mask, masks
        assert (seen.view is None) == (not views)
        if seen.view is not None:
            yield f"{role} view", seen.view, views

    # --- readings -------------------------------------------------------------------------------------------------

    def _each_worker(self, name: str, good: str | None = None) -> list[list[Any]]:
        found = [[getattr(worker, name) for worker in economy.workers] for economy in self.references]
        return found if good is None else [[held[good] for held in row] for row in found]

    def _by_worker(self, orders: list[Order], trade: Trade) -> list[list[list[int]]]:
        """Return the price and age of each worker's orders, sorted, with minus ones up to the most it may have."""
        most = trade.parameters.open_orders
        own = [
            sorted([order.price, order.age] for order in orders if order.worker.number == number)
            for number in range(self.game.workers)
        ]
        return [[[-1, -1]] * (most - len(listed)) + listed for listed in own]


def _sides(markets: list[Any]) -> tuple[list[list[Order]], list[list[Order]]]:
    return [market.bids for market in markets], [market.asks for market in markets]


def _decoded(orders: Tensor, trade: Trade, best_is_high: bool) -> Tensor:
    """Return price and age ``[B, N, O, 2]`` of coded orders ``[B, N, O]``, sorted, minus ones where there is none."""
    level, age = orders - 1 >> trade.age_bits, orders - 1 & trade.ages - 1
    price = level if best_is_high else trade.parameters.highest_price - level
    ranked = torch.where(orders > 0, price * trade.ages + age, -1).sort(-1).values
    there = ranked >= 0
    return torch.stack([torch.where(there, part, -1) for part in (ranked // trade.ages, ranked % trade.ages)], -1)


def _differing(pairs: list[Pair]) -> Iterator[str]:
    for name, tensors, values in pairs:
        expected = torch.tensor(values, dtype=torch.float64)
        if expected.shape != tensors.shape:
            yield f"{name}: {list(tensors.shape)} of the tensors, {list(expected.shape)} of the references"
            continue
        distance = (tensors.double() - expected).abs()
        allowed = TOLERANCE * expected.abs().clamp(min=1.0) if tensors.is_floating_point() else 0.0
        if not bool((distance <= allowed).all()):  # NaN is no agreement
            yield f"{name}: by {float(distance.max()):.3g}"
