"""A market of workers with coin and goods, who place the orders that a test says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.components.trade import Book
from econsim.economies.gather_trade_build.world import World

COIN, UNITS = 100.0, 10


class Exchange:
    """One copy of an economy in which everybody can only trade, with 100 coin and 10 units of each good at first."""

    def __init__(self, workers: int = 4, **trade: Any) -> None:
        components = ({"kind": "trade", **trade},)
        settings = Parameters.model_validate({"workers": workers, "components": components, "starting_coin": COIN})
        game = GatherTradeBuild(settings).to(dtype=torch.float64)
        assert isinstance(game, GatherTradeBuild)
        self.game, self.choices = game, ["nothing", *game.components[0].choices(game)]
        state = game.reset(random.keys(0, 1))
        self.state = replace(state, world=replace(state.world, goods=torch.full_like(state.world.goods, UNITS)))

    @property
    def world(self) -> World:
        """What everybody holds now."""
        return self.state.world

    @property
    def book(self) -> Book:
        """The open orders."""
        book: Book = self.state.parts["trade"]
        return book

    def place(self, orders: dict[int, str] | None = None) -> Exchange:
        """Take a step in which workers place orders, such as ``{0: "bid_stone_5"}``."""
        numbers = [self.choices.index((orders or {}).get(worker, "nothing")) for worker in range(self.game.workers)]
        self.state = self.game.step(self.state, {"worker": torch.tensor([numbers])}).state
        return self

    def wait(self, steps: int) -> Exchange:
        """Let steps pass in which nobody does anything."""
        for _ in range(steps):
            self.place()
        return self

    def gains(self) -> dict[int, tuple[float, int]]:
        """Return coin gained and units of stone bought, of everybody who traded."""
        world = self.world
        coin, units = world.endowment[0] - COIN, world.goods[0, :, 0] + world.goods_in_escrow[0, :, 0] - UNITS
        both = enumerate(zip(coin.tolist(), units.tolist(), strict=True))
        return {worker: gain for worker, gain in both if gain != (0.0, 0)}

    def open_orders(self) -> tuple[int, int]:
        """Return the number of open bids and asks."""
        return int((self.book.bids > 0).sum()), int((self.book.asks > 0).sum())

    def may(self, worker: int, order: str) -> bool:
        """Return whether the mask lets a worker place an order now."""
        mask = self.game.observe(self.state)["worker"].action_mask
        assert mask is not None
        return bool(mask[0, worker, self.choices.index(order)])

    def sees(self, worker: int, feature: str) -> float:
        """Return a number that a worker sees."""
        features = self.game.observe(self.state)["worker"].features
        return float(features[0, worker, self.game.roles["worker"].features.index(feature)])
