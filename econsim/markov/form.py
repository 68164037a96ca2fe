"""The exact view of a finite Markov game: its tensors of rewards and transitions, and the protocol of such games."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from econsim.game import Observation

__all__ = ["MarkovForm", "MarkovGame"]


@dataclass(frozen=True)
class MarkovForm:
    """A finite Markov game of ``H`` periods, ``P`` players and ``S`` states; all tensors float64.

    In every period all players see the state, and player ``p`` chooses one of ``A_p`` options, at the same time.

    Attributes:
        rewards: ``[H, P, S, A_1, ..., A_P]``, the expected reward of each player; it may be an expanded view.
        transitions: ``[H, S, A_1, ..., A_P, S]``, the probability of each next state; rows sum to one.
        start: ``[S]``, the probability of each first state.
        discount: the weight of a reward relative to a reward one period earlier.
        state_names: of the ``S`` states, in order; empty where they have none.
    """

    rewards: Tensor
    transitions: Tensor
    start: Tensor
    discount: float = 1.0
    state_names: tuple[str, ...] = ()

    @property
    def horizon(self) -> int:
        """The number of periods ``H``."""
        return self.rewards.shape[0]

    @property
    def players(self) -> int:
        """The number of players ``P``."""
        return self.rewards.shape[1]

    @property
    def states(self) -> int:
        """The number of states ``S``."""
        return len(self.start)

    @property
    def options(self) -> Sequence[int]:
        """The number of options ``A_p`` of each player."""
        return tuple(self.rewards.shape[3:])

    def action_values(self, period: int, later: Tensor) -> Tensor:
        """Return each player's value of every action profile, ``[P, S, A_1, ..., A_P]``.

        Args:
            period: from 0.
            later: ``[P, S]``, the value of each state in the next period.
        """
        expected = self.transitions[period] @ later.T  # [S, A_1, ..., A_P, P]
        return self.rewards[period] + self.discount * expected.movedim(-1, 0)


@runtime_checkable
class MarkovGame(Protocol):
    """A game with simultaneous actions whose states all players observe, and whose tensors can be listed.

    Every role has discrete actions. Players are ordered by role, as in ``roles``, and within a role by their index.
    """

    def markov_form(self) -> MarkovForm:
        """Return the tensors of the game."""

    def markov_states(self) -> Any:
        """Return the game's state in every period and state, a batch of ``H * S`` copies, period by period."""

    def markov_index(self, observation: Observation) -> Tensor:
        """Return the index ``[B]`` int64, in ``0 .. H * S - 1``, of period and state from an observation of any role.

        It is the place of the observed period and state in :meth:`markov_states`.
        """
