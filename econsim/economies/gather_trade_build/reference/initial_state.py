"""Where the reference meets the tensors: it takes over a copy's first state, its settings and its chance."""

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
    """The chance of one step; draws are uniform on [0, 1)."""

    order: Sequence[int]
    """Workers in the order in which they move."""
    bonus: Sequence[float]
    """A draw a worker: a second unit where it is below the worker's chance."""
    regrowth: Sequence[float]
    """A draw a source: a unit grows back where it is below the source's chance."""

    @classmethod
    def draw(cls, keys: Tensor, time: int, workers: int, sources: int) -> list[Draws]:
        """Return what the tensors draw in the step after ``time`` steps, one entry for each of ``keys`` ``[B]``."""
        order = random.permutation(keys, time, "gather/order", workers)
        bonus = random.uniform(keys, time, "gather/bonus", (workers,))
        regrowth = random.uniform(keys, time, "regrowth", (sources,))
        return [cls(*draws) for draws in zip(order.tolist(), bonus.tolist(), regrowth.tolist(), strict=True)]


@dataclass(frozen=True)
class Rules:
    """Settings that belong to no worker, auction or tax office; labour in units of one move as published."""

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
    """``None``: workers see the whole map."""
    planner_sees_map: bool
    welfare: str
    equality_weight: float


class Reader:
    """Reads one copy of a game and of its first state."""

    def __init__(self, game: GatherTradeBuild, world: World, copy: int) -> None:
        self.game, self.world, self.copy = game, world, copy

    def rules(self) -> Rules:
        """Return the settings; labour of components that the game leaves out counts as zero.

        Raises:
            ValueError: the game has a component that the reference does not know.
        """
        settings = self.game.settings
        components = tuple(component.name for component in self.game.components)
        if unknown := set(components) - {"build", "trade", "gather", "tax"}:
            raise ValueError(f"components: the reference has no {', '.join(sorted(unknown))}; leave it out")
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
        """Return the map with a unit on every source that has one."""
        ground = self.game.ground(self.world)
        row = min(self.copy, ground.terrain.shape[0] - 1)
        terrain, tiles = ground.terrain[row].tolist(), ground.source[row].tolist()
        water = frozenset(self._place(tile) for tile, bits in enumerate(terrain) if bits >> IS_WATER & 1)
        stone = int(self.game.tables["stone_sources"])
        sources = {self._place(tile): GOODS[number >= stone] for number, tile in enumerate(tiles)}
        stock = self.world.stock[self.copy].tolist()
        stocked = {place for place, there in zip(sources, stock, strict=True) if there}
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
        """Return the two markets, none where nothing is traded."""
        trade = self._settings_of("trade")
        if trade is None:
            return {}
        labour = self._number("order_labour")
        rules = (trade.highest_price, trade.order_duration, trade.open_orders, labour)
        return {good: Auction(good, *rules) for good in GOODS}

    def offices(self, people: list[Worker]) -> dict[str, TaxOffice]:
        """Return a tax office a planner, none where nothing is taxed."""
        tax = self._settings_of("tax")
        if tax is None:
            return {}
        thresholds = tuple(self.game.thresholds.tolist())
        rules = (tax.period, thresholds, tax.rate_step, self._number("highest_rate"))
        of = {name: [worker for worker in people if worker.planner == name] for name in self.game.planners}
        return {name: TaxOffice(name, taxed, *rules) for name, taxed in of.items()}

    def _settings_of(self, name: str) -> Any:
        return next((chosen.parameters for chosen in self.game.settings.components if chosen.kind.name == name), None)

    def _number(self, name: str) -> float:
        """Return a numeric parameter of this copy, zero where no component has it."""
        if name not in self.game.parameters:
            return 0.0
        values = self.game.parameters[name].reshape(-1)
        return float(values[min(self.copy, values.shape[0] - 1)])

    def _number_of_class(self, group: str, name: str) -> float:
        return self._number(name if len(self.game.groups) == 1 else f"{group}_{name}")

    def _place(self, tile: int) -> Place:
        row, column = divmod(tile, self.game.row_length)
        return row - self.game.margin, column - self.game.margin
