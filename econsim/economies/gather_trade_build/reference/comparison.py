"""Random play that exercises every rule, with legal and illegal actions, and counts of the resulting events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Literal

import torch
from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build.economy import GatherTradeBuild
from econsim.economies.gather_trade_build.reference.agreement import SideBySide
from econsim.economies.gather_trade_build.reference.auction import Auction, Order, Sale
from econsim.economies.gather_trade_build.reference.economy import Reference
from econsim.economies.gather_trade_build.world import State
from econsim.game import Observation

Planning = Literal["free_market", "us_federal", "random"]
ILLEGAL_SHARE = 0.2  # share of actions drawn from all actions, legal or not
OTHER_PRICES = 0.1  # weight of orders away from the middle prices, relative to one
WEIGHTS = {"build": 20.0, "left": 2.0, "right": 2.0, "up": 2.0, "down": 2.0}
FEDERAL_RATES = (0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37)


class Trial:
    """Episode, or part of one, of a batch of environments and its references."""

    def __init__(self, game: GatherTradeBuild, keys: Tensor, planning: Planning) -> None:
        self.both, self.planning = SideBySide(game, keys), planning
        self.weights = action_weights(game)
        self.happened: Counter[str] = Counter()

    def play(self, steps: int) -> list[str]:
        """Play ``steps`` steps; return the differences after the first step with any, empty if all agree."""
        game, different = self.both.game, self.both.differences()
        for _ in range(steps):
            if different:
                return [f"step {self.both.references[0].time}: {name}" for name in different]
            time = self.both.references[0].time
            actions = trial_actions(game, self.both.seen, self.weights, self.both.keys, time, self.planning)
            self._count_illegal(actions)
            different = self.both.step(actions)
            for economy in self.both.references:
                self.happened.update(events(economy))
        return [f"step {self.both.references[0].time}: {name}" for name in different]

    def _count_illegal(self, actions: dict[str, Tensor]) -> None:
        for group in self.both.game.groups:
            mask = self.both.seen[group.name].action_mask
            assert mask is not None
            legal = mask.gather(2, actions[group.name][..., None])
            self.happened["illegal actions"] += int((~legal).sum())


def action_weights(game: GatherTradeBuild) -> Tensor:
    """Return the weight of each action if it is legal, ``[A]``: orders mostly at the three middle prices."""
    weights = [1.0]
    for name in (name for component in game.components for name in component.choices(game)):
        price = name.rpartition("_")[2]
        weights.append(WEIGHTS.get(name, 1.0) if not price.isdigit() else _weight_of_price(game, int(price)))
    return torch.tensor(weights, dtype=torch.float64)


def _weight_of_price(game: GatherTradeBuild, price: int) -> float:
    names = (name for component in game.components for name in component.choices(game))
    orders = [name for name in names if name.startswith("bid_stone")]
    return 1.0 if abs(price - len(orders) // 2) <= 1 else OTHER_PRICES


def trial_actions(
    game: GatherTradeBuild,
    seen: Mapping[str, Observation],
    weights: Tensor,
    keys: Tensor,
    time: int,
    planning: Planning,
) -> dict[str, Tensor]:
    """Return the actions of all roles in the step after ``time`` steps."""
    key = random.fold(random.fold(keys, "trial"), time)
    of_workers = {
        group.name: busy_actions(seen[group.name], weights, random.fold(key, group.name)) for group in game.groups
    }
    return of_workers | {name: announcements(game, planning, random.fold(key, name)) for name in game.planners}


def busy_actions(seen: Observation, weights: Tensor, key: Tensor) -> Tensor:
    """Return actions ``[B, N]``: legal ones by weight, and a share of uniformly drawn ones, mostly illegal."""
    mask = seen.action_mask
    assert mask is not None
    weighted = weights.log().expand(mask.shape).masked_fill(~mask, -torch.inf)
    legal = random.categorical(key, 0, "legal", weighted)
    anything = random.integers(key, 0, "anything", mask.shape[-1], tuple(mask.shape[1:2]))
    return torch.where(random.uniform(key, 0, "illegal", tuple(mask.shape[1:2])) < ILLEGAL_SHARE, anything, legal)


def announcements(game: GatherTradeBuild, planning: Planning, key: Tensor) -> Tensor:
    """Return a planner's actions ``[B, 1, K]``: no tax, federal rates, or random options, permitted or not."""
    options = next(filter(None, (component.planner_choices(game) for component in game.components)))
    shape = (key.shape[0], 1, len(options))
    if planning == "random":
        return random.integers(key, 0, "options", options[0], shape[1:])
    rates = FEDERAL_RATES[: len(options)] if planning == "us_federal" else (0.0,) * len(options)
    return torch.tensor(rates, dtype=torch.float64).expand(shape)


def events(economy: Reference) -> Counter[str]:
    """Count the events in an economy's latest step to which a specific rule applies."""
    counts: Counter[str] = Counter()
    for auction in economy.auctions.values():
        counts.update(_events_of(auction))
    for office in economy.offices.values():
        if office.ends(economy.time - 1):
            bills = office.periods[-1].values()
            counts["taxes"] += sum(bill.paid > 0 for bill in bills)
            counts["taxes shielded by escrow"] += sum(bill.owed > bill.paid for bill in bills)
            counts["negative incomes"] += sum(bill.income < 0 for bill in bills)
    return counts


def _events_of(auction: Auction) -> Iterator[str]:
    yield from ("orders expired" for _ in auction.expired)
    for sale in auction.sales:
        yield "sales"
        if sale.price < sale.bid_price:
            yield "refunds of a bid's excess"
        if sale.bid_age == sale.ask_age:
            yield "sales between orders of one age"
        if any(_was_equal(bid, sale) for bid in auction.bids):
            yield "sales that a tie between buyers decided"
    for bid, ask in product(auction.bids, auction.asks):
        if bid.worker is ask.worker and bid.price >= ask.price:
            yield "own orders that would cross"


def _was_equal(bid: Order, sale: Sale) -> bool:
    """Return whether an open bid was equal in price and age to another buyer's bid that was filled."""
    return bid.worker is not sale.buyer and (bid.price, bid.age - 1) == (sale.bid_price, sale.bid_age)


def play_tensors(
    game: GatherTradeBuild, keys: Tensor, planning: Planning, steps: int
) -> tuple[State, dict[str, float]]:
    """Play such actions with the tensors only; return the final state and the largest conservation residuals."""
    weights, state = action_weights(game), game.reset(keys)
    largest: dict[str, float] = {}
    for time in range(steps):
        state = game.step(state, trial_actions(game, game.observe(state), weights, keys, time, planning)).state
        for name, value in game.conserved(state).items():
            largest[name] = max(largest.get(name, 0.0), float(value.abs().max()))
    return state, largest
