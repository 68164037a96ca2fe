"""Conversion of a tensor game's initial state, settings and random draws for the reference implementation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from econsim import random
from econsim.economies.gather_trade_build.economy import GatherTradeBuild
from econsim.economies.gather_trade_build.reference.auction import Auction
from econsim.economies.gather_trade_build.reference.land import GOODS, Land, Place
from econsim.economies.gather_trade_build.reference.people import Worker
from econsim.economies.gather_trade_build.reference.taxes import TaxOffice
from econsim.economies.gather_trade_build.world import IS_WATER, World


@dataclass(frozen=True)
class Draws:
    """Random draws of one step, uniform on [0, 1)."""

    order: Sequence[int]
    """Workers in the order in which they move."""
    bonus: Sequence[float]
    """One draw per worker: a second unit is collected if it is below the worker's bonus probability."""
    regrowth: Sequence[float]
    """One draw per source: a unit regrows if it is below the source's probability."""

    @classmethod
    def draw(cls, keys: Tensor, time: int, workers: int, sources: int) -> list[Draws]:
        """Return the tensor game's draws in the step after ``time`` steps, one entry per key of ``keys`` ``[B]``."""
        order = random.permutation(keys, time, "gather/order", workers)
        bonus = random.uniform(keys, time, "gather/bonus", (workers,))
        regrowth = random.uniform(keys, time, "regrowth", (sources,))
        return [cls(*draws) for draws in zip(order.tolist(), bonus.tolist(), regrowth.tolist(), strict=True)]


@dataclass(frozen=True)
class Rules:
    """Settings that do not belong to a worker, auction or tax office; labour in units of a move, as published."""

    horizon: int
    components: tuple[str, ...]
    build_labour: float
    move_labour: float
    collect_labour: float
    base_payment: float
    highest_multiple: float
    regrowth_rate: float
    regrowth_halfwidth: int
    view_radius: int | None
    """Tiles that workers see in each direction; ``None``: the whole map."""
    planner_sees_map: bool
    welfare: str
    equality_weight: float


class Reader:
    """Reader of one environment copy of a game and its initial state."""

    def __init__(self, game: GatherTradeBuild, world: World, copy: int) -> None:
        self.game, self.world, self.copy = game, world, copy

    def rules(self) -> Rules:
        """Return the settings; the labour of components that the game does not have is zero.

        Raises:
            ValueError: the game has a component that the reference does not implement.
        """
        settings = self.game.settings
        components = tuple(component.name for component in self.game.components)
        if unknown := set(components) - {"build", "trade", "gather", "tax"}:
            raise ValueError(f"components: the reference does not implement {', '.join(sorted(unknown))}; remove it")
        names = ("build_labour", "move_labour", "collect_labour", "base_payment", "highest_multiple", "regrowth_rate")
        return Rules(
            horizon=self.game.horizon,
            components=components,
            **{name: self._number(name) for name in names},
            regrowth_halfwidth=settings.regrowth_halfwidth,
            view_radius=settings.view_radius if isinstance(settings.view_radius, int) else None,
            planner_sees_map=settings.planner_sees_map,
            welfare=settings.welfare,
            equality_weight=settings.equality_weight,
        )

    def land(self) -> Land:
        """Return the map and the units on its sources."""
        ground = self.game.ground(self.world)
        row = min(self.copy, ground.terrain.shape[0] - 1)
        terrain, tiles = ground.terrain[row].tolist(), ground.source[row].tolist()
        water = frozenset(self._place(tile) for tile, bits in enumerate(terrain) if bits >> IS_WATER & 1)
        stone = int(self.game.tables["stone_sources"])
        sources = {self._place(tile): GOODS[number >= stone] for number, tile in enumerate(tiles)}
        stock = self.world.stock[self.copy].tolist()
        stocked = {place for place, has_unit in zip(sources, stock, strict=True) if has_unit}
        height, width = self.game.layout.height, self.game.layout.width
        return Land(height, width, water, sources, stocked)

    def people(self) -> list[Worker]:
        """Return the workers."""
        return [
            Worker(
                number=number,
                place=self._place(int(self.world.position[self.copy, number])),
                coin=float(self.world.coin[self.copy, number]),
                build_payment=float(self.world.build_payment[self.copy, number]),
                gather_bonus=float(self.world.gather_bonus[self.copy, number]),
                labour_cost=self._number_of_class(group.name, "labour_cost"),
                risk_aversion=self._number_of_class(group.name, "risk_aversion"),
                planner=group.planner,
            )
            for group in self.game.groups
            for number in range(group.first, group.first + group.count)
        ]

    def auctions(self) -> dict[str, Auction]:
        """Return the market of each good; empty without trade."""
        trade = self._settings_of("trade")
        if trade is None:
            return {}
        labour = self._number("order_labour")
        rules = (trade.highest_price, trade.order_duration, trade.open_orders, labour)
        return {good: Auction(good, *rules) for good in GOODS}

    def offices(self, people: list[Worker]) -> dict[str, TaxOffice]:
        """Return the tax office of each planner; empty without taxes."""
        tax = self._settings_of("tax")
        if tax is None:
            return {}
        thresholds = tuple(self.game.thresholds.tolist())
        rules = (tax.period, thresholds, tax.rate_step, self._number("highest_rate"), self.game.lowest_rate)
        taxed_by = {name: [worker for worker in people if worker.planner == name] for name in self.game.planners}
        return {name: TaxOffice(name, taxed, *rules) for name, taxed in taxed_by.items()}

    def _settings_of(self, name: str) -> Any:
        return next((entry.parameters for entry in self.game.settings.components if entry.kind.name == name), None)

    def _number(self, name: str) -> float:
        """Return a numeric parameter of this environment copy; zero if no component has it."""
        if name not in self.game.parameters:
            return 0.0
        values = self.game.parameters[name].reshape(-1)
        return float(values[min(self.copy, values.shape[0] - 1)])

    def _number_of_class(self, group: str, name: str) -> float:
        return self._number(name if len(self.game.groups) == 1 else f"{group}_{name}")

    def _place(self, tile: int) -> Place:
        row, column = divmod(tile, self.game.row_length)
        return row - self.game.margin, column - self.game.margin
