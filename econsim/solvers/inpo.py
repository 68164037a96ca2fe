"""Iterative Nash policy optimisation (INPO): mirror descent in preference games by regression on pairs.

A step moves to ``pi(y) ~ pi_t(y)^(1 - h tau) mu(y)^(h tau) exp(h P(y > pi_t))``. A policy network fits it from pairs
that are drawn from ``pi_t`` and compared: the loss ``E (h_t(y, y') - h (P(y > y') - 1/2))^2``, with ``h_t`` the
difference between ``y`` and ``y'`` of ``log pi - (1 - h tau) log pi_t - h tau log mu``, has the same minimum and needs
no win rates. With ``h_t = 2 / (tau (t + 2))``, the default, ``KL(pi* || pi_t) <= 32 C^2 / (tau^2 (t + 1))``, where
``C = max(B tau, 1)`` and ``B`` bounds ``|log pi / mu|``.

Source: Zhang et al. (2024), *Iterative Nash Policy Optimization*; its ``eta`` is ``1 / h``.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from econsim.solvers._preference_solver import PreferenceSolver
from econsim.solvers._preferences import RegularisedSettings, Step, Target

__all__ = ["Inpo", "Parameters"]

REFERENCES = (
    "@misc{zhang2024iterative, title={Iterative Nash Policy Optimization: Aligning LLMs with General Preferences via "
    "No-Regret Learning}, author={Zhang, Yuheng and others}, year={2024}, note={arXiv:2407.00617}}",
)


class Parameters(RegularisedSettings):
    """Parameters of INPO."""

    temperature: float = Field(default=0.1, gt=0)
    """Weight ``tau`` of the Kullback-Leibler divergence from the reference, in payoffs."""


class Inpo(PreferenceSolver):
    """Solver of regularised preference games by INPO."""

    kind = "inpo"

    def rate(self, target: Target, number: int) -> float:
        """Return the length ``2 / (tau (t + 2))`` of step ``t``."""
        return 2.0 / (target.temperature * (number + 2))

    def loss(self, step: Step, log_policy: Tensor) -> Tensor:
        """Return the expected squared error over pairs drawn from the current policy and compared once."""
        change = log_policy - step.log_mixture
        weights = step.log_policy.exp()
        error = change[:, None] - change - step.rate * step.target.margins
        return (weights[:, None] * weights * error**2).sum()
