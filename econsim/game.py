"""The interface of economies and Markov games, and the optional protocols of games and agents.

Axes of tensors: ``B`` environment copies (``num_envs``), ``N`` players of one role, ``G`` goods, ``K`` tax brackets,
``T`` time.
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
from econsim.deferred_features import DeferredFeatures
from econsim.errors import UserError
from econsim.held_tensors import held_tensors, map_held_tensors

State = TypeVar("State")
T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def tensors(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass of tensors, registered as a pytree; the first axis of every leaf is ``B``."""
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
    """Several choices at once with ``counts[d]`` options; an action is int64 ``[B, N, D]``, masks are concatenated."""

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
        """The number of real numbers in one player's action."""
        return prod(self.shape)


Space = Discrete | MultiDiscrete | Box


@dataclass(frozen=True)
class Role:
    """A group of players with the same spaces of observations and actions.

    ``leads`` marks a leader, which acts every ``acts_every`` steps; its last action holds in between.
    ``features`` names the entries of an observation, in order. ``view`` is the shape ``[C, h, w]`` of the image that
    each player observes in addition to the features; empty where there is none. ``view_counts`` is the number of values
    of each of its channels: 2 for a flag, more for labels (0: nothing, 1: the player itself, above: other players).
    ``shared_features`` names the entries of the observation that all players of the role have in common; they lie
    within the bounds of ``observation``.

    The remaining fields describe the role to people and language models; :mod:`econsim.text` has defaults for those
    that are empty. ``feature_units`` and ``shared_units`` are the units of ``features`` and ``shared_features``, scale
    included ("hundreds of coin"), "" for a plain number. ``action_labels`` name the options of a :class:`Discrete`
    action, the choices of a :class:`MultiDiscrete`, or the numbers of a :class:`Box`; ``option_labels`` name the
    options of each choice of a :class:`MultiDiscrete`. ``action_unit`` is the unit of the numbers of a :class:`Box`, or
    of the values of options. ``view_labels`` give the meaning of the values 0, 1, ... of each channel of the view, ""
    for values that are not drawn; where a channel has more values than labels, the last label is used for all further
    values, numbered from 0.

    Raises:
        UserError: the number of units or labels differs from the number of entries, or two labels are the same.
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

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the options of a role with discrete actions; options without names are numbered from 0."""
        return self.action_labels or tuple(map(str, range(self.action.mask_size)))  # type: ignore[union-attr]

    def _check_count(self, what: str, given: int, described: int) -> None:
        if given not in (0, described):
            raise UserError(f"role {self.name}: expected {described} {what}, found {given}")


@tensors
class Observation:
    """The observations of the players of one role.

    features: ``[B, N, F]``, in the game's ``dtype``, of order one. A game may defer them (:meth:`deferring`): they are
        then computed where they are read, and :meth:`columns` computes only the features that an agent needs.
    alive: ``[B, N]`` bool, players that exist.
    acting: ``[B, N]`` bool, players whose action the next step reads (the actions of all others are ignored).
    action_mask: ``[B, N, A]`` bool, True where an action is legal; ``None`` for a :class:`Box`.
    view: ``[B, N, C, h, w]`` small integers, an image of the surroundings of a player; ``None`` for a role without.
    facts: ``{name: [B, N, ...]}`` in the game's units, for the templates of the game's own wording; ``None`` where it
        has none. They are tensors that the state holds in any case, so that they cost nothing where they are not read.
        Training leaves them out where no agent asks a language model, so that other agents have to read features.
    whole: the observation of all players of the role, where this is the observation of some of them
        (:mod:`econsim.split_roles`), since exact best responses depend on all players.
    shared: ``[B, G]``, in the game's ``dtype``, of order one: the observation that all players of the role have in
        common, stored once per environment copy; ``None`` for a role without.
    """

    features: Tensor
    alive: Tensor
    acting: Tensor
    action_mask: Tensor | None = None
    view: Tensor | None = None
    facts: Mapping[str, Tensor] | None = None
    whole: Observation | None = None
    shared: Tensor | None = None

    deferred: ClassVar[DeferredFeatures | None] = None
    """The features of an observation that :meth:`deferring` returned; ``features`` are then computed from them."""

    @classmethod
    def deferring(cls, features: DeferredFeatures, alive: Tensor, acting: Tensor, **others: Any) -> Observation:
        """Return an observation whose features are computed when they are first read; in a compiled step, at once."""
        if torch.compiler.is_compiling():
            return cls(features.all(), alive, acting, **others)
        observation = cls(alive, alive, acting, **others)
        del vars(observation)["features"]  # so that reading them calls __getattr__
        return observation.with_fields(deferred=features)

    def columns(self, first: int, last: int) -> Tensor:
        """Return ``features[..., first:last]``; where features are deferred, no others are computed."""
        return self.features[..., first:last] if self.deferred is None else self.deferred.columns(first, last)

    def with_fields(self, **values: Any) -> Observation:
        """Return the observation with other values of some fields; unlike ``replace``, it computes no features."""
        other = copy(self)
        vars(other).update(values)
        return other

    def __getattr__(self, name: str) -> Tensor:
        if name != "features" or self.deferred is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self.deferred.all()


@dataclass(frozen=True)
class Transition(Generic[State]):
    """The result of a step: the next state, ``{role: [B, N]}`` rewards, and two ``[B]`` bool flags of the end.

    ``terminated``: the game has ended by its rules. ``truncated``: the horizon is reached, and the value of the final
    state is not zero.
    """

    state: State
    rewards: dict[str, Tensor]
    terminated: Tensor
    truncated: Tensor


class Game(ABC, Generic[State]):
    """A batched, functional, compilable game. An instance holds parameters and is immutable.

    ``parameters`` maps each numeric parameter to a tensor, a scalar or ``[B]``, so that a grid of reforms is one batch.
    Parameters stay float64; play is in ``dtype``. ``accounts_spec`` declares the entries of :meth:`accounts`;
    ``burn_in`` is the number of first steps of an episode that flow accounts leave out. ``unit`` names the unit of
    money. ``clocked``: every episode lasts exactly ``horizon`` steps, so that ends need not be checked in each step.
    ``compilable``: steps are functions of tensors, which a compiler or a CUDA graph can trace; false where other code
    plays the game on the CPU. ``by_kernels``: networks use kernels too. ``discount``, in (0, 1]: the weight of a reward
    relative to one a step earlier. ``constants``: a pytree that copies share; it moves with the game, without an axis.
    """

    roles: Mapping[str, Role]
    horizon: int
    parameters: Mapping[str, Tensor]
    accounts_spec: tuple[Account, ...] = ()
    burn_in: int = 0
    unit: str = ""
    clocked: bool = False
    compilable: bool = True
    by_kernels: bool = False
    discount: float = 1.0
    constants: Any = None
    dtype: torch.dtype = torch.float32

    @abstractmethod
    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies for keys ``[B]`` int64."""

    @abstractmethod
    def observe(self, state: State) -> dict[str, Observation]:
        """Return the observations of each role."""

    @abstractmethod
    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Advance every environment copy by one step; actions of players that are not acting are ignored."""

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the accounts that ``accounts_spec`` declares, float64 where money is summed; by default, none.

        An account that is a flow holds the flow of the step that led to ``state``.
        """
        return {}

    @abstractmethod
    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return conserved quantities by name, float64 ``[B]``, which no step may change."""

    @property
    def device(self) -> torch.device:
        """The device of the game's tensors; the CPU for a game that has none."""
        held = chain(self.parameters.values(), held_tensors(self))
        return next((value.device for value in held), torch.device("cpu"))

    def with_parameters(self, **values: Tensor | float) -> Game[State]:
        """Return this game with other numeric parameters, each a scalar or ``[B]``.

        Raises:
            KeyError: the game has no numeric parameter of a given name.
        """
        if unknown := set(values) - set(self.parameters):
            raise KeyError(f"{type(self).__name__} has no numeric parameter {', '.join(sorted(unknown))}")
        other = copy(self)
        pairs = ((name, value, self.parameters[name]) for name, value in values.items())
        like = {name: torch.as_tensor(value, dtype=old.dtype, device=old.device) for name, value, old in pairs}
        other.parameters = {**self.parameters, **like}
        return other

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Game[State]:
        """Return this game with all its tensors on another device, or played in another precision."""
        other = copy(self) if device is None else map_held_tensors(self, lambda leaf: leaf.to(device=device))
        other.dtype = dtype or self.dtype
        return other

    def advice(self) -> list[str]:
        """Return warnings about the parameters, each with its reason (none by default)."""
        return []


Memory = Any


class Agent(Protocol):
    """A policy of all players of one role, in all environment copies. A planner is an agent of a leading role."""

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        """Prepare for an episode and return the initial memory (``None`` for an agent without memory)."""

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        """Return the actions of ``[B, N]`` players and the next memory; ``key`` ``[B]`` is for random draws."""


@runtime_checkable
class FittedAgent(Agent, Protocol):
    """An agent that must be fitted before it plays; an agent without these methods needs no fitting.

    It fits itself (:class:`econsim.learning.SelfFitting`), or a learner of ``econsim.training`` fits it: the learner of
    the scenario's ``training``, else its default learner (:class:`econsim.learning.HasDefaultLearner`).
    """

    def state_dict(self) -> dict[str, Tensor]:
        """Return the fitted tensors by name."""

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Load tensors that :meth:`state_dict` returned."""


class ActionDistribution(Protocol):
    """A probability distribution over the options of a discrete action."""

    @property
    def probabilities(self) -> Tensor:
        """The probability of each option, ``[B, N, A]``; those of several choices are concatenated, as in masks."""


@runtime_checkable
class Stochastic(Protocol):
    """An agent that gives the distribution of its discrete actions, so that returns of finite games are exact."""

    def policy(self, observation: Observation, memory: Memory) -> tuple[ActionDistribution, Memory]:
        """Return the distribution from which ``act`` draws actions, and the next memory.

        Raises:
            UserError: the role's actions are real numbers, whose probabilities cannot be listed.
        """


@runtime_checkable
class Enumerable(Protocol):
    """A game in normal form: one round, simultaneous actions, no private information, payoffs that can be listed."""

    def payoff_tensor(self) -> Tensor:
        """Return expected returns, float64 ``[P, A_1, ..., A_P]``: of each player, under each profile of actions.

        Players are ordered by role, as in ``roles``, and within a role by their index.
        """


@runtime_checkable
class Heuristic(Protocol):
    """A game with a heuristic policy for working, which agents that decide only *how much* to work rely on.

    It is needed where an action is not an amount of work but one of many kinds of work, such as moving or trading.
    """

    def routine(self) -> Callable[[Role, Observation, Tensor], Tensor]:
        """Return the heuristic: a function from a role, its observation and keys ``[B]`` to actions of working players.

        The result has the shape of an action; action zero is rest. Expensive preparation happens before the function is
        returned.
        """


@runtime_checkable
class Solvable(Protocol):
    """A game that computes exact best responses, which exact and boundedly rational agents need."""

    def best_response(self, role: str, observation: Observation) -> Tensor:
        """Return each player's exact best action given its observation, in the shape of an action."""

    def choices(self, role: str) -> Tensor:
        """Return a grid of actions to compare, ``[A]`` (all actions where the space is discrete)."""

    def choice_values(self, role: str, observation: Observation) -> Tensor:
        """Return the reward of each of :meth:`choices`, ``[B, N, A]``, given the player's observation."""


@runtime_checkable
class OffersKernels(Protocol):
    """A game that kernels on the CPU can play, which numba compiles; its tensors remain the definition of the game."""

    def not_covered(self) -> str:
        """Return what of this game its kernels do not cover, as in "the component lottery"; "" if they cover all."""

    def on_kernels(self) -> Game[Any]:
        """Return this game played by its kernels; on a GPU, and where gradients are taken, by its tensors as before.

        Raises:
            UserError: numba is not installed, or the kernels do not cover this game.
        """


@runtime_checkable
class RepeatedRounds(Protocol):
    """A game of rounds that are identical where leaders repeat one action and agents have no memory."""

    def one_round(self) -> Game[Any]:
        """Return the game with one round; under such play, its returns and its final accounts are the same."""


@runtime_checkable
class PlaysRoundsAlike(Protocol):
    """An agent that plays an exact best response to its observation, without memory and without random draws.

    Where a leader repeats one action, such an agent plays all rounds of :class:`RepeatedRounds` identically, so that
    one round suffices to evaluate the leader (:mod:`econsim.leader_evaluation`). Agents without the attribute play
    whole episodes.
    """

    plays_rounds_alike: ClassVar[bool]


@runtime_checkable
class TaxSchedules(Protocol):
    """A game with a bracketed income tax, which planners that set a tax schedule need.

    The action of a role that sets the schedule has one entry per bracket: the marginal tax rates, ``Box(0, 1, (K,))``
    (or a negative lower bound, if work may be subsidised), or options that represent rates, a :class:`MultiDiscrete` of
    ``K`` choices. In the latter case the game also accepts a floating-point action ``[B, N, K]`` of rates, and its
    attribute ``lowest_rate``, zero if there is none, is the lowest of them. A law on other brackets is projected by
    :func:`econsim.mechanisms.us_law.law_on_brackets`, so that each bracket raises the same revenue.
    """

    @property
    def thresholds(self) -> Tensor:
        """Lower thresholds of the brackets, ``[K]`` float64 in money, the first 0; empty in a game without taxes."""

    @property
    def law(self) -> object | None:
        """The law that defines these brackets (:class:`econsim.mechanisms.us_law.Law`), or ``None``."""

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
    """A game with its own wording. Every other game is described from its roles, see :mod:`econsim.text`."""

    def briefing(self, role: str) -> Mapping[str, Any]:
        """Return the variables of question templates that are constant over all episodes, as plain data.

        ``templates``: the path of a folder with Jinja templates, ``rules.txt`` and ``question.txt``, that replace those
        of :mod:`econsim.text`; their other variables, such as ``page`` (the rules of the game), can be replaced too.

        Agents and planners of the kind ``llm`` have templates for games in which workers choose hours and a planner
        sets taxes. These templates are used where the briefing has the following entries. For all roles: ``unit`` of
        money; ``thresholds`` ``[K]`` of the tax brackets and the untaxed ``standard_deduction``, in money;
        ``tax_years`` of an episode, each with one announcement and ``steps_per_tax_year`` steps after it; ``welfare``,
        the planner's objective in words. For workers also: ``hours_cap`` and ``hours_step`` (``None``: continuous);
        ``utility`` in words; ``labour_cost``, where the cost of work in money is ``(constant + per_skill * skill) *
        hours^exponent``, as a mapping of those three, else ``None``; ``personas``, one text per player, or none;
        ``traits`` of players by name, each with one entry per player.
        """


@runtime_checkable
class Recordable(Protocol):
    """A game whose episodes can be recorded: runs store the recording, and animations and reports draw it.

    All entries are optional: a figure has a panel for each entry that :mod:`econsim.analysis.recording` can draw.
    """

    def stage(self) -> dict[str, Any]:
        """Return what is constant over all episodes, as plain data: names, sizes, units."""

    def frame(self, state: Any) -> dict[str, Tensor]:
        """Return the quantities that a frame of one step shows, numbers ``[B, ...]`` by name."""
