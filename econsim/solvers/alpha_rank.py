"""Alpha-rank: how often evolution visits each profile of options, in games of any number of players.

A Markov chain on profiles: one player at a time tries another option, and a population of ``m`` that plays the old
option adopts it with the fixation probability ``(1 - exp(-a d)) / (1 - exp(-m a d))``, where ``d`` is the gain of the
player and ``a`` the intensity of selection (``1 / m`` where ``d = 0``). The stationary distribution ranks profiles; it
exists in every game and needs no selection among equilibria, but is not an equilibrium: the certificate states what a
player would gain by answering its recommendations. Gains are measured relative to the range of the player's payoffs.

Source: Omidshafiei et al. (2019), *alpha-Rank: Multi-Agent Evaluation by Evolution*, sections 3.1 and 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from pydantic import Field, model_validator

from econsim.expected_play import ce_gap
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._chains import check_profiles, stationary_law
from econsim.solvers._tables import Floats, joint_solution, payoff_table

__all__ = ["AlphaRank", "Parameters", "stationary"]

REFERENCES = (
    "@article{omidshafiei2019alpharank, title={alpha-Rank: Multi-Agent Evaluation by Evolution}, author={Omidshafiei, "
    "Shayegan and others}, journal={Scientific Reports}, volume={9}, number={9937}, year={2019}}",
)
_MOST_SELECTION = 600.0  # of alpha times population: exponentials of larger numbers underflow


class Parameters(Model):
    """Parameters of alpha-rank."""

    alpha: float = Field(default=10.0, gt=0)
    """Intensity of selection, per range of payoffs: high values follow gains only, low values are close to uniform."""
    population: int = Field(default=50, ge=2)
    """Size of the population of each player; ``alpha`` times ``population`` is at most 600."""

    @model_validator(mode="after")
    def _can_be_computed(self) -> Parameters:
        if self.alpha * self.population > _MOST_SELECTION:
            raise ValueError(f"alpha times population: expected at most {_MOST_SELECTION:g}")
        return self


class AlphaRank:
    """Solver that ranks profiles by the stationary distribution of evolution."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the stationary distribution as the joint distribution; see :class:`~econsim.learning.Solver`.

        One linear system is solved, whose size is limited instead of its time.

        Raises:
            UserError: payoffs cannot be enumerated, an agent is fixed, or the game has more than 2,000
                profiles.
        """
        table = payoff_table(game, fixed, "alpha_rank")
        check_profiles(table, "alpha_rank")
        joint = stationary(table, self.parameters.alpha, self.parameters.population)
        note = "Stationary distribution of evolution; it is not an equilibrium in general."
        return joint_solution(game, joint, ce_gap(torch.from_numpy(table), torch.from_numpy(joint)), [note])


def stationary(table: Floats, alpha: float, population: int) -> Floats:
    """Return the stationary distribution of evolution, ``[A_1, ..., A_P]``.

    Args:
        table: payoffs ``[P, A_1, ..., A_P]``.
        alpha: intensity of selection, per range of the player's payoffs.
        population: size of the population of each player.
    """

    def rates(player: int, own: Floats, option: int) -> Floats:
        spread = np.ptp(table[player]) or 1.0
        return _fixation((own[option] - own) / spread, alpha, population)

    return stationary_law(table, rates)


def _fixation(gain: Floats, alpha: float, population: int) -> Floats:
    """Return the probability that one adopter with this gain takes over the population."""
    strength = alpha * np.where(gain == 0.0, 1.0, gain)
    # Multiplied out by the larger exponential, so that neither overflows.
    advantage = np.abs(strength)
    with np.errstate(under="ignore"):
        ratio = -np.expm1(-advantage) / -np.expm1(-population * advantage)
        losing = ratio * np.exp(-(population - 1) * advantage)
    return np.where(gain == 0.0, 1.0 / population, np.where(gain > 0, ratio, losing))
