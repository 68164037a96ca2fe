"""Aggregating forecaster: a deviation that proves that a set of checkpoints is not a coarse correlated equilibrium.

The deviating player keeps a belief over the profiles of a mixture, updates it by Bayes' rule from the others' actions,
and in every period takes the option that would be best if the profile were revealed after this period. Its predictions
lose at most ``log T`` in total against the true profile (Vovk 1990), so that in long games it soon plays against known
strategies. It is one policy of the class ``history``: its gain is a lower bound on the gap, at a cost that does not
grow with the number of histories. The gain is estimated in simulated episodes, with a bound by Hoeffding's inequality.

Source: Vovk (1990); Foster, Golowich and Kakade (2023), section 1; the bound of Hoeffding (1963).
"""

from __future__ import annotations

from math import inf, log, sqrt
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from econsim import random
from econsim.learning import Certificate
from econsim.markov._induced import Induced, induced
from econsim.markov.form import MarkovForm
from econsim.markov.values import HISTORY

if TYPE_CHECKING:
    from econsim.markov.mixtures import Mixture

_AT_ONCE = 2_000  # episodes, after which the deadline is checked

__all__ = ["ForecasterGain", "forecaster_gain", "not_an_equilibrium"]


class ForecasterGain(NamedTuple):
    """The mean gain of the forecaster over simulated episodes, and a bound ``low`` that holds with high probability."""

    mean: float
    low: float


@torch.no_grad()
def forecaster_gain(
    form: MarkovForm,
    mixture: Mixture,
    player: int,
    episodes: int = 20_000,
    seed: int = 0,
    confidence: float = 0.999,
    most: int = 20_000_000,
    deadline: float = inf,
) -> ForecasterGain:
    """Return the gain of a player who deviates to the forecaster.

    Args:
        form: the game.
        mixture: the profiles and their probabilities.
        player: the player who deviates.
        episodes: the number of simulated episodes.
        seed: of the draws.
        confidence: the probability with which the gain is at least ``low``.
        most: the most numbers to store at once; episodes are simulated in parts.
        deadline: on the clock of :func:`time.monotonic`, after which no further part begins. The bound is then that of
            the episodes that were simulated.
    """
    mdps = induced(form, mixture.profiles, player)
    own = float(mixture.weights @ (mdps.values(mixture.profiles[player]) @ form.start))
    keys = random.keys(seed, episodes, form.start.device)
    at_once = max(1, most // (len(mixture.weights) * max(form.options)))
    parts: list[Tensor] = []
    for part in torch.split(keys, min(at_once, _AT_ONCE)):
        if parts and monotonic() >= deadline:
            break
        parts.append(_returns(form, mixture, player, mdps, part))
    returns = torch.cat(parts)
    mean = float(returns.mean()) - own
    return ForecasterGain(mean, mean - _range(form, player) * sqrt(-log(1 - confidence) / (2 * len(returns))))


def not_an_equilibrium(
    form: MarkovForm, mixture: Mixture, episodes: int = 20_000, seed: int = 0, confidence: float = 0.999
) -> Certificate:
    """Return a lower bound on the distance of a mixture from a coarse correlated equilibrium.

    A bound above zero proves, with probability ``confidence``, that the profiles are not one; a bound of zero proves
    nothing. Arguments as for :func:`forecaster_gain`.
    """
    level = 1 - (1 - confidence) / form.players  # for all players together
    gains = [forecaster_gain(form, mixture, player, episodes, seed, level) for player in range(form.players)]
    method = f"aggregating forecaster, {episodes:,} episodes, with probability {confidence:g}"
    return Certificate(max(0.0, *(gain.low for gain in gains)), None, HISTORY, method)


def _returns(form: MarkovForm, mixture: Mixture, player: int, mdps: Induced, keys: Tensor) -> Tensor:
    """Return the forecaster's return in every episode, ``[E]``; rewards are expectations over the others' actions."""
    known, copies = mdps.best(), torch.arange(len(keys), device=keys.device)
    log_weights = mixture.weights.log()
    profile = random.categorical(keys, 0, "forecaster/profile", log_weights.expand(len(keys), -1))
    state = random.categorical(keys, 0, "forecaster/start", form.start.log().expand(len(keys), -1))
    beliefs, total = mixture.weights.expand(len(keys), -1), torch.zeros(len(keys), dtype=torch.float64)
    total = total.to(keys.device)
    for period in range(form.horizon):
        worth = torch.einsum("et,eta->ea", beliefs, known[period][:, state].movedim(0, 1))
        choice = worth.argmax(-1)
        total += form.discount**period * mdps.rewards[period][profile, state, choice]
        laws = mdps.others[:, period][:, state].movedim(0, 1)  # [E, T, R]
        action = random.categorical(keys, period, "forecaster/others", laws[copies, profile].log())
        beliefs = beliefs * laws[copies, :, action]
        beliefs = beliefs / beliefs.sum(-1, keepdim=True)
        moved = form.transitions[period].movedim(1 + player, 1).flatten(2, -2)[state, choice, action]
        state = random.categorical(keys, period, "forecaster/state", moved.log())
    return total


def _range(form: MarkovForm, player: int) -> float:
    """Return the largest difference of two returns of a player."""
    paid = form.rewards[:, player].flatten(1)
    weights = form.discount ** torch.arange(form.horizon, device=paid.device, dtype=paid.dtype)
    return float(((paid.amax(-1) - paid.amin(-1)) * weights).sum())
