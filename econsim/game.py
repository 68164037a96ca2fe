"""The one interface that every economy and Markov game meets.

Axes, everywhere: ``B`` copies of the game, ``N`` players of one role, ``G`` goods, ``K`` tax brackets, ``T`` time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast, dataclass_transform, runtime_checkable

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

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
    takes: 2 for a flag, more for labels (0: nothing, 1: oneself, above: others).
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


@tensors
class Observation:
    """What the players of one role see.

    features: ``[B, N, F]``, in the game's ``dtype``, of order one.
    alive: ``[B, N]`` bool, players that exist.
    acting: ``[B, N]`` bool, players whose action the next step reads (all others are ignored).
    action_mask: ``[B, N, A]`` bool, True where an action is legal; ``None`` for a :class:`Box`.
    view: ``[B, N, C, h, w]`` small integers, a picture of the place a player is in; ``None`` for a role without.
    facts: ``{name: [B, N, ...]}`` in the game's own units, what a mind that reads may be told; ``None`` where a game
        does not speak. They are tensors that the state holds anyway: minds that read features pay nothing for them.
    """

    features: Tensor
    alive: Tensor
    acting: Tensor
    action_mask: Tensor | None = None
    view: Tensor | None = None
    facts: Mapping[str, Tensor] | None = None


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
    stay float64; play is in ``dtype``. ``unit`` names the unit of money. ``clocked``: every episode lasts exactly
    ``horizon`` steps, whatever happens, so that nobody has to look whether it is over.
    """

    roles: Mapping[str, Role]
    horizon: int
    parameters: Mapping[str, Tensor]
    unit: str = ""
    clocked: bool = False
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

    @abstractmethod
    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return what analysis reads, ``[B, N]`` a role or ``[B, ...]``, float64 where money is added up."""

    @abstractmethod
    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return float64 quantities ``[B]`` that no step may change."""

    @property
    def device(self) -> torch.device:
        """Where the game's tensors are; the CPU for a game that has none."""
        held = (*self.parameters.values(), *vars(self).values())
        return next((value.device for value in held if isinstance(value, Tensor)), torch.device("cpu"))

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
        """Return this game on another device, or played in another precision."""
        other = copy(self)
        other.dtype = dtype or self.dtype
        for name, value in vars(self).items():
            if isinstance(value, (Tensor, Mapping)):
                setattr(other, name, tree_map(lambda leaf: _on(leaf, device), value))
        return other

    def advice(self) -> list[str]:
        """Return warnings about the chosen parameters, each with its reason (none by default)."""
        return []


def _as(like: Tensor, value: Tensor | float) -> Tensor:
    return torch.as_tensor(value, dtype=like.dtype, device=like.device)


def _on(leaf: T, device: torch.device | str | None) -> T:
    return cast(T, leaf.to(device=device)) if isinstance(leaf, Tensor) else leaf


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
class Narrated(Protocol):
    """A game that can be told in words: what minds that read need of it, beside the facts of each observation."""

    def briefing(self, role: str) -> Mapping[str, Any]:
        """Return what stays the same in every episode, as plain data.

        Everybody: ``unit`` of money; ``thresholds`` ``[K]`` of the tax brackets and the ``standard_deduction`` that is
        never taxed, in money; ``tax_years`` of an episode, each with one announcement and ``steps_per_tax_year`` after
        it; ``welfare``, the planner's aim in words. Workers also: ``hours_cap`` and ``hours_step`` (``None``:
        continuous); ``utility`` in words; ``labour_cost``, where the cost of work in money is
        ``(constant + per_skill * skill) * hours^exponent``, as a mapping of those three, else ``None``; ``personas``,
        one text a player, or none; ``traits``, what is known of players by name, one entry a player each.
        """


@runtime_checkable
class Recordable(Protocol):
    """A game whose episodes can be pictured: what runs store, and films and reports draw.

    A picture has a part for everything that it is given and knows; nothing is required
    (:mod:`econsim.analysis.recording`).
    """

    def stage(self) -> dict[str, Any]:
        """Return what stays the same in every episode, as plain data: names, sizes, units."""

    def frame(self, state: Any) -> dict[str, Tensor]:
        """Return what a picture of one moment shows, numbers ``[B, ...]`` by name."""
