"""Parameters of Gather-Trade-Build."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

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
    """Names of the planners; each taxes the classes that name it."""
    layout: LayoutChoice = Field("published", validate_default=True)
    """The map."""
    starts: Corners | Anywhere | Sides = Field(Corners(), discriminator="kind")
    """Where workers start who have no region of their own."""
    components: tuple[ComponentChoice, ...] = Field(("build", "trade", "gather", "tax"), validate_default=True)
    """The parts of the economy, in the order in which they act; taxes last, as published."""
    build_skill: BuildSkill = BuildSkill()
    """Skill at building, of classes without their own."""
    gather_bonus: GatherBonus = "pareto"
    """Chance of a second unit when collecting: drawn for each worker and episode, or the same for all."""
    labour_cost: float = Field(0.21, ge=0)
    """Utility that a unit of labour costs."""
    risk_aversion: float = Field(0.23, ge=0)
    """Curvature of utility in coin (eta); 1 is logarithmic. From 1 on, less than one coin counts as one."""
    starting_coin: float = Field(0.0, ge=0)
    """Coin at the start of an episode."""
    horizon: int = Field(1000, ge=1, le=1_000_000)
    """Steps of an episode."""
    base_payment: float = Field(10.0, gt=0)
    """Coin for a house at skill multiple 1."""
    highest_multiple: float = Field(3.0, gt=1)
    """The largest skill multiple."""
    regrowth_rate: float = Field(0.01, ge=0, le=1)
    """Chance a step that an empty source, all of whose window are sources, grows a unit back."""
    regrowth_halfwidth: int = Field(0, ge=0, le=50)
    """Half the width of the square window in which sources help each other grow back; 0: each for itself."""
    view_radius: int | Literal["all"] = 5
    """Tiles that workers see in each direction; ``all``: the whole map."""
    planner_sees_map: bool = False
    """Show planners the whole map."""
    taxes_felt: Literal["when_collected", "as_accrued"] = "when_collected"
    """When taxes and rebates enter workers' rewards. ``as_accrued``: in every step the change of what collection would
    take and give if it came now. An episode's rewards add up to the same, but what a deed costs in taxes is felt at
    once, and not up to a period later."""
    welfare: WelfareName = "equality_times_productivity"
    """Social welfare of a planner's people, whose change it is paid."""
    equality_weight: float = Field(1.0, ge=0, le=1)
    """In equality times productivity: 0 leaves productivity alone."""

    @field_validator("workers", mode="before")
    @classmethod
    def _one_class_may_stand_alone(cls, value: object) -> object:
        return (value,) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _sound(self) -> Parameters:
        if not self.planners:
            raise ValueError("planners: at least one; leave tax out of components to have none")
        if self.workers == () or (isinstance(self.workers, int) and self.workers < 1):
            raise ValueError("workers: at least one")
        if isinstance(self.view_radius, int) and not 0 <= self.view_radius <= 50:
            raise ValueError("view_radius: a number from 0 to 50, or all")
        groups = self.groups
        for what, listed in (("workers", [*(g.name for g in groups), *self.planners]), ("components", self._kinds)):
            twice = sorted({name for name in listed if listed.count(name) > 1})
            if twice:
                raise ValueError(f"{what}: {', '.join(twice)} is named twice")
        self._check_planners(groups)
        for group in groups:
            _check_group(group)
        return self

    def _check_planners(self, groups: tuple[Group, ...]) -> None:
        named = {group.planner for group in groups}
        unknown, idle = sorted(named - set(self.planners)), sorted(set(self.planners) - named)
        if unknown:
            raise ValueError(f"workers: no planner {unknown[0]}; planners are {', '.join(self.planners)}")
        if idle and "tax" in self._kinds:
            raise ValueError(
                f"planners: nobody is taxed by {idle[0]}; name it in a class of workers: planner: {idle[0]}"
            )

    @property
    def groups(self) -> tuple[Group, ...]:
        """The classes of workers in the order of their numbers, with the economy's values where they have none."""
        listed = (WorkerClass(count=self.workers),) if isinstance(self.workers, int) else self.workers
        first = [sum(entry.count for entry in listed[:number]) for number in range(len(listed))]
        return tuple(self._group(entry, start) for entry, start in zip(listed, first, strict=True))

    def _group(self, entry: WorkerClass, first: int) -> Group:
        own = {name: getattr(entry, name) for name in _SHARED}
        values = {name: getattr(self, name) if value is None else value for name, value in own.items()}
        planner = entry.planner or self.planners[0]
        return Group(entry.name, first, entry.count, planner=planner, region=entry.region, **values)

    @property
    def _kinds(self) -> list[str]:
        return [chosen.kind.name for chosen in self.components]


_SHARED = ("build_skill", "gather_bonus", "labour_cost", "risk_aversion", "starting_coin")


def _check_group(group: Group) -> None:
    multiples = group.build_skill.multiples
    if multiples is not None and len(multiples) != group.count:
        raise ValueError(f"workers: {group.name} has {group.count} workers and {len(multiples)} skill multiples")
