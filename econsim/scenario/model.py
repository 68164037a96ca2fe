"""Scenario model: the game, its agents and planner, their training, and the evaluation of policies."""

from __future__ import annotations

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
from econsim.scenario.events import Event
from econsim.scenario.given_rates import rates_too_low
from econsim.scenario.labels import Label
from econsim.scenario.messages import Messages
from econsim.scenario.origin import Origin
from econsim.scenario.shares import Share, groups_of

if TYPE_CHECKING:
    import torch

    from econsim.game import Agent, Game


def _not_empty(shares: tuple[Share, ...]) -> tuple[Share, ...]:
    if not shares:
        raise ValueError("expected at least one agent, found an empty list")
    return shares


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
    """The evaluation of policies: the workers under which they are scored, and the end points of the welfare gap."""

    workers: WorkerChoice = Field(default="best_response", validate_default=True)
    """The evaluation workers, under which every policy is scored; a name from agents/ or a kind."""
    floor: str | None = None
    """Label of the policy whose welfare is 0 on the scale of the welfare gap."""
    ceiling: str | None = None
    """Label of the policy whose welfare is 1 on the scale of the welfare gap."""
    baselines_under_own: bool = True
    """Whether baselines are also scored under the scenario's own workers, where these differ from the evaluation
    workers; ``false`` saves time where play is expensive."""


class Headline(Model):
    """A published or known number that a run of the scenario must reproduce."""

    metric: str
    """The policy and the metric, for example ``search.welfare``."""
    value: float
    """The number, in the unit of the metric."""
    tolerance: float = Field(ge=0)
    """The largest difference that counts as reproduced, as a share of the value (absolute if the value is zero)."""
    source: str
    """The source of the number."""
    inherited_from: str = ""
    """The scenario whose number it is, kept by econsim where another scenario extends that one."""


class Scenario(Model):
    """A complete description of a run, in which every name is replaced by its contents."""

    _origin: Origin = PrivateAttr(default_factory=Origin)

    econsim: Literal[1] = 1
    """The version of the scenario format."""
    name: Label
    """The name of the scenario; by default that of its file, with ``_`` for characters that a name cannot contain."""
    description: str = ""
    """A description in one sentence; by default, the first comment line of the file."""
    game: GameChoice = Field(validation_alias=AliasChoices("game", "economy"))
    """The game: a kind of economies or of games, and its parameters; ``economy`` is an alias of this key."""
    agents: dict[str, OneOrSeveral] = Field(default_factory=dict)
    """The agent of each role: a name from agents/, a kind, or a kind with parameters; in a game with several leading
    roles, also their planners. A list of agents, each with a ``share``, ``index`` or ``trait``, divides the players of
    the role among them."""
    planner: PlannerChoice | None = None
    """The agent of the leading role: a name from planners/, a kind, or a kind with parameters."""
    planner_label: Label | None = None
    """The label of the planner in tables; given as the planner's key ``label``, by default its name or kind."""
    baselines: dict[Label, PlannerChoice] = Field(default_factory=dict)
    """Planners to compare with, by label: a list of names, or a mapping from labels to planners."""
    training: TrainingChoice | None = None
    """The learner of agents that are trained: a kind of training and its parameters; with ``none``, only agents that
    fit themselves or have a default learner are fitted."""
    llm: Settings | None = None
    """The language model of agents that use one: its endpoint, its name, and the limits of its use and cost."""
    events: tuple[Event, ...] = ()
    """What happens at given steps while policies are scored: messages, and reforms of the scenario's own planner."""
    messages: Messages | None = None
    """Messages between players who ask a language model, before they act or vote: permissions, and a network."""
    evaluation: Evaluation | None = None
    """The evaluation of policies; with ``none``, each is scored under the scenario's own agents."""
    episodes: int = Field(1, ge=1, le=10_000)
    """The number of episodes that score each policy: metrics are means over episodes; accounts and recordings are of
    the first episode."""
    panel: Literal["none", "step", "period"] = "none"
    """Whether the accounts of every evaluation episode are stored by ``step``, or by ``period`` (the steps between two
    actions of a leader), in ``panel.parquet``."""
    accounts: Literal["auto", "individuals", "aggregates"] = "auto"
    """The storage of accounts of players: ``individuals``, one row per player; ``aggregates``, their distribution;
    ``auto``, individuals up to 100,000 players."""
    retrain: bool = False
    """Whether the neural followers are trained anew under each baseline, as in published comparisons; otherwise
    baselines are scored under the workers of ``evaluation``, or under those of the scenario's own policy."""
    seed: int = Field(42, ge=0, lt=2**63)
    """The seed of the first training run and of all shocks."""
    seeds: int = Field(1, ge=1, le=10_000)
    """The number of training runs, with seeds seed, seed + 1, ..."""
    seeds_at_once: int = Field(1, ge=1, le=1000)
    """The number of training seeds that are trained as one batch, if the learner supports it (``ppo`` and curricula of
    it): the same results in less time on a GPU, with as many times the memory."""
    headline: Headline | None = None
    """A known number that each run of this scenario is compared with."""
    presets: dict[Label, dict[str, Any]] = Field(default_factory=dict)
    """Named sets of overrides, of which ``preset=NAME`` chooses one: keys of the scenario and their values."""
    changed: tuple[str, ...] = ()
    """Keys that overrides changed, kept by econsim: the description and the headline are about other values of them."""

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
            message = f"there is another baseline with the label {self.planner_label!r}; set planner.label=NAME"
            raise _at(("planner",), message)
        for key in ("floor", "ceiling"):
            label = getattr(self.evaluation, key, None)
            if label is not None and label not in self.policies():
                known = did_you_mean(label, self.policies())
                raise _at(("evaluation", key), f"{label!r} is not the label of a baseline or of the planner{known}")
        return self

    @model_validator(mode="after")
    def _economy_allows_the_rates(self) -> Self:
        policies = {"planner": self.planner, "baselines": self.baselines, "agents": self.agents}
        if mistakes := dict(rates_too_low(self.game, policies)):
            raise _mistakes(mistakes)
        return self

    @model_serializer(mode="wrap")
    def _put_planner_label(self, handler: Any) -> dict[str, Any]:
        data: dict[str, Any] = {self.game_key if key == "game" else key: value for key, value in handler(self).items()}
        label = data.pop("planner_label", None)
        if data.get("planner"):
            data["planner"] = {"label": label, **data["planner"]}
        for key in ("changed", "events", "presets"):
            if not data.get(key):
                data.pop(key, None)
        return data

    @property
    def economy(self) -> Chosen:
        """The game, under its alias."""
        game: Chosen = self.game
        return game

    @property
    def game_key(self) -> str:
        """The key of the game in resolved scenarios: ``economy`` for a kind of economies, else ``game``."""
        return "economy" if self.game.kind.room == "economies" else "game"

    def policies(self) -> dict[str, Chosen]:
        """Return all planners by label: the baselines, then the scenario's own."""
        if self.planner is None or self.planner_label is None:
            return dict(self.baselines)
        return {**self.baselines, self.planner_label: self.planner}

    def parts(self) -> list[Kind]:
        """Return the kinds that the scenario uses, each once, including those nested in others."""
        by_name = {(kind.room, kind.name): kind for kind in _kinds(vars(self))}
        return list(by_name.values())

    def dump(self) -> str:
        """Return YAML text with each name replaced by its contents; loading it gives an equal scenario."""
        from econsim.scenario.yaml_writer import yaml_text

        return yaml_text(self.model_dump(mode="json", exclude_none=True))

    @property
    def origin(self) -> Origin:
        """The files and overrides in which keys were written."""
        return self._origin

    def with_origin(self, origin: Origin) -> Self:
        """Set the origin of this scenario's keys and return the scenario."""
        self._origin = origin
        return self

    def __eq__(self, other: object) -> bool:
        """Whether both describe the same run; the origin of their keys is ignored."""
        return type(other) is type(self) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def build_game(self, device: torch.device | str = "cpu", dtype: torch.dtype | None = None) -> Game[Any]:
        """Return the game, in which each group of a role with several agents is a separate role.

        Raises:
            ScenarioError: the game has no role of an agent's name, or no leading role for the planner.
            UserError: a role cannot be divided among its agents in the given way.
        """
        game: Game[Any] = self.game.build().to(device=device, dtype=dtype)
        self._check_roles({name: role.leads for name, role in game.roles.items()})
        shared = {role: agents for role, agents in self.agents.items() if isinstance(agents, tuple)}
        if not shared:
            return game
        from econsim.split_roles import SplitRoles

        return SplitRoles(game, groups_of(shared, game))

    def every_agent(self) -> list[Chosen]:
        """Return all agents under ``agents``, including each of several agents of one role."""
        by_role = (agents if isinstance(agents, tuple) else (agents,) for agents in self.agents.values())
        return [agent.agent if isinstance(agent, Share) else agent for agents in by_role for agent in agents]

    def agents_in(self, game: Game[Any]) -> dict[str, Chosen]:
        """Return the agents under ``agents`` by role of :meth:`build_game`, one per group of a divided role."""
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
        """Return the game and its agents by role; the planner is the agent of the leading role.

        Raises:
            ScenarioError: as :meth:`build_game`.
            UserError: as :meth:`build_game`.
        """
        game = self.build_game(device, dtype)
        choices = self.agents_in(game)
        if self.planner is not None:
            leader = next(name for name, role in game.roles.items() if role.leads and name not in self.agents)
            choices[leader] = self.planner
        return game, {role: choice.build() for role, choice in choices.items()}

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
        return f"the game has several leading roles ({', '.join(leaders)}); give all but one an agent under agents"
    return "the game has no leading role, or its agent is given under agents"


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
    return _mistakes({location: message})


def _mistakes(messages: Mapping[tuple[str | int, ...], str]) -> ValidationError:
    """Return the error with one message per location."""
    details = [
        InitErrorDetails(
            type=PydanticCustomError("scenario", "{reason}", {"reason": message}), loc=location, input=None
        )
        for location, message in messages.items()
    ]
    return ValidationError.from_exception_data("Scenario", details)
