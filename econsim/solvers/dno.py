"""Direct Nash optimisation (DNO): self-play in preference games by logistic regression on pairs.

The step of ``self_play``, ``pi(y) ~ pi_t(y) exp(h r(y))`` with the win rate ``r(y) = P(y > pi_t)``, is fitted to pairs
from ``pi_t``: with ``D`` the difference between two alternatives of ``log(pi / pi_t) / h``, and ``D*`` that of ``r``,
the loss is the cross entropy of ``sigmoid(D)`` relative to ``sigmoid(D*)``. Every step is preferred to the one before:
``P(pi_{t+1} > pi_t) >= 1/2 + KL(pi_{t+1} || pi_t) / h``. The average policy converges to a maximal lottery.

Source: Rosset et al. (2024), *Direct Nash Optimization*; its ``eta`` is ``1 / h``.
"""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

from econsim.solvers._preference_solver import PreferenceSolver
from econsim.solvers._preferences import Settings, Step, Target

__all__ = ["Dno", "Parameters"]

REFERENCES = (
    "@misc{rosset2024direct, title={Direct Nash Optimization: Teaching Language Models to Self-Improve with General "
    "Preferences}, author={Rosset, Corby and others}, year={2024}, note={arXiv:2404.03715}}",
)


class Parameters(Settings):
    """Parameters of DNO; by default, steps have a length of ``1 / sqrt(t + 1)``."""


class Dno(PreferenceSolver):
    """Solver of preference games by DNO."""

    kind = "dno"

    def rate(self, target: Target, number: int) -> float:
        """Return the length ``1 / sqrt(t + 1)`` of step ``t``, for margins of at most 1/2."""
        largest = float(target.margins.abs().max()) or 0.5
        return 0.5 / (largest * sqrt(number + 1))

    def loss(self, step: Step, log_policy: Tensor) -> Tensor:
        """Return the expected cross entropy over pairs drawn from the current policy."""
        change = (log_policy - step.log_policy) / step.rate
        values, weights = step.values(step.log_policy), step.log_policy.exp()
        difference, wanted = change[:, None] - change, torch.sigmoid(values[:, None] - values)
        logistic = torch.nn.functional.logsigmoid
        entropy = wanted * logistic(difference) + (1 - wanted) * logistic(-difference)
        return -(weights[:, None] * weights * entropy).sum()
