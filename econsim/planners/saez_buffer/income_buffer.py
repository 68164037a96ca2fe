"""Buffer of observed incomes, with the elasticity estimated from it and the schedule of Saez's formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.mechanisms.saez import Elasticity, bracket_schedule, estimate_elasticity, histogram_schedule
from econsim.mechanisms.welfare import inverse_income_weights

if TYPE_CHECKING:
    from econsim.planners.saez_buffer import Parameters

__all__ = ["IncomeBuffer"]

SAMPLES = ("incomes", "marginal_rates", "welfare_weights", "effort_values")


class IncomeBuffer:
    """The newest incomes with their marginal tax rates, and the moving averages of elasticity and schedule."""

    def __init__(self, settings: Parameters, thresholds: Tensor, lowest_rate: float = 0.0) -> None:
        self.settings, self.thresholds, self.lowest_rate = settings, thresholds, lowest_rate
        self.samples = {name: torch.zeros(0, dtype=torch.float64) for name in SAMPLES}
        given = settings.elasticity
        self.elasticity = settings.initial_elasticity if isinstance(given, str) else given
        self.interval = (self.elasticity, self.elasticity)
        self.schedule: Tensor | None = None
        self.average = torch.zeros_like(thresholds)

    def learn(
        self, incomes: Tensor, rates: Tensor, weights: Tensor | None = None, effort_values: Tensor | None = None
    ) -> None:
        """Add the samples of a round; if there are enough samples, update elasticity and schedule.

        Args:
            incomes: ``[..., Y]``, by tax period.
            rates: marginal tax rates, of the same shape.
            weights: social weights ``[...]``; one each by default.
            effort_values: of :class:`econsim.economics.OptimalTaxInputs`, ``[...]``; zero by default.
        """
        added = {
            "incomes": incomes,
            "marginal_rates": rates,
            "welfare_weights": _by_period(1.0 if weights is None else weights, incomes),
            "effort_values": _by_period(0.0 if effort_values is None else effort_values, incomes),
        }
        for name, values in added.items():
            kept = torch.cat([self.samples[name], values.flatten().double().cpu()])
            self.samples[name] = kept[-self.settings.buffer :]
        if not self.full:
            return
        periods = incomes.shape[-1]
        if self.settings.elasticity == "estimated":
            self._average_elasticity(periods)
        schedule = self._formula()
        memory = 0.0 if self.schedule is None else self.settings.schedule_memory**periods
        self.average = memory * self.average + (1.0 - memory) * schedule
        self.schedule = schedule

    def found(self) -> dict[str, Tensor]:
        """Return the schedule to announce, ``rates`` ``[K]``, and the state from which a later fit continues."""
        elasticity = torch.tensor([self.elasticity, *self.interval], dtype=torch.float64)
        newest = {} if self.schedule is None else {"newest_rates": self.schedule}
        return {"rates": self.average, "elasticity": elasticity, **newest, **self.samples}

    def resume(self, found: Mapping[str, Tensor]) -> None:
        """Continue from the state of an earlier fit, if there was one."""
        if not found:
            return
        self.average, self.schedule = found["rates"], found.get("newest_rates")
        self.samples = {name: found[name] for name in SAMPLES}
        self.elasticity, low, high = found["elasticity"].tolist()
        self.interval = (low, high)

    @property
    def full(self) -> bool:
        """Whether there are enough samples for the formula."""
        return len(self.incomes) >= self.settings.fewest

    @property
    def incomes(self) -> Tensor:
        """The observed incomes of tax periods, oldest first, float64."""
        return self.samples["incomes"]

    def _formula(self) -> Tensor:
        """Return the schedule ``[K]`` that the formula gives for the samples."""
        published = self.settings.welfare_weights == "inverse_income"
        weights, effort = self.samples["welfare_weights"], self.samples["effort_values"]
        given, lowest = (self.incomes, self.thresholds, self.elasticity), self.lowest_rate
        if self.settings.method == "histogram":
            return histogram_schedule(*given, None if published else weights, lowest_rate=lowest)
        weights = inverse_income_weights(self.incomes) if published else weights
        return bracket_schedule(*given, weights, effort_values=effort, lowest_rate=lowest)

    def _average_elasticity(self, periods: int) -> None:
        try:
            estimate: Elasticity = estimate_elasticity(self.incomes, self.samples["marginal_rates"])
        except UserError:
            return  # too few observations or too little variation: the average is kept, as in the published code
        memory = self.settings.elasticity_memory**periods
        self.elasticity = memory * self.elasticity + (1.0 - memory) * max(0.0, estimate.value)
        self.interval = (estimate.low, estimate.high)


def _by_period(of_worker: Tensor | float, incomes: Tensor) -> Tensor:
    """Return a number per worker ``[...]``, or one for all, repeated for every period of ``incomes`` ``[..., Y]``."""
    return torch.as_tensor(of_worker)[..., None].expand(incomes.shape)
