"""Comparison of tensor and reference implementations under the same initial state, actions and random draws."""

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

TOLERANCE = 1e-9  # of floats, relative above one, for sums in a different order; integers must be equal
Pair = tuple[str, Tensor, Any]  # a name, the values of the tensors ``[B, ...]`` and those of the references by copy


class SideBySide:
    """A batch of a game in float64 and one reference per environment copy."""

    def __init__(self, game: GatherTradeBuild, keys: Tensor) -> None:
        moved = game.to(dtype=torch.float64)
        assert isinstance(moved, GatherTradeBuild)
        self.game, self.keys = moved, keys
        self.state: State = moved.reset(keys)
        self.references = [Reference.begin(moved, self.state, copy) for copy in range(keys.shape[0])]
        self.seen = moved.observe(self.state)

    def step(self, actions: Mapping[str, Tensor]) -> list[str]:
        """Take one step in both implementations and return the differences after it; empty if they agree."""
        time, sources = self.references[0].time, self.state.world.stock.shape[1]
        draws = Draws.draw(self.keys, time, self.game.workers, sources)
        choices = torch.cat([actions[group.name] for group in self.game.groups], 1).tolist()
        announced = {name: actions[name][:, 0].tolist() for name in self.game.planners}
        rewards = [
            economy.step(choices[copy], {name: rows[copy] for name, rows in announced.items()}, draws[copy])
            for copy, economy in enumerate(self.references)
        ]
        transition = self.game.step(self.state, actions)
        self.state = transition.state
        over = ("over", transition.terminated, [economy.over for economy in self.references])
        return [*self.differences(), *_differing([over, *self._rewards(transition.rewards, rewards)])]

    def differences(self) -> list[str]:
        """Return the differences between states, observations and accounts, by name and size."""
        self.seen = self.game.observe(self.state)
        different = list(_differing([*self._people(), *self._land(), *self._markets(), *self._taxes()]))
        if not different:
            self._settle_last_digits()
        return [*different, *_differing([*self._accounts(), *self._observations()])]

    def _settle_last_digits(self) -> None:
        """Copy the tensors' coin to workers whose income equals a threshold up to rounding, so that brackets agree.

        The two values have just been found equal within the tolerance. Most such workers have zero income: coin that
        was paid into escrow for a bid and refunded may differ in the last digit.
        """
        for copy, economy in enumerate(self.references):
            for worker in economy.workers if economy.offices else ():
                office = economy.offices[worker.planner]
                if min(abs(office.income(worker) - threshold) for threshold in office.thresholds) <= TOLERANCE:
                    worker.coin = float(self.state.world.coin[copy, worker.number])
                    office.coin_before[worker.number] = float(self.state.parts["tax"].at_start[copy, worker.number])

    # --- compared quantities ---------------------------------------------------------------------------------------

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
        trade = next((component for component in self.game.components if isinstance(component, Trade)), None)
        if trade is None:
            return
        book: Book = self.state.parts[trade.name]
        for number, good in enumerate(GOODS):
            markets = [economy.auctions[good] for economy in self.references]
            bids, asks = ([self._by_worker(orders, trade) for orders in side] for side in _sides(markets))
            yield f"bids {good}", _decoded(book.bids[:, number], trade, best_is_high=True), bids
            yield f"asks {good}", _decoded(book.asks[:, number], trade, best_is_high=False), asks
            yield f"price history {good}", book.price_history[:, number], [market.sales_by_price for market in markets]

    def _taxes(self) -> Iterator[Pair]:
        if not self.game.planners:
            return
        ledger = self.state.parts["tax"]
        offices = [list(economy.offices.values()) for economy in self.references]
        yield "rates", ledger.rates, [[office.rates for office in by_planner] for by_planner in offices]
        taxed = [
            [(worker, economy.offices[worker.planner]) for worker in economy.workers] for economy in self.references
        ]
        coin_before = [[office.coin_before[worker.number] for worker, office in pairs] for pairs in taxed]
        yield "coin before", ledger.at_start, coin_before
        last_income = [[office.last(worker).income for worker, office in pairs] for pairs in taxed]
        yield "last income", ledger.last_income, last_income
        last_rate = [[office.last(worker).marginal_rate for worker, office in pairs] for pairs in taxed]
        yield "last marginal rate", ledger.last_marginal_rate, last_rate

    def _accounts(self) -> Iterator[Pair]:
        tensors, references = self.game.accounts(self.state), [accounts(economy) for economy in self.references]
        for name in references[0]:
            yield f"account {name}", tensors[name], [reference[name] for reference in references]

    def _observations(self) -> Iterator[Pair]:
        for group in self.game.groups:
            workers = [economy.workers[group.members] for economy in self.references]
            both = list(zip(self.references, workers, strict=True))
            numbers = [[observation.seen_by_worker(economy, one) for one in members] for economy, members in both]
            masks = [[economy.mask(one) for one in members] for economy, members in both]
            views = [
                [observation.picture(economy, observation.tiles_around(economy, one), one) for one in members]
                for economy, members in both
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
            raise AssertionError(f"{role}: features differ: {sorted(set(names) ^ set(numbers[0][0]))}")
        assert seen.action_mask is not None
        yield f"{role} sees", seen.features, [[[one[name] for name in names] for one in row] for row in numbers]
        yield f"{role} may", seen.action_mask, masks
        assert (seen.view is None) == (not views)
        if seen.view is not None:
            yield f"{role} view", seen.view, views

    # --- state of the references -----------------------------------------------------------------------------------

    def _each_worker(self, name: str, good: str | None = None) -> list[list[Any]]:
        values = [[getattr(worker, name) for worker in economy.workers] for economy in self.references]
        return values if good is None else [[by_good[good] for by_good in row] for row in values]

    def _by_worker(self, orders: list[Order], trade: Trade) -> list[list[list[int]]]:
        """Return price and age of each worker's orders, sorted, padded with -1 to the maximum number of orders."""
        most = trade.parameters.open_orders
        by_worker = [
            sorted([order.price, order.age] for order in orders if order.worker.number == number)
            for number in range(self.game.workers)
        ]
        return [[[-1, -1]] * (most - len(listed)) + listed for listed in by_worker]


def _sides(markets: list[Any]) -> tuple[list[list[Order]], list[list[Order]]]:
    return [market.bids for market in markets], [market.asks for market in markets]


def _decoded(orders: Tensor, trade: Trade, best_is_high: bool) -> Tensor:
    """Return price and age ``[B, N, O, 2]`` of encoded orders ``[B, N, O]``, sorted, -1 in empty slots."""
    level, age = orders - 1 >> trade.age_bits, orders - 1 & trade.ages - 1
    price = level if best_is_high else trade.parameters.highest_price - level
    ranked = torch.where(orders > 0, price * trade.ages + age, -1).sort(-1).values
    is_open = ranked >= 0
    return torch.stack([torch.where(is_open, value, -1) for value in (ranked // trade.ages, ranked % trade.ages)], -1)


def _differing(pairs: list[Pair]) -> Iterator[str]:
    for name, tensors, values in pairs:
        expected = torch.tensor(values, dtype=torch.float64)
        if expected.shape != tensors.shape:
            yield f"{name}: shape {list(tensors.shape)} in the tensors, {list(expected.shape)} in the references"
            continue
        distance = (tensors.double() - expected).abs()
        allowed = TOLERANCE * expected.abs().clamp(min=1.0) if tensors.is_floating_point() else 0.0
        if not bool((distance <= allowed).all()):  # NaN counts as a difference
            yield f"{name}: differs by {float(distance.max()):.3g}"
