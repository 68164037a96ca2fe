"""Nash-MD: mirror descent in preference games against a mixture of the own policy and the reference.

The opponent is the geometric mixture ``pi^(1 - h tau) mu^(h tau)`` of policy and reference, and a step moves from this
mixture. With ``h_t = 2 / (tau (t + 2))``, the default, the last policy satisfies ``KL(pi* || pi_t) <= 8 / (tau^2
(t + 1))``; with a constant step it stops at a policy that is not the equilibrium, since its opponent is not the policy.

Source: Munos et al. (2024), *Nash Learning from Human Feedback*, section 4. The loss of a policy network is their
Nash-MD-PG objective in exact expectation.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from econsim.solvers._preference_solver import PreferenceSolver
from econsim.solvers._preferences import RegularisedSettings, Step, Target

__all__ = ["NashMd", "Parameters"]

REFERENCES = (
    "@inproceedings{munos2024nash, title={Nash Learning from Human Feedback}, author={Munos, R{\\'e}mi and others}, "
    "booktitle={International Conference on Machine Learning}, year={2024}}",
)


class Parameters(RegularisedSettings):
    """Parameters of Nash-MD."""

    temperature: float = Field(default=0.1, gt=0)
    """Weight ``tau`` of the Kullback-Leibler divergence from the reference, in payoffs."""


class NashMd(PreferenceSolver):
    """Solver of regularised preference games by Nash-MD."""

    kind = "nash_md"

    def rate(self, target: Target, number: int) -> float:
        """Return the length ``2 / (tau (t + 2))`` of step ``t``."""
        return 2.0 / (target.temperature * (number + 2))

    def log_opponent(self, step: Step) -> Tensor:
        """Return the geometric mixture of policy and reference."""
        return step.log_mixture
