"""Total-derivative gradient play: a leader who ascends its payoff as the follower's answer moves with its strategy.

The follower answers the leader's mixed strategy ``x`` by a logit response of temperature ``t``: ``y = softmax(z)``, and
its logits follow ``dz / ds = B' x / t - z``, where ``B`` are its payoffs. Their rest point moves with the strategy by
``dz / dx = B' / t`` (the implicit function theorem, here in closed form). The leader with payoffs ``A`` therefore
ascends the total derivative of ``x' A y``,

    D = A y + (1 / t) B (y * (A' x - x' A y)),

where ``*`` multiplies by element; the second term is what the movement of the answer is worth. Without it, both players
follow their own gradients, and the leader ends at a Nash equilibrium, if anywhere. The leader's strategy is multiplied
by ``exp(h t D)`` in each step. The temperature falls from the range of payoffs to its final value, so that the answer
tends to a best response, and the leader's payoff to that of a strong Stackelberg equilibrium, from below. The problem
is not convex: the best of several random starts is returned, evaluated against an exact best response.

Source: Fiez, Chasnov and Ratliff (2020), *Implicit Learning Dynamics in Stackelberg Games*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._leading import led_game, led_solution
from econsim.solvers._pace import Pace, Stops
from econsim.solvers._tables import Floats

__all__ = ["Parameters", "StackelbergGradient", "commitments"]

REFERENCES = (
    "@inproceedings{fiez2020implicit, title={Implicit Learning Dynamics in Stackelberg Games: Equilibria "
    "Characterization, Convergence Analysis, and Empirical Study}, author={Fiez, Tanner and Chasnov, Benjamin and "
    "Ratliff, Lillian J.}, booktitle={Proceedings of the 37th International Conference on Machine Learning}, "
    "year={2020}}",
)
_CHECK_EVERY = 50
_TIE = 1e-9  # of the follower's payoffs, relative to their range


class Parameters(Model):
    """Parameters of total-derivative gradient play."""

    leader: str | None = None
    """The name of the player that commits; null: the first player."""
    anticipates: bool = True
    """Whether the leader takes into account that the answer moves; else it follows its partial derivative."""
    temperature: float = Field(default=1e-3, gt=0, le=1)
    """The follower's temperature at the end, relative to the range of its payoffs; it is 1 at the start."""
    step: float = Field(default=0.5, gt=0)
    """Length ``h`` of the leader's steps, relative to the temperature and the range of its payoffs."""
    follower_step: float = Field(default=0.5, gt=0, le=1)
    """The share of the way to its response that the follower moves in each step."""
    iterations: int = Field(default=2_000, ge=1)
    """Number of steps."""
    starts: int = Field(default=32, ge=1)
    """Number of random starts, of which the best is returned."""
    seed: int = Field(default=0, ge=0)
    """Seed of the starts."""


class StackelbergGradient:
    """Solver of the commitment of one of two players by gradients."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the leader's strategy and the follower's best answer; see :class:`~econsim.learning.Solver`.

        The follower breaks ties in the leader's favour. The residual ``leader_payoff`` is the value of the commitment.

        Raises:
            UserError: the game does not have two players, its payoffs cannot be enumerated, an agent is fixed, or no
                player has the leader's name.
        """
        led, settings = led_game(game, fixed, "stackelberg_gradient", self.parameters.leader), self.parameters
        own, other = (torch.from_numpy(table / (np.ptp(table) or 1.0)) for table in (led.own, led.other))
        mixes, steps = commitments(own, other, settings, Pace(settings.iterations, time_limit, progress).stops)
        answers = [_answer(mix, led.own, led.other) for mix in mixes.numpy()]
        worth = [mix @ led.own[:, option] for mix, option in zip(mixes.numpy(), answers, strict=True)]
        best = int(np.argmax(worth))
        notes = [f"{led.leader} commits to the best strategy of {settings.starts:,} starts; others may pay it more."]
        if steps < settings.iterations:
            notes.append(f"Stopped after {steps:,} of {settings.iterations:,} steps.")
        return led_solution(game, led, mixes[best].numpy(), answers[best], notes)


def commitments(own: Tensor, other: Tensor, settings: Parameters, stops: Stops | None = None) -> tuple[Tensor, int]:
    """Return the leader's strategies ``[B, R]`` from all starts, and the number of steps.

    Args:
        own: payoffs ``[R, C]`` of the leader, with range 1, float64.
        other: payoffs ``[R, C]`` of the follower, with range 1.
        settings: the method.
        stops: whether to stop, given the steps that are taken.
    """
    keys = random.keys(settings.seed, settings.starts)
    logits = random.normal(keys, 0, "stackelberg_gradient/start", (len(own),), torch.float64)
    answer_logits = torch.zeros((settings.starts, own.shape[1]), dtype=torch.float64)
    for number in range(1, settings.iterations + 1):
        temperature = settings.temperature ** (number / settings.iterations)
        mix, answer = logits.softmax(-1), answer_logits.softmax(-1)
        gains = mix @ own  # [B, C], of the leader by the follower's options
        slope = answer @ own.T
        if settings.anticipates:
            surplus = answer * (gains - (gains * answer).sum(-1, keepdim=True))
            slope = slope + surplus @ other.T / temperature
        logits = logits + settings.step * temperature * slope
        logits = logits - logits.amax(-1, keepdim=True)
        answer_logits = answer_logits + settings.follower_step * (mix @ other / temperature - answer_logits)
        if number % _CHECK_EVERY == 0 and stops is not None and stops(number, f"temperature {temperature:.2g}"):
            break
    return logits.softmax(-1), number


def _answer(mix: Floats, own: Floats, other: Floats) -> int:
    """Return the follower's best option, and of equally good ones the best for the leader."""
    paid = mix @ other
    ties = paid >= paid.max() - _TIE * np.ptp(other)
    return int(np.where(ties, mix @ own, -np.inf).argmax())
