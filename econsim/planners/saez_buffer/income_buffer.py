"""Buffer of observed incomes, with the elasticity estimated from it and the schedule of Saez's formula."""

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
    """The newest incomes with their marginal tax rates, and the moving averages of elasticity and schedule."""

    def __init__(self, settings: Parameters, thresholds: Tensor) -> None:
        self.settings, self.thresholds = settings, thresholds
        self.incomes, self.rates = torch.zeros(0, dtype=torch.float64), torch.zeros(0, dtype=torch.float64)
        given = settings.elasticity
        self.elasticity = settings.initial_elasticity if isinstance(given, str) else given
        self.interval = (self.elasticity, self.elasticity)
        self.schedule: Tensor | None = None
        self.average = torch.zeros_like(thresholds)

    def learn(self, incomes: Tensor, rates: Tensor) -> None:
        """Add the samples ``[B, N, Y]`` of a round; if there are enough samples, update elasticity and schedule."""
        periods = incomes.shape[-1]
        self.incomes = torch.cat([self.incomes, incomes.flatten().double().cpu()])[-self.settings.buffer :]
        self.rates = torch.cat([self.rates, rates.flatten().double().cpu()])[-self.settings.buffer :]
        if not self.full:
            return
        if isinstance(self.settings.elasticity, str):
            self._average_elasticity(periods)
        schedule = histogram_schedule(self.incomes, self.thresholds, self.elasticity, self.settings.inverse_income)
        memory = 0.0 if self.schedule is None else self.settings.schedule_memory**periods
        self.average = memory * self.average + (1.0 - memory) * schedule
        self.schedule = schedule

    def found(self) -> dict[str, Tensor]:
        """Return the schedule to announce, ``rates`` ``[K]``, and the state from which a later fit continues."""
        elasticity = torch.tensor([self.elasticity, *self.interval], dtype=torch.float64)
        newest = {} if self.schedule is None else {"newest_rates": self.schedule}
        samples = {"incomes": self.incomes, "marginal_rates": self.rates}
        return {"rates": self.average, "elasticity": elasticity, **newest, **samples}

    def resume(self, found: Mapping[str, Tensor]) -> None:
        """Continue from the state of an earlier fit, if there was one."""
        if not found:
            return
        self.average, self.schedule = found["rates"], found.get("newest_rates")
        self.incomes, self.rates = found["incomes"], found["marginal_rates"]
        self.elasticity, low, high = found["elasticity"].tolist()
        self.interval = (low, high)

    @property
    def full(self) -> bool:
        """Whether there are enough samples for the formula."""
        return len(self.incomes) >= self.settings.fewest

    def _average_elasticity(self, periods: int) -> None:
        try:
            estimate: Elasticity = estimate_elasticity(self.incomes, self.rates)
        except UserError:
            return  # too few observations or too little variation: the average is kept, as in the published code
        memory = self.settings.elasticity_memory**periods
        self.elasticity = memory * self.elasticity + (1.0 - memory) * max(0.0, estimate.value)
        self.interval = (estimate.low, estimate.high)
