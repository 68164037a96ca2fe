"""V-learning: players of a finite Markov game who learn from their own payoffs only, without seeing others' actions.

All play ``K`` episodes. In every period and state, each player keeps an optimistic value and an adversarial bandit
algorithm (follow the regularised leader). At the ``t``-th visit it draws an option from ``pi``, is paid ``r`` and moves
to ``s'``; with ``a_t = (H + 1) / (H + t)`` and payoffs scaled to [0, 1],

    V <- (1 - a_t) V + a_t (r + min(V'(s'), H - h) + c sqrt(H^3 A log(K) / t)),
    loss of the drawn option: (H - r - V'(s')) / H / (pi + g_t),  g_t = sqrt(log(A) / (A t)),
    pi of the next visit: softmax(-b g_t L / w_t),  L = sum of w_j loss_j over all visits j.

The weights are ``w_t = a_t / prod_{j=2..t} (1 - a_j)``: with ``1 - a_t = (t - 1) / (H + t)`` and ``a_t / a_{t-1} = (H +
t - 1) / (H + t)``, ``w_t / w_{t-1} = (H + t - 1) / (t - 1)``.

The result is not a policy of period and state: it is a *certified policy*, in which players replay earlier visits by a
random index that they share, and an approximate coarse correlated equilibrium. Its gap is computed exactly, for
deviations that may depend on the history and on earlier draws of the index. Several copies learn independently, as one
batch; the one with the smallest gap is returned.

Source: Jin, Liu, Wang and Yu (2021), *V-Learning: A Simple, Efficient, Decentralized Algorithm for Multiagent RL*.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log10
from typing import Any

import numpy as np
import torch
from pydantic import Field

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.markov import MarkovForm
from econsim.parameters import Model
from econsim.solvers._certified_policy import CertifiedPolicy, CertifiedSolution, Floats, Indices
from econsim.solvers._markov import in_words, markov_form
from econsim.solvers._pace import Pace, Stops

__all__ = ["Parameters", "VLearning", "certified_policies"]

REFERENCES = (
    "@article{jin2021vlearning, title={V-Learning: A Simple, Efficient, Decentralized Algorithm for Multiagent RL}, "
    "author={Jin, Chi and Liu, Qinghua and Wang, Yuanhao and Yu, Tiancheng}, journal={arXiv preprint "
    "arXiv:2110.14555}, year={2021}}",
)
_CHECK_EVERY = 50
_MOST_DIGITS = 250  # of the weights of visits, which grow as the power H of their number


class Parameters(Model):
    """Parameters of V-learning."""

    episodes: int = Field(default=5_000, ge=2)
    """Number of episodes ``K`` of every copy."""
    copies: int = Field(default=4, ge=1)
    """Number of copies that learn independently."""
    step: float = Field(default=5.0, gt=0)
    """Factor ``b`` of the learning rate; the published guarantee is for 1, and larger ones often learn faster."""
    bonus: float = Field(default=0.01, ge=0)
    """Factor ``c`` of the bonus for rare visits."""
    seed: int = Field(default=0, ge=0)
    """Seed of all draws."""


class VLearning:
    """Solver of finite Markov games by learning from bandit feedback."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the certified policy of the copy with the smallest gap; see :class:`~econsim.learning.Solver`.

        The residual ``mean gap`` is averaged over all copies.

        Raises:
            UserError: the game is not a finite Markov game, an agent is fixed, or there are too many periods and
                episodes for the weights of visits.
        """
        form, settings = markov_form(game, fixed, "v_learning"), self.parameters
        if form.horizon * log10(settings.episodes) > _MOST_DIGITS:
            raise UserError(f"v_learning: {form.horizon:,} periods are too many; use fewer periods or solver.episodes")
        policies = certified_policies(form, settings, Pace(settings.episodes, time_limit, progress).stops)
        certificates = [policy.certificate() for policy in policies]
        gaps = [certificate.lower for certificate in certificates]
        best = int(np.argmin(gaps))
        episodes = len(policies[best].states)
        notes = [
            f"Certified policy of {episodes:,} episodes, in which players share a random index: no independent agents "
            "play it.",
            in_words(game, policies[best].values().tolist()),
        ]
        if episodes < settings.episodes:
            notes.append(f"Stopped after {episodes:,} of {settings.episodes:,} episodes.")
        residuals = {"mean gap": float(np.mean(gaps))}
        return CertifiedSolution({}, residuals, certificates[best], notes=tuple(notes), policy=policies[best])


def certified_policies(form: MarkovForm, settings: Parameters, stops: Stops | None = None) -> list[CertifiedPolicy]:
    """Return the certified policy of every copy.

    Args:
        form: the game.
        settings: the method.
        stops: whether to stop, given the episodes that are done.
    """
    learning = _Learning(form, settings)
    for episode in range(settings.episodes):
        learning.play(episode)
        if (episode + 1) % _CHECK_EVERY == 0 and stops is not None and stops(episode + 1, f"episode {episode + 1:,}"):
            break
    return [
        CertifiedPolicy(
            form,
            learning.states[copy, : episode + 1],
            tuple(player.played[copy, : episode + 1] for player in learning.players),
        )
        for copy in range(settings.copies)
    ]


class _Player:
    """What one player has learned in ``C`` copies: values ``[C, H + 1, S]``, and ``L / w_t`` ``[C, H, S, A]``."""

    def __init__(self, form: MarkovForm, number: int, settings: Parameters) -> None:
        horizon, copies = form.horizon, settings.copies
        rewards = form.rewards[:, number].numpy()
        self.rewards = (rewards - rewards.min()) / (float(np.ptp(rewards)) or 1.0)
        self.options = form.options[number]
        self.highest = horizon - np.arange(horizon + 1.0)  # values of the rest of the game
        self.values = np.broadcast_to(self.highest[:, None], (copies, horizon + 1, form.states)).copy()
        self.losses = np.zeros((copies, horizon, form.states, self.options))
        self.played = np.zeros((copies, settings.episodes, horizon, self.options))
        self.step = settings.step
        self.bonus = settings.bonus * np.sqrt(horizon**3 * self.options * log(settings.episodes))

    def rate(self, visits: Indices) -> Floats:
        """Return ``g_t`` of every copy."""
        return np.asarray(np.sqrt(log(self.options) / (self.options * np.maximum(visits, 1))))

    def strategy(self, where: tuple[Any, ...], visits: Indices) -> Floats:
        """Return the probability of each option, ``[C, A]``, after a number of visits."""
        scaled = -self.step * self.rate(visits)[:, None] * self.losses[where]
        weights = np.exp(scaled - scaled.max(-1, keepdims=True))
        return np.asarray(weights / weights.sum(-1, keepdims=True))

    def learn(
        self, where: tuple[Any, ...], visits: Indices, chosen: Indices, share: Floats, paid: Floats, later: Floats
    ) -> None:
        """Update the value and the losses of the visited state, whose visits include this one."""
        copies, period, horizon = where[0], where[1], len(self.highest) - 1
        rate = (horizon + 1) / (horizon + visits)
        target = paid + np.minimum(later, self.highest[period + 1]) + self.bonus / np.sqrt(visits)
        self.values[where] = (1 - rate) * self.values[where] + rate * target
        loss = (horizon - paid - np.minimum(later, self.highest[period + 1])) / horizon
        losses = self.losses[where] * ((visits - 1) / (horizon + visits - 1))[:, None]
        losses[copies, chosen] += loss / (share + self.rate(visits))
        self.losses[where] = losses


class _Learning:
    """Episodes of all players, in ``C`` copies."""

    def __init__(self, form: MarkovForm, settings: Parameters) -> None:
        self.form, self.copies = form, np.arange(settings.copies)
        self.players = [_Player(form, number, settings) for number in range(form.players)]
        self.visits = np.zeros((settings.copies, form.horizon, form.states), np.int64)
        self.states = np.zeros((settings.copies, settings.episodes, form.horizon), np.int64)
        self.moves = form.transitions.numpy().cumsum(-1)
        self.keys, self.start = random.keys(settings.seed, settings.copies), form.start.numpy().cumsum()

    def play(self, episode: int) -> None:
        """Play and learn from one episode."""
        shape = (self.form.horizon + 1, self.form.players + 1)
        draws = random.uniform(self.keys, episode, "v_learning", shape, torch.float64).numpy()  # [C, H + 1, P + 1]
        state = _drawn(np.broadcast_to(self.start, (len(self.copies), self.form.states)), draws[:, -1, 0])
        for period in range(self.form.horizon):
            where = (self.copies, period, state)
            self.states[:, episode, period] = state
            strategies = [player.strategy(where, self.visits[where]) for player in self.players]
            chosen = [_drawn(own.cumsum(-1), draws[:, period, p]) for p, own in enumerate(strategies)]
            following = _drawn(self.moves[(period, state, *chosen)], draws[:, period, -1])
            self.visits[where] += 1
            for player, own, option in zip(self.players, strategies, chosen, strict=True):
                player.played[:, episode, period] = own
                later = self.form.discount * player.values[self.copies, period + 1, following]
                paid = player.rewards[(period, state, *chosen)]
                player.learn(where, self.visits[where], option, own[self.copies, option], paid, later)
            state = following


def _drawn(cumulative: Floats, draw: Floats) -> Indices:
    """Return the index ``[C]`` of each draw in cumulative probabilities ``[C, n]``."""
    return np.asarray((cumulative[:, :-1] <= draw[:, None]).sum(-1))
