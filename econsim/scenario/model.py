"""The frozen model of a scenario: which game, who plays it, who plans it, and how it is scored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from econsim.errors import Problem, ScenarioError, did_you_mean
from econsim.kinds import Kind
from econsim.llm.settings import Settings
from econsim.parameters import Chosen, FromRoom, Model
from econsim.scenario.origin import Origin
from econsim.scenario.shares import Share, groups_of

if TYPE_CHECKING:
    import torch

    from econsim.game import Agent, Game

_LABEL = re.compile(r"\w[\w .+-]{0,99}")


def _is_label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise ValueError(f"expected letters, digits, spaces and . _ + -, at most 100, found {text[:40]!r}")
    return text


def _not_empty(shares: tuple[Share, ...]) -> tuple[Share, ...]:
    if not shares:
        raise ValueError("give at least one agent")
    return shares


Label = Annotated[str, AfterValidator(_is_label)]

GameChoice = Annotated[Chosen, FromRoom("economies", then="games")]
AgentChoice = Annotated[Chosen, FromRoom("agents", then="planners")]
Shares = Annotated[tuple[Share, ...], AfterValidator(_not_empty)]
OneOrSeveral = Annotated[
    Annotated[AgentChoice, Tag("one")] | Annotated[Shares, Tag("several")],
    Discriminator(lambda value: "several" if isinstance(value, (list, tuple)) else "one"),
]
WorkerChoice = Annotated[Chosen, FromRoom("agents")]
PlannerChoice = Annotated[Chosen, FromRoom("planners")]
TrainingChoice = Annotated[Chosen, FromRoom("training")]


class Evaluation(Model):
    """How policies are scored: under which workers, and between which two policies."""

    workers: WorkerChoice = Field(default="best_response", validate_default=True)
    """The workers that every policy is scored under; a name from agents/ or a kind."""
    floor: str | None = None
    """Label of the policy whose welfare counts as 0 of the gap."""
    ceiling: str | None = None
    """Label of the policy whose welfare counts as 1 of the gap."""
    baselines_under_own: bool = True
    """Score baselines under the scenario's own workers too, where those are others; ``false`` where play is costly."""


class Headline(Model):
    """The published or known number that a run of the scenario must reproduce."""

    metric: str
    """Which number: policy and metric, ``search.welfare``."""
    value: float
    """The number, in the unit of the metric."""
    tolerance: float = Field(ge=0)
    """Largest difference that counts as reproduced, as a share of the value (absolute where the value is zero)."""
    source: str
    """Where the number comes from."""


class Scenario(Model):
    """A game, who plays it and who plans it: everything that a run needs, resolved."""

    _origin: Origin = PrivateAttr(default_factory=Origin)

    econsim: Literal[1] = 1
    """Number of the scenario format."""
    name: Label
    """Name of the scenario; the name of its file when not given."""
    description: str = ""
    """One sentence; the first comment line of the file when not given."""
    game: GameChoice = Field(validation_alias=AliasChoices("game", "economy"))
    """The game: a kind of economies or of games, and its parameters; ``economy`` is another name of this key."""
    agents: dict[str, OneOrSeveral] = Field(default_factory=dict)
    """Who plays each role: names from agents/, kinds, or kinds with parameters; where several lead, planners too. A
    list of agents, each with its ``share``, ``index`` or ``trait``, shares the role out among them."""
    planner: PlannerChoice | None = None
    """Who plays the role that leads: a name from planners/, a kind, or a kind with parameters."""
    planner_label: Label | None = None
    """What tables call the planner; written as the planner's key ``label``, else its name or kind."""
    baselines: dict[Label, PlannerChoice] = Field(default_factory=dict)
    """Planners to compare with, by label: a list of names, or a mapping from labels to planners."""
    training: TrainingChoice | None = None
    """The learner of agents that learn: a kind of training and its parameters; ``none`` fits only agents that fit
    themselves or have a default learner."""
    llm: Settings | None = None
    """The language model that speaking agents ask: where it is, its name, how fast and for how much."""
    evaluation: Evaluation | None = None
    """How policies are scored; ``none`` scores each under the scenario's own agents."""
    episodes: int = Field(1, ge=1, le=10_000)
    """Episodes that score each policy: metrics are their means, accounts and pictures those of the first."""
    accounts: Literal["auto", "individuals", "aggregates"] = "auto"
    """How accounts of players are stored: ``individuals``, one row each; ``aggregates``, their distribution; ``auto``:
    individuals up to 100,000 players."""
    retrain: bool = False
    """Train the neural followers anew under each baseline, as published comparisons do; otherwise baselines meet the
    workers of ``evaluation``, or those of the scenario's own policy."""
    seed: int = Field(42, ge=0, lt=2**63)
    """Seed of the first training run and of all shocks."""
    seeds: int = Field(1, ge=1, le=10_000)
    """How many training runs, with seeds seed, seed + 1, ..."""
    seeds_at_once: int = Field(1, ge=1, le=1000)
    """Training seeds that are played as one batch, where the learner can (``ppo`` and curricula of it): the same
    numbers, in less time on a GPU, for as many times the memory."""
    headline: Headline | None = None
    """The known number of this scenario, checked after each run."""

    @model_validator(mode="before")
    @classmethod
    def _take_planner_label(cls, data: Any) -> Any:
        planner = data.get("planner") if isinstance(data, dict) else None
        if isinstance(planner, str):
            return {"planner_label": planner, **data}
        if isinstance(planner, dict):
            rest = {key: value for key, value in planner.items() if key != "label"}
            return {"planner_label": planner.get("label", planner.get("kind")), **data, "planner": rest}
        if isinstance(planner, Chosen):
            return {"planner_label": planner.kind.name, **data}
        return data

    @model_validator(mode="after")
    def _labels_exist(self) -> Self:
        if self.planner_label in self.baselines and self.baselines[self.planner_label] != self.planner:
            message = f"differs from the baseline of the same label {self.planner_label!r}; add planner.label=NAME"
            raise _at(("planner",), message)
        for key in ("floor", "ceiling"):
            label = getattr(self.evaluation, key, None)
            if label is not None and label not in self.policies():
                known = did_you_mean(label, self.policies())
                raise _at(("evaluation", key), f"{label!r} is neither a baseline nor the planner{known}")
        return self

    @model_serializer(mode="wrap")
    def _put_planner_label(self, handler: Any) -> dict[str, Any]:
        data: dict[str, Any] = {self.game_key if key == "game" else key: value for key, value in handler(self).items()}
        label = data.pop("planner_label", None)
        if data.get("planner"):
            data["planner"] = {"label": label, **data["planner"]}
        return data

    @property
    def economy(self) -> Chosen:
        """The game, by its other name."""
        chosen: Chosen = self.game
        return chosen

    @property
    def game_key(self) -> str:
        """The key under which a resolved scenario writes its game: ``economy`` for a kind of economies."""
        return "economy" if self.game.kind.room == "economies" else "game"

    def policies(self) -> dict[str, Chosen]:
        """Return all planners by label: the baselines, then the scenario's own."""
        if self.planner is None or self.planner_label is None:
            return dict(self.baselines)
        return {**self.baselines, self.planner_label: self.planner}

    def parts(self) -> list[Kind]:
        """Return the kinds that the scenario uses, each once, those nested in others included."""
        found = {(kind.room, kind.name): kind for kind in _kinds(vars(self))}
        return list(found.values())

    def dump(self) -> str:
        """Return resolved YAML text: each name is replaced by what it stands for; it loads to an equal scenario."""
        from econsim.scenario.yaml_writer import yaml_text

        return yaml_text(self.model_dump(mode="json", exclude_none=True))

    @property
    def origin(self) -> Origin:
        """Where keys were written."""
        return self._origin

    def with_origin(self, origin: Origin) -> Self:
        """Return this scenario with a note of where its keys were written."""
        self._origin = origin
        return self

    def __eq__(self, other: object) -> bool:
        """Whether both run alike, wherever their keys were written."""
        return type(other) is type(self) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def build_game(self, device: torch.device | str = "cpu", dtype: torch.dtype | None = None) -> Game[Any]:
        """Return the game; the groups of a role that several agents share are roles of their own.

        Raises:
            ScenarioError: an agent for a role that the game does not have, or a planner where no role leads.
            UserError: a role cannot be shared as the scenario says.
        """
        game: Game[Any] = self.game.build().to(device=device, dtype=dtype)
        self._check_roles({name: role.leads for name, role in game.roles.items()})
        shared = {role: agents for role, agents in self.agents.items() if isinstance(agents, tuple)}
        if not shared:
            return game
        from econsim.split_roles import SplitRoles

        return SplitRoles(game, groups_of(shared, game))

    def every_agent(self) -> list[Chosen]:
        """Return all agents under ``agents``, those that share a role one by one."""
        several = (each if isinstance(each, tuple) else (each,) for each in self.agents.values())
        return [each.agent if isinstance(each, Share) else each for agents in several for each in agents]

    def agents_in(self, game: Game[Any]) -> dict[str, Chosen]:
        """Return the agents under ``agents`` by role of :meth:`build_game`, one for each group of a shared role."""
        by_role: dict[str, Chosen] = {}
        for role, agents in self.agents.items():
            if isinstance(agents, tuple):
                by_role |= {f"{role}/{share.name}": share.agent for share in agents}
            else:
                by_role[role] = agents
        return {role: by_role[role] for role in game.roles if role in by_role}

    def build(
        self, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
    ) -> tuple[Game[Any], dict[str, Agent]]:
        """Return the game and its agents by role; the planner stands under the leading role's name.

        Raises:
            ScenarioError: as :meth:`build_game`.
            UserError: as :meth:`build_game`.
        """
        game = self.build_game(device, dtype)
        chosen = self.agents_in(game)
        if self.planner is not None:
            leader = next(name for name, role in game.roles.items() if role.leads and name not in self.agents)
            chosen[leader] = self.planner
        return game, {role: choice.build() for role, choice in chosen.items()}

    def _check_roles(self, leads: Mapping[str, bool]) -> None:
        problems = [
            Problem(self.name, f"agents.{role}", f"unknown role{did_you_mean(role, leads)}")
            for role in self.agents
            if role not in leads
        ]
        leaders = [role for role, leading in leads.items() if leading and role not in self.agents]
        if self.planner is not None and len(leaders) != 1:
            problems.append(Problem(self.name, "planner", _not_one(leaders)))
        if problems:
            raise ScenarioError(problems)


def _not_one(leaders: list[str]) -> str:
    if leaders:
        return f"several roles lead ({', '.join(leaders)}); give all but one an agent under agents"
    return "no role of the game leads, or its agent is given under agents"


def _kinds(value: Any) -> Iterator[Kind]:
    if isinstance(value, Chosen):
        yield value.kind
        yield from _kinds(vars(value.parameters))
    elif isinstance(value, Model):
        yield from _kinds(vars(value))
    elif isinstance(value, dict):
        for child in value.values():
            yield from _kinds(child)
    elif isinstance(value, (list, tuple)):
        for child in value:
            yield from _kinds(child)


def _at(location: tuple[str, ...], message: str) -> ValidationError:
    reason = PydanticCustomError("scenario", "{reason}", {"reason": message})
    return ValidationError.from_exception_data("Scenario", [InitErrorDetails(type=reason, loc=location, input=None)])
