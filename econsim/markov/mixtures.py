"""Mixtures of profiles, such as the checkpoints of a training run: one profile is drawn per episode, unseen by players.

A player who deviates infers from the others' actions which profile was drawn. A policy that uses this inference (class
``history``) can therefore gain where no policy of period and state (class ``markov``) does: in the game
``hidden_index`` the gains are 1/2 and 0. The certificate of a mixture names the class, and its bounds are equal where
it is exact:

- ``history``: backward induction over beliefs, ``R_h(s, w) = max_a sum_b W_b (r(s, a, b) + sum_s' P(s'|s, a, b)
  R_{h+1}(s', w | b))``, where ``w`` is the belief over profiles and ``W_b = sum_t w_t pi_t(b | s)``. The belief depends
  on the others' actions only, so that a level of the tree has up to ``(S R)^h`` nodes; equal ones are merged.
- ``markov``: enumeration of all policies; where there are too many, ascent in one period at a time, a lower bound.
- a player to whom the profile is revealed gains at least as much as any policy that has to infer it: an upper bound.

Source: Foster, Golowich and Kakade (2023); the recursion follows from Bayes' rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

import torch
from torch import Tensor

from econsim.learning import Certificate
from econsim.markov._belief_tree import best_history_value
from econsim.markov._common_policies import best_markov_value
from econsim.markov._induced import Induced, induced
from econsim.markov.forecaster import forecaster_gain
from econsim.markov.form import MarkovForm
from econsim.markov.values import HISTORY

__all__ = ["MARKOV", "Mixture", "mixture_gap"]

MARKOV = "any policy that depends on the period and the state only (class markov)"
"""The deviation class of Markov policies."""
BELIEFS, ENUMERATED = "backward induction over beliefs", "enumeration of policies"
ASCENT, FORECASTER = "ascent by periods: a lower bound", "forecaster: a lower bound with probability 0.999"


@dataclass(frozen=True)
class Mixture:
    """``T`` profiles, of which one is drawn per episode.

    Attributes:
        profiles: of each player, its strategies ``[T, H, S, A_p]``, float64.
        weights: ``[T]``, the probability of each profile.
    """

    profiles: tuple[Tensor, ...]
    weights: Tensor

    @classmethod
    def of(cls, profiles: Sequence[Sequence[Tensor]], weights: Sequence[float] | None = None) -> Mixture:
        """Return the mixture of profiles, each one strategy ``[H, S, A_p]`` per player; by default, equally likely."""
        stacked = tuple(torch.stack(strategies) for strategies in zip(*profiles, strict=True))
        given = torch.ones(len(profiles)) if weights is None else torch.tensor(list(weights))
        shares = given.to(stacked[0])
        return cls(stacked, shares / shares.sum())


def mixture_gap(
    form: MarkovForm,
    mixture: Mixture,
    deviations: Literal["markov", "history"] = "history",
    most: int = 20_000_000,
    seed: int = 0,
    deadline: float = inf,
) -> Certificate:
    """Return bounds on the distance of a mixture from a coarse correlated equilibrium.

    Args:
        form: the game.
        mixture: the profiles and their probabilities.
        deviations: the class of deviations; see the module.
        most: the most numbers that an exact method may store at once. Beyond it, the bounds differ, and the method of
            the certificate says how the lower one was found.
        seed: of the simulations of the forecaster, which bounds the gain of histories where the tree is too large.
        deadline: on the clock of :func:`time.monotonic`. Exact methods that are not finished then give way to bounds,
            and simulations and ascents end after the part that they are in.
    """
    find = _history if deviations == "history" else _markov
    bounds = [find(form, mixture, player, most, seed, deadline) for player in range(form.players)]
    gains = [(max(0.0, low), max(0.0, high), method) for low, high, method in bounds]
    low, high = max(gain[0] for gain in gains), max(gain[1] for gain in gains)
    methods = dict.fromkeys(method for *_, method in gains)
    return Certificate(low, max(low, high), HISTORY if deviations == "history" else MARKOV, "; ".join(methods))


def _history(
    form: MarkovForm, mixture: Mixture, player: int, most: int, seed: int, deadline: float
) -> tuple[float, float, str]:
    mdps = induced(form, mixture.profiles, player)
    own = _own_value(form, mixture, player, mdps)
    exact = best_history_value(form, mdps.others, mixture.weights, player, most, deadline)
    if exact is not None:
        return exact - own, exact - own, BELIEFS
    gain = forecaster_gain(form, mixture, player, seed=seed, deadline=deadline)
    return gain.low, _revealed(form, mixture, mdps) - own, FORECASTER


def _markov(
    form: MarkovForm, mixture: Mixture, player: int, most: int, seed: int, deadline: float
) -> tuple[float, float, str]:
    mdps = induced(form, mixture.profiles, player)
    own = _own_value(form, mixture, player, mdps)
    value, is_exact = best_markov_value(mdps, form.start, mixture.weights, most, deadline)
    if is_exact:
        return value - own, value - own, ENUMERATED
    beliefs = best_history_value(form, mdps.others, mixture.weights, player, most, deadline)
    return value - own, (_revealed(form, mixture, mdps) if beliefs is None else beliefs) - own, ASCENT


def _own_value(form: MarkovForm, mixture: Mixture, player: int, mdps: Induced) -> float:
    """Return the player's expected return where nobody deviates."""
    return float(mixture.weights @ (mdps.values(mixture.profiles[player]) @ form.start))


def _revealed(form: MarkovForm, mixture: Mixture, mdps: Induced) -> float:
    """Return the value of the best policies of a player to whom the profile is revealed."""
    return float(mixture.weights @ (mdps.best()[0].amax(-1) @ form.start))
