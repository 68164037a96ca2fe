"""Certified policies: the output of V-learning, which replays earlier episodes by a random index that players share.

In an episode of ``K``, each state of a period has been visited ``t`` times in earlier episodes. The policy draws an
episode ``k`` first. In each period it draws one of the ``t`` visits before episode ``k``, the ``j``-th with probability
``a_t^j = a_j (1 - a_{j+1}) ... (1 - a_t)``, ``a_j = (H + 1) / (H + j)``; all players play what they played at that
visit, independently, and ``k`` becomes its episode. In a state without visits they mix all options equally, and ``k``
stays. All draws of the index are shared.

Values follow by backward induction over periods, states and episodes: with ``w_j = a_j / prod_{l=2..j} (1 - a_l)``, the
probabilities are ``a_t^j = w_j / (w_1 + ... + w_t)``, and the expectation over visits is a ratio of cumulative sums.
A player who deviates may know the episode from which the index was drawn in earlier periods, but not the current draw.
This is the class in which V-learning has its guarantee; it contains all policies that depend on the history.

Source: Jin, Liu, Wang and Yu (2021), *V-Learning: A Simple, Efficient, Decentralized Algorithm for Multiagent RL*,
algorithm 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econsim.learning import Certificate, Solution
from econsim.markov import MarkovForm

__all__ = ["CertifiedPolicy", "CertifiedSolution", "visit_weights"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
CLASS = "any policy, which may depend on all earlier states, actions and draws of the shared index (contains history)"
METHOD = "backward induction over episodes"


def visit_weights(horizon: int, count: int) -> Floats:
    """Return the weights ``w_1, ..., w_count``, up to a factor; ``w_j / w_{j-1} = (H + j - 1) / (j - 1)``."""
    visits = np.arange(2, count + 1)
    weights: Floats = np.cumprod(np.append(1.0, (horizon + visits - 1) / (visits - 1)))
    return weights


@dataclass(frozen=True)
class CertifiedPolicy:
    """A certified policy.

    Attributes:
        form: the game.
        states: ``[K, H]``, the state of each period in each episode.
        strategies: of each player, what it played, ``[K, H, A_p]``.
    """

    form: MarkovForm
    states: Indices
    strategies: tuple[Floats, ...]

    def certificate(self) -> Certificate:
        """Return the exact largest gain of any player, in units of its return."""
        gain = float(np.max(self.best_values() - self.values()))
        largest_return = self.form.horizon * float(self.form.rewards.abs().max())
        return Certificate.of_gain(gain, largest_return, CLASS, METHOD)

    def values(self) -> Floats:
        """Return the expected return of each player, ``[P]``."""
        players = range(self.form.players)
        return np.array([self._backward(player, deviates=False) for player in players])

    def best_values(self) -> Floats:
        """Return each player's expected return from its best deviation of the class, ``[P]``."""
        players = range(self.form.players)
        return np.array([self._backward(player, deviates=True) for player in players])

    def _backward(self, player: int, deviates: bool) -> float:
        """Return a player's value of the first period, averaged over episodes and first states."""
        later = np.zeros((len(self.states), self.form.states))  # of the next period, by the episode of the index
        for period in reversed(range(self.states.shape[1])):
            places = range(self.form.states)
            later = np.stack([self._values_of(player, period, state, later, deviates) for state in places], -1)
        return float(later.mean(0) @ self.form.start.numpy())

    def _values_of(self, player: int, period: int, state: int, later: Floats, deviates: bool) -> Floats:
        """Return the value ``[K]`` of a state, by the episode of the index before the draw of this period."""
        visits = np.flatnonzero(self.states[:, period] == state)
        played = [strategy[visits, period] for strategy in self.strategies]
        mixed = [np.full((len(later), options), 1.0 / options) for options in self.form.options]
        unseen = self._option_values(player, period, state, mixed, later, deviates)
        if not len(visits):
            return np.asarray(unseen.max(-1))
        paid = self._option_values(player, period, state, played, later[visits], deviates)
        weights = visit_weights(self.form.horizon, len(visits))[:, None]
        averages = np.cumsum(weights * paid, 0) / np.cumsum(weights, 0)  # over the first visits
        before = np.searchsorted(visits, np.arange(len(later)))  # visits in earlier episodes
        seen = averages[np.maximum(before - 1, 0)]
        return np.asarray(np.where(before[:, None] > 0, seen, unseen).max(-1))

    def _option_values(
        self, player: int, period: int, state: int, played: list[Floats], later: Floats, deviates: bool
    ) -> Floats:
        """Return the values ``[V, A_p]`` of a player's options against strategies ``[V, A]`` of all others.

        Where the player does not deviate, the values ``[V, 1]`` of its own strategy.
        """
        form, others = self.form, np.ones((len(later), 1))
        for other, strategy in enumerate(played):
            if other != player:
                others = (others[..., None] * strategy[:, None]).reshape(len(others), -1)
        options = form.options[player]
        rewards = np.moveaxis(form.rewards[period, player, state].numpy(), player, 0).reshape(options, -1)
        moves = np.moveaxis(form.transitions[period, state].numpy(), player, 0).reshape(options, -1, form.states)
        expected = np.einsum("vr,arz,vz->va", others, moves, later, optimize=True)
        paid = others @ rewards.T + form.discount * expected
        return np.asarray(paid if deviates else (paid * played[player]).sum(-1, keepdims=True))


@dataclass(frozen=True)
class CertifiedSolution(Solution):
    """A solution that is a certified policy; it has no agents, since players share the draws of its index.

    Attributes:
        policy: the certified policy, of which the certificate is.
    """

    policy: CertifiedPolicy | None = None
