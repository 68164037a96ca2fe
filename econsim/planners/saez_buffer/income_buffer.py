"""Buffer of observed incomes, and the elasticity and tax schedule that Saez's formula makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.mechanisms.saez import Elasticity, estimate_elasticity, histogram_schedule

if TYPE_CHECKING:
    from econsim.planners.saez_buffer import Parameters

__all__ = ["IncomeBuffer"]


class IncomeBuffer:
    """The newest incomes with their marginal rates, and the average elasticity and schedule that follow from them."""

    def __init__(self, settings: Parameters, thresholds: Tensor) -> None:
        self.settings, self.thresholds = settings, thresholds
        self.incomes, self.rates = torch.zeros(0, dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
        given = settings.elasticity
        self.elasticity = settings.initial_elasticity if isinstance(given, str) else given
        self.interval = (self.elasticity, self.elasticity)
        self.schedule: Tensor | None = None
        self.average = torch.zeros_like(thresholds)

    def learn(self, incomes: Tensor, rates: Tensor) -> None:
        """Add a round's samples ``[B, N, Y]``, each once; with enough of them renew elasticity and schedule."""
        periods = incomes.shape[-1]
        self.incomes = torch.cat([self.incomes, incomes.flatten().double().cpu()])[-self.settings.buffer :]
        self.rates = torch.cat([self.rates, rates.flatten().double().cpu()])[-self.settings.buffer :]
        if not self.full:
            return
        if isinstance(self.settings.elasticity, str):
            self._average_elasticity(periods)
        answer = histogram_schedule(self.incomes, self.thresholds, self.elasticity, self.settings.inverse_income)
        kept = 0.0 if self.schedule is None else self.settings.schedule_memory**periods
        self.average = kept * self.average + (1.0 - kept) * answer
        self.schedule = answer

    def found(self) -> dict[str, Tensor]:
        """Return what the planner announces, ``rates`` ``[K]``, and all that a later fit continues from."""
        elasticity = torch.tensor([self.elasticity, *self.interval], dtype=torch.float64)
        newest = {} if self.schedule is None else {"newest_rates": self.schedule}
        samples = {"incomes": self.incomes, "marginal_rates": self.rates}
        return {"rates": self.average, "elasticity": elasticity, **newest, **samples}

    def resume(self, found: Mapping[str, Tensor]) -> None:
        """Continue from what an earlier fit found, if there was one."""
        if not found:
            return
        self.average, self.schedule = found["rates"], found.get("newest_rates")
        self.incomes, self.rates = found["incomes"], found["marginal_rates"]
        self.elasticity, *ends = found["elasticity"].tolist()
        self.interval = (ends[0], ends[1])

    @property
    def full(self) -> bool:
        """Whether there are enough samples for the formula."""
        return len(self.incomes) >= self.settings.fewest

    def _average_elasticity(self, periods: int) -> None:
        try:
            found: Elasticity = estimate_elasticity(self.incomes, self.rates)
        except UserError:
            return  # too few or too equal: the average stays, as published
        kept = self.settings.elasticity_memory**periods
        self.elasticity = kept * self.elasticity + (1.0 - kept) * max(0.0, found.value)
        self.interval = (found.low, found.high)
