"""Extragradient mirror descent in preference games: the last policy converges, with or without regularisation.

Every step looks ahead, and moves from the old policy against the policy that it would reach: ``pi_half ~
pi^(1 - h tau) mu^(h tau) exp(h P(y > pi))``, then the same step from ``pi`` with the payoffs ``P(y > pi_half)``.
Without the look-ahead, policies circle around an equilibrium of a cycle (see ``self_play``). With a temperature
``tau > 0`` the policy converges to the only equilibrium at a linear rate.

Sources: Korpelevich (1976); Cen, Wei and Chi (2021), *Fast Policy Extragradient Methods for Competitive Games with
Entropy Regularization*, for the linear rate.
"""

from __future__ import annotations

from torch import Tensor

from econsim.solvers._preference_solver import PreferenceSolver
from econsim.solvers._preferences import RegularisedSettings, Step, Target

__all__ = ["MirrorDescent", "Parameters"]

REFERENCES = (
    "@inproceedings{cen2021fast, title={Fast Policy Extragradient Methods for Competitive Games with Entropy "
    "Regularization}, author={Cen, Shicong and Wei, Yuting and Chi, Yuejie}, booktitle={Advances in Neural Information "
    "Processing Systems}, year={2021}}",
)


class Parameters(RegularisedSettings):
    """Parameters of extragradient mirror descent; by default, a step is 3/4 of the inverse of the largest margin."""


class MirrorDescent(PreferenceSolver):
    """Solver of preference games by extragradient mirror descent."""

    kind = "mirror_descent"

    def rate(self, target: Target, number: int) -> float:
        """Return a constant length; below the inverse of the largest margin, the look-ahead is a contraction."""
        largest = float(target.margins.abs().max()) or 1.0
        return min(0.75 / largest, 1.0 / target.temperature if target.temperature else float("inf"))

    def log_opponent(self, step: Step) -> Tensor:
        """Return the policy that a step against the policy itself would reach."""
        return step.towards(step.values(step.log_policy))
