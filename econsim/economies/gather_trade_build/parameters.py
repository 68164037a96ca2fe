"""Parameters of Gather-Trade-Build."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from econsim.economics import LOWEST_RATE
from econsim.economies.gather_trade_build.people import BuildSkill, GatherBonus, Group, WorkerClass
from econsim.economies.gather_trade_build.placement import Anywhere, Corners, Sides
from econsim.parameters import Chosen, FromRoom, Model

ROOM = "economies.gather_trade_build"
WelfareName = Literal[
    "equality_times_productivity", "inverse_income_utility", "inverse_income_coin", "utilitarian", "rawlsian"
]
ComponentChoice = Annotated[Chosen, FromRoom(f"{ROOM}.components")]
LayoutChoice = Annotated[Chosen, FromRoom(f"{ROOM}.layouts")]


class Parameters(Model):
    """Parameters of Gather-Trade-Build."""

    workers: int | tuple[WorkerClass, ...] = 4
    """Number of workers, or a list of classes."""
    planners: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], ...] = ("planner",)
    """Names of the planners; each taxes the classes of workers that name it."""
    layout: LayoutChoice = Field("published", validate_default=True)
    """The map."""
    starts: Corners | Anywhere | Sides = Field(Corners(), discriminator="kind")
    """Starting positions of workers whose class has no region."""
    components: tuple[ComponentChoice, ...] = Field(("build", "trade", "gather", "tax"), validate_default=True)
    """Components of the economy, in the order in which they act; taxes come last, as published."""
    build_skill: BuildSkill = BuildSkill()
    """Building skill of classes that do not set it."""
    gather_bonus: GatherBonus = "pareto"
    """Probability of a second unit when collecting: drawn per worker and episode, or a number, the same for all."""
    labour_cost: float = Field(0.21, ge=0)
    """Cost of a unit of labour, in utility."""
    risk_aversion: float = Field(0.23, ge=0)
    """Coefficient of relative risk aversion (eta); 1 is logarithmic. From 1 on, less than one coin counts as one."""
    starting_coin: float = Field(0.0, ge=0)
    """Coin at the start of an episode."""
    horizon: int = Field(1000, ge=1, le=1_000_000)
    """Steps per episode."""
    base_payment: float = Field(10.0, gt=0)
    """Payment per house at skill multiple 1, in coin."""
    highest_multiple: float = Field(3.0, gt=1)
    """Largest skill multiple."""
    regrowth_rate: float = Field(0.01, ge=0, le=1)
    """Probability per step that an empty source regrows a unit if its window consists of sources only."""
    regrowth_halfwidth: int = Field(0, ge=0, le=50)
    """Half the width of the square window whose share of sources scales regrowth; 0: the source alone."""
    view_radius: int | Literal["all"] = 5
    """Number of tiles that workers see in each direction; ``all``: the whole map."""
    planner_sees_map: bool = False
    """Whether planners observe the whole map."""
    taxes_felt: Literal["when_collected", "as_accrued"] = "when_collected"
    """When taxes and rebates enter workers' rewards. ``as_accrued``: in every step, as the change in the taxes and
    rebates that would be due if they were collected now. The rewards of an episode have the same sum, but the tax on
    an action enters the reward of that action's step and not that of a later collection."""
    lowest_rate: float = Field(0.0, ge=LOWEST_RATE, le=0)
    """Lowest marginal tax rate that a planner may set, a multiple of the step between its rates. Below zero, schedules
    may subsidise earnings; credits are paid out of the taxes of the same period."""
    welfare: WelfareName = "equality_times_productivity"
    """Social welfare function of a planner's workers; its change is the planner's reward."""
    equality_weight: float = Field(1.0, ge=0, le=1)
    """Weight of equality in ``equality_times_productivity``; 0: productivity alone."""

    @field_validator("workers", mode="before")
    @classmethod
    def _one_class_may_stand_alone(cls, value: object) -> object:
        return (value,) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _sound(self) -> Parameters:
        if not self.planners:
            raise ValueError("planners: expected at least one; to have no planner, leave tax out of components")
        if self.workers == () or (isinstance(self.workers, int) and self.workers < 1):
            raise ValueError("workers: expected at least one")
        if isinstance(self.view_radius, int) and not 0 <= self.view_radius <= 50:
            raise ValueError("view_radius: expected a whole number from 0 to 50, or all")
        groups = self.groups
        for key, listed in (("workers", [*(g.name for g in groups), *self.planners]), ("components", self._kinds)):
            twice = sorted({name for name in listed if listed.count(name) > 1})
            if twice:
                raise ValueError(f"{key}: {', '.join(twice)} occurs more than once; names must be unique")
        self._check_planners(groups)
        self._check_lowest_rate()
        for group in groups:
            _check_group(group)
        return self

    def _check_planners(self, groups: tuple[Group, ...]) -> None:
        named = {group.planner for group in groups}
        unknown, idle = sorted(named - set(self.planners)), sorted(set(self.planners) - named)
        if unknown:
            raise ValueError(f"workers: no planner is called {unknown[0]}; the planners are {', '.join(self.planners)}")
        if idle and "tax" in self._kinds:
            raise ValueError(
                f"planners: {idle[0]} taxes no workers; assign a class of workers to it with planner: {idle[0]}"
            )

    def _check_lowest_rate(self) -> None:
        if self.lowest_rate == 0:
            return
        if "tax" not in self._kinds:
            raise ValueError("lowest_rate: applies to the component tax, which components does not list")
        tax: Any = self.components[self._kinds.index("tax")].parameters
        step = tax.rate_step
        if abs(math.remainder(self.lowest_rate, step)) > 1e-9:
            raise ValueError(
                f"lowest_rate: expected a multiple of the tax component's rate_step {step:g}, found"
                f" {self.lowest_rate:g}"
            )

    @property
    def groups(self) -> tuple[Group, ...]:
        """The classes of workers in order, with the economy's values for parameters that they do not set."""
        listed = (WorkerClass(count=self.workers),) if isinstance(self.workers, int) else self.workers
        first = [sum(entry.count for entry in listed[:number]) for number in range(len(listed))]
        return tuple(self._group(entry, start) for entry, start in zip(listed, first, strict=True))

    def _group(self, entry: WorkerClass, first: int) -> Group:
        of_class = {name: getattr(entry, name) for name in _SHARED}
        values = {name: getattr(self, name) if value is None else value for name, value in of_class.items()}
        planner = entry.planner or self.planners[0]
        return Group(entry.name, first, entry.count, planner=planner, region=entry.region, **values)

    @property
    def _kinds(self) -> list[str]:
        return [choice.kind.name for choice in self.components]


_SHARED = ("build_skill", "gather_bonus", "labour_cost", "risk_aversion", "starting_coin")


def _check_group(group: Group) -> None:
    multiples = group.build_skill.multiples
    if multiples is not None and len(multiples) != group.count:
        raise ValueError(
            f"workers: {group.name} has {group.count} workers but {len(multiples)} skill multiples; give one per worker"
        )
