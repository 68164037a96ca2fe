"""The one interface that every economy and Markov game meets.

Axes, everywhere: ``B`` copies of the game, ``N`` players of one role, ``G`` goods, ``K`` tax brackets, ``T`` time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import Any, ClassVar, Generic, Protocol, TypeVar, dataclass_transform, runtime_checkable

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from econsim.accounts import Account
from econsim.errors import UserError
from econsim.held_tensors import held_tensors, map_held_tensors

State = TypeVar("State")
T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def tensors(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass of tensors, registered as a pytree; every leaf leads with axis ``B``."""
    cls = dataclass(frozen=True)(cls)
    pytree.register_dataclass(cls)
    return cls


def tree_map(function: Callable[[Tensor], Tensor], tree: T) -> T:
    """Apply ``function`` to every tensor of a state, a dictionary or a tuple of them."""
    return pytree.tree_map_only(Tensor, function, tree)  # type: ignore[no-any-return]


def leaves(tree: Any, prefix: str = "") -> dict[str, Tensor]:
    """Return the tensors of a state by dotted name."""
    if tree is None or isinstance(tree, Tensor):
        return {} if tree is None else {prefix: tree}
    items = tree.items() if isinstance(tree, Mapping) else vars(tree).items()
    dot = prefix + "." if prefix else ""
    return {name: leaf for key, value in items for name, leaf in leaves(value, f"{dot}{key}").items()}


@dataclass(frozen=True)
class Discrete:
    """One choice among ``count``; an action is int64 ``[B, N]``."""

    count: int
    shape: ClassVar[tuple[int, ...]] = ()

    @property
    def mask_size(self) -> int:
        """The length ``A`` of an action mask."""
        return self.count


@dataclass(frozen=True)
class MultiDiscrete:
    """Several choices at once, ``counts[d]`` options each; an action is int64 ``[B, N, D]``, masks are concatenated."""

    counts: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one player's action."""
        return (len(self.counts),)

    @property
    def mask_size(self) -> int:
        """The length ``A`` of an action mask: the options of all choices, one after another."""
        return sum(self.counts)


@dataclass(frozen=True)
class Box:
    """Real numbers between ``low`` and ``high``; an action is float ``[B, N, *shape]``."""

    low: float
    high: float
    shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """How many numbers one player's action holds."""
        return prod(self.shape)


Space = Discrete | MultiDiscrete | Box


@dataclass(frozen=True)
class Role:
    """A group of players who see and do the same kind of thing.

    ``leads`` marks a leader, who acts every ``acts_every`` steps; in between its last action holds.
    ``features`` names the entries of an observation, in order. ``view`` is the shape ``[C, h, w]`` of the picture that
    each player sees beside them; empty where there is none. ``view_counts`` says how many values each of its channels
    takes: 2 for a flag, more for labels (0: nothing, 1: oneself, above: others). ``shared_features`` names the entries
    of what all players of the role see alike; they lie within the bounds of ``observation``.

    What follows is for readers, people and language models; :mod:`econsim.text` has defaults for whatever is empty.
    ``feature_units`` and ``shared_units`` are the units of ``features`` and ``shared_features``, scale included
    ("hundreds of coin"), "" for a plain number.
    ``action_labels`` name the options of a :class:`Discrete` action, the choices of a :class:`MultiDiscrete`, or the
    numbers of a :class:`Box`; ``option_labels`` name the options of each choice of a :class:`MultiDiscrete`.
    ``action_unit`` is the unit of the numbers of a :class:`Box`, or of what options stand for. ``view_labels`` say for
    each channel of the view what its values 0, 1, ... mean, "" for what is not drawn; where a channel takes more values
    than it has labels, the last label stands for all further values, numbered from 0.

    Raises:
        UserError: units or labels are not as many as what they describe, or two labels are the same.
    """

    name: str
    count: int
    observation: Box
    action: Space
    leads: bool = False
    acts_every: int = 1
    features: tuple[str, ...] = ()
    view: tuple[int, ...] = ()
    view_counts: tuple[int, ...] = ()
    shared_features: tuple[str, ...] = ()
    feature_units: tuple[str, ...] = ()
    shared_units: tuple[str, ...] = ()
    action_labels: tuple[str, ...] = ()
    option_labels: tuple[tuple[str, ...], ...] = ()
    action_unit: str = ""
    view_labels: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        counts = self.action.counts if isinstance(self.action, MultiDiscrete) else ()
        described = (self.action.count,) if isinstance(self.action, Discrete) else self.action.shape
        self._check_count("feature_units", len(self.feature_units), len(self.features))
        self._check_count("shared_units", len(self.shared_units), len(self.shared_features))
        self._check_count("action_labels", len(self.action_labels), prod(described))
        self._check_count("option_labels", len(self.option_labels), len(counts))
        self._check_count("view_labels", len(self.view_labels), self.view[0] if self.view else 0)
        for labels, count in zip(self.option_labels, counts, strict=False):
            self._check_count("option_labels of one choice", len(labels), count)
        for labels in (self.action_labels, *self.option_labels):
            if len({label.casefold() for label in labels}) < len(labels):
                raise UserError(f"role {self.name}: two labels are the same among {', '.join(labels)}")

    def _check_count(self, what: str, given: int, described: int) -> None:
        if given not in (0, described):
            raise UserError(f"role {self.name}: {given} {what} for {described}")


@tensors
class Observation:
    """What the players of one role see.

    features: ``[B, N, F]``, in the game's ``dtype``, of order one.
    alive: ``[B, N]`` bool, players that exist.
    acting: ``[B, N]`` bool, players whose action the next step reads (all others are ignored).
    action_mask: ``[B, N, A]`` bool, True where an action is legal; ``None`` for a :class:`Box`.
    view: ``[B, N, C, h, w]`` small integers, a picture of the place a player is in; ``None`` for a role without.
    facts: ``{name: [B, N, ...]}`` in the game's own units, for the templates of its own wording; ``None`` where it has
        none. They are tensors that the state holds anyway: agents that read features pay nothing for them.
    whole: what all players of the role see, where these are some of them (:mod:`econsim.split_roles`): exact answers
        depend on everybody.
    shared: ``[B, G]``, in the game's ``dtype``, of order one: what all players of the role see alike, held once for
        each copy; ``None`` for a role without.
    """

    features: Tensor
    alive: Tensor
    acting: Tensor
    action_mask: Tensor | None = None
    view: Tensor | None = None
    facts: Mapping[str, Tensor] | None = None
    whole: Observation | None = None
    shared: Tensor | None = None


@dataclass(frozen=True)
class Transition(Generic[State]):
    """The result of a step: the next state, ``{role: [B, N]}`` rewards, and ``[B]`` bool ends.

    ``terminated``: the game is over by its own rules. ``truncated``: only the clock ended it, the future has value.
    """

    state: State
    rewards: dict[str, Tensor]
    terminated: Tensor
    truncated: Tensor


class Game(ABC, Generic[State]):
    """A batched, functional, compilable game. An instance holds parameters and never changes.

    ``parameters`` maps each numeric parameter to a tensor, a scalar or ``[B]``: a grid of reforms is one batch. They
    stay float64; play is in ``dtype``. ``accounts_spec`` declares the entries of :meth:`accounts`; ``burn_in`` counts
    the first steps of an episode that flow accounts leave out. ``unit`` names the unit of money. ``clocked``: every
    episode lasts exactly ``horizon`` steps, whatever happens, so that nobody has to look whether it is over.
    ``discount``, in (0, 1], is the weight of a reward relative to one a step earlier: returns are discounted sums.
    ``constants`` is a pytree that all copies share (edge lists, tables, maps): it moves with the game and has no axis
    of copies.
    """

    roles: Mapping[str, Role]
    horizon: int
    parameters: Mapping[str, Tensor]
    accounts_spec: tuple[Account, ...] = ()
    burn_in: int = 0
    unit: str = ""
    clocked: bool = False
    discount: float = 1.0
    constants: Any = None
    dtype: torch.dtype = torch.float32

    @abstractmethod
    def reset(self, key: Tensor) -> State:
        """Return the first state of ``B`` copies for keys ``[B]`` int64."""

    @abstractmethod
    def observe(self, state: State) -> dict[str, Observation]:
        """Return what each role sees."""

    @abstractmethod
    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Advance every copy by one step. Entries of players that are not acting are ignored."""

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return what analysis reads, as ``accounts_spec`` declares it, float64 where money is added up.

        None by default. An account that is a flow is what the step before ``state`` brought.
        """
        return {}

    @abstractmethod
    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return float64 quantities ``[B]`` that no step may change."""

    @property
    def device(self) -> torch.device:
        """Where the game's tensors are; the CPU for a game that has none."""
        held = chain(self.parameters.values(), held_tensors(self))
        return next((value.device for value in held), torch.device("cpu"))

    def with_parameters(self, **values: Tensor | float) -> Game[State]:
        """Return this game with other numeric parameters, each a scalar or ``[B]``.

        Raises:
            KeyError: an unknown parameter.
        """
        unknown = set(values) - set(self.parameters)
        if unknown:
            raise KeyError(f"{type(self).__name__} has no numeric parameter {', '.join(sorted(unknown))}")
        other = copy(self)
        like = {name: _as(self.parameters[name], value) for name, value in values.items()}
        other.parameters = {**self.parameters, **like}
        return other

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Game[State]:
        """Return this game with all tensors that it holds on another device, or played in another precision."""
        other = copy(self) if device is None else map_held_tensors(self, lambda leaf: leaf.to(device=device))
        other.dtype = dtype or self.dtype
        return other

    def advice(self) -> list[str]:
        """Return warnings about the chosen parameters, each with its reason (none by default)."""
        return []


def _as(like: Tensor, value: Tensor | float) -> Tensor:
    return torch.as_tensor(value, dtype=like.dtype, device=like.device)


Memory = Any


class Agent(Protocol):
    """Decides for all players of one role at once, in all copies. A planner is an Agent for a leading role."""

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Prepare for an episode and return the first memory (``None`` where there is none)."""

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return actions for ``[B, N]`` players and the next memory; ``key`` ``[B]`` for any random draw."""


@runtime_checkable
class FittedAgent(Agent, Protocol):
    """An agent that must be fitted before it plays; an agent without these methods plays as it is.

    It fits itself (:class:`econsim.learning.SelfFitting`), or a learner of ``econsim.training`` fits it: the one of the
    scenario's ``training``, else its :class:`econsim.learning.HasDefaultLearner`.
    """

    def state_dict(self) -> dict[str, Tensor]:
        """Return what was fitted, by name."""

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned."""


class ActionDistribution(Protocol):
    """How likely the options of a discrete action are."""

    @property
    def probabilities(self) -> Tensor:
        """The probability of each option, ``[B, N, A]``; those of several choices one after another, as in masks."""


@runtime_checkable
class Stochastic(Protocol):
    """An agent that states the distribution of its discrete actions, so that finite games are scored by expectation."""

    def policy(self, observation: Observation, memory: Memory) -> tuple[ActionDistribution, Memory]:
        """Return the distribution that ``act`` draws actions from, and the next memory.

        Raises:
            UserError: the role's actions are real numbers, of which no list of probabilities can be given.
        """


@runtime_checkable
class Enumerable(Protocol):
    """A game of one round whose payoffs can be listed: all play at once, and nobody is told anything beforehand."""

    def payoff_tensor(self) -> Tensor:
        """Return expected returns, float64 ``[P, A_1, ..., A_P]``: of each player, under each choice of actions.

        Players are those of all roles, in the order of ``roles`` and within a role in their order.
        """


@runtime_checkable
class Heuristic(Protocol):
    """A game that knows a sensible way to play: what rules that say *how much* to work need where actions are deeds."""

    def routine(self) -> Callable[[Role, Observation, Tensor], Tensor]:
        """Return the way to play: from a role, what it sees and keys ``[B]`` to what its players do when they work.

        What it says is shaped as an action; action zero is rest. All that takes long is done before it is returned.
        """


@runtime_checkable
class Solvable(Protocol):
    """A game that knows its exact answers: what the exact and the boundedly rational agents need of it."""

    def best_response(self, role: str, observation: Observation) -> Tensor:
        """Return each player's exact best action given what it sees, shaped as an action."""

    def choices(self, role: str) -> Tensor:
        """Return a grid of actions to weigh against each other, ``[A]`` (all of them where the space is discrete)."""

    def choice_values(self, role: str, observation: Observation) -> Tensor:
        """Return the reward of each of :meth:`choices`, ``[B, N, A]``, given what the player sees."""


@runtime_checkable
class RepeatedRounds(Protocol):
    """A game of rounds that are all alike where leaders announce the same and nobody remembers."""

    def one_round(self) -> Game[Any]:
        """Return the game with one round: what it returns and how it ends are the same under such play."""


@runtime_checkable
class PlaysRoundsAlike(Protocol):
    """An agent that gives the exact answer to what it sees, remembers nothing and draws nothing.

    Where a leader holds one action it plays all rounds of :class:`RepeatedRounds` alike, so that one round suffices to
    evaluate the leader (:mod:`econsim.leader_evaluation`). Agents without the attribute are played for whole episodes.
    """

    plays_rounds_alike: ClassVar[bool]


@runtime_checkable
class TaxSchedules(Protocol):
    """A game with an income tax by brackets: what planners that set a schedule need of it.

    The action of a role that sets the schedule has one entry a bracket: the marginal rates, ``Box(0, 1, (K,))``, or
    options that stand for rates, a :class:`MultiDiscrete` of ``K`` choices. In the latter case the game also takes a
    floating-point action ``[B, N, K]`` as the rates themselves. A schedule on other brackets, such as a statutory one,
    is projected by :func:`econsim.mechanisms.taxes.project`: the average marginal rate within each bracket.
    """

    @property
    def thresholds(self) -> Tensor:
        """Lower thresholds of the brackets, ``[K]`` float64 in money, the first 0; empty where nothing is taxed."""

    @property
    def law(self) -> object | None:
        """The law whose brackets these are (:class:`econsim.mechanisms.us_law.Law`); ``None``: no law's."""

    @property
    def usd_per_unit(self) -> float:
        """US dollars in one unit of the game's money."""


@runtime_checkable
class StatusQuo(Protocol):
    """A game in which an action of its leaders is in force before they act."""

    def status_quo(self, role: str) -> Tensor:
        """Return the action of ``role`` that is in force at the start of an episode, ``[*shape]``."""


@runtime_checkable
class TextInterface(Protocol):
    """A game with a wording of its own. Every other game is put into words from its roles, see :mod:`econsim.text`."""

    def briefing(self, role: str) -> Mapping[str, Any]:
        """Return what stays the same in every episode, as plain data: variables of the templates of questions.

        ``templates``: the path of a folder with Jinja templates, ``rules.txt`` and ``question.txt``, that replace those
        of :mod:`econsim.text`; their other variables, such as ``page`` (the rules of the game), can be replaced too.

        Where workers choose hours and a planner sets taxes, agents and planners of the kind ``llm`` have templates for
        that. They are used where the briefing holds, for everybody: ``unit`` of money; ``thresholds`` ``[K]`` of the
        tax brackets and the ``standard_deduction`` that is never taxed, in money; ``tax_years`` of an episode, each
        with one announcement and ``steps_per_tax_year`` after it; ``welfare``, the planner's aim in words. For workers
        also: ``hours_cap`` and ``hours_step`` (``None``: continuous); ``utility`` in words; ``labour_cost``, where the
        cost of work in money is ``(constant + per_skill * skill) * hours^exponent``, as a mapping of those three, else
        ``None``; ``personas``, one text a player, or none; ``traits`` of players by name, one entry a player each.
        """


@runtime_checkable
class Recordable(Protocol):
    """A game whose episodes can be pictured: what runs store, and recordings and reports draw.

    A picture has a part for everything that it is given and knows; nothing is required
    (:mod:`econsim.analysis.recording`).
    """

    def stage(self) -> dict[str, Any]:
        """Return what stays the same in every episode, as plain data: names, sizes, units."""

    def frame(self, state: Any) -> dict[str, Tensor]:
        """Return what a picture of one moment shows, numbers ``[B, ...]`` by name."""
