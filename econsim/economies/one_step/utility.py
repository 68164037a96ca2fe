"""Utility families of the one-step economy: cost of work, annual utility and best hours.

``values`` holds a family's numeric parameters by name, shaped to broadcast over ``[B, N]``. Money-metric families have
no income effects, so that the rebate does not affect choices. In the isoelastic family it does, and workers expect the
rebate that results from their choices.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from pydantic import Field
from torch import Tensor

from econsim.economies.one_step.response import (
    best_among,
    best_income,
    grid_values,
    isoelastic_peaks,
    quasi_linear_peaks,
)
from econsim.mechanisms.numerics import power
from econsim.mechanisms.preferences import isoelastic
from econsim.mechanisms.taxes import brackets_tax
from econsim.parameters import Model

Values = Mapping[str, Tensor]
REBATE_BISECTIONS = 24
LARGEST_DIFFERENCE = 4.0  # of revenue and rebate, in intervals of the bisection; slopes explain at most two


@dataclass(frozen=True)
class HouseholdBudget:
    """A worker's choice set: maximum hours, their step (``None``: continuous), and the tax schedule on gross income.

    ``thresholds`` and ``rates`` are ``[K]`` or ``[B, K]``.
    """

    cap: float
    step: float | None
    thresholds: Tensor
    rates: Tensor

    def tax(self, income: Tensor) -> Tensor:
        """Return the tax on ``income`` ``[B, N]``."""
        return brackets_tax(income, self.thresholds, self.rates)

    def tax_range(self, skill: Tensor) -> tuple[Tensor, Tensor]:
        """Return the lowest and the highest tax ``[B, N]`` of any hours; a piecewise linear tax has both at kinks."""
        full = skill * self.cap
        lowest = highest = self.tax(full)
        for bracket in range(self.thresholds.shape[-1]):
            tax = self.tax(torch.minimum(full, self.thresholds[..., bracket, None]))
            lowest, highest = torch.minimum(lowest, tax), torch.maximum(highest, tax)
        return lowest, highest


class Family(Protocol):
    """Interface of a utility family."""

    @property
    def in_money(self) -> bool:
        """Whether utility is measured in money."""

    @property
    def numbers(self) -> dict[str, float]:
        """The numeric parameters by name."""

    def utility(self, values: Values, skill: Tensor, consumption: Tensor, hours: Tensor) -> Tensor:
        """Return utility ``[B, N]`` of a year."""

    def compensated_elasticity(self, values: Values, net_earnings: Tensor, consumption: Tensor) -> Tensor:
        """Return each worker's elasticity of hours with respect to the net wage at constant utility, ``[B, N]``.

        ``net_earnings`` ``[B, N]`` is the net wage of the last hour times hours.
        """

    def expected_rebate(self, values: Values, skill: Tensor, weight: Tensor, budget: HouseholdBudget) -> Tensor:
        """Return the rebate ``[B, 1]`` that workers expect; zero where it does not affect the best hours."""

    def best_hours(self, values: Values, skill: Tensor, rebate: Tensor, budget: HouseholdBudget) -> Tensor:
        """Return exact best hours ``[B, N]``, multiples of the step if there is one, taking the rebate as given."""

    def choice_values(
        self, values: Values, skill: Tensor, rebate: Tensor, hours: Tensor, budget: HouseholdBudget
    ) -> Tensor:
        """Return the utility ``[B, N, A]`` of each choice of hours ``[A]``, taking the rebate as given."""


class MoneyMetric(Model, ABC):
    """Consumption less a cost of work in money, $(v l_0 / d) (l / l_0)^d$ with $d = 1 + 1 / e$ and elasticity $e$.

    $l_0$ is the number of hours worked without taxes. There are no income effects: the rebate affects no choice.
    """

    @property
    def in_money(self) -> bool:
        """Whether utility is measured in money."""
        return True

    @abstractmethod
    def desire(self, values: Values, skill: Tensor) -> tuple[Tensor, Tensor]:
        """Return hours without taxes ``[B, N]`` and the elasticity of hours with respect to the net-of-tax rate."""

    def cost(self, values: Values, skill: Tensor, hours: Tensor) -> Tensor:
        """Return the cost of work in money; ``hours`` ``[B, N]``, or ``[B, N, A]`` for ``skill`` ``[B, N, 1]``."""
        untaxed_hours, elasticity = self.desire(values, skill)
        exponent = 1.0 + 1.0 / elasticity
        return skill * untaxed_hours / exponent * power(hours / untaxed_hours, exponent)

    def utility(self, values: Values, skill: Tensor, consumption: Tensor, hours: Tensor) -> Tensor:
        """Return consumption less the cost of work, in money."""
        return consumption - self.cost(values, skill, hours)

    def compensated_elasticity(self, values: Values, net_earnings: Tensor, consumption: Tensor) -> Tensor:
        """Return the elasticity of hours, which has no income effect to be compensated."""
        return self.desire(values, torch.ones_like(net_earnings))[1].expand_as(net_earnings)

    def expected_rebate(self, values: Values, skill: Tensor, weight: Tensor, budget: HouseholdBudget) -> Tensor:
        """Return zero ``[B, 1]``: without income effects the rebate affects no choice."""
        return torch.zeros_like(skill[:, :1])

    def best_hours(self, values: Values, skill: Tensor, rebate: Tensor, budget: HouseholdBudget) -> Tensor:
        """Return the closed-form best response, or the best of the multiples next to each bracket's peak."""
        untaxed_hours, elasticity = self.desire(values, skill)
        cap, thresholds, rates = budget.cap, budget.thresholds, budget.rates
        if budget.step is None:
            return best_income(skill * untaxed_hours, skill * cap, thresholds, rates, elasticity) / skill

        def net_utility(hours: Tensor) -> Tensor:
            income = skill * hours
            return income - budget.tax(income) - self.cost(values, skill, hours)

        peaks = quasi_linear_peaks(skill, untaxed_hours, cap, thresholds, rates, elasticity)
        return best_among(peaks, net_utility, budget.step)

    def choice_values(
        self, values: Values, skill: Tensor, rebate: Tensor, hours: Tensor, budget: HouseholdBudget
    ) -> Tensor:
        """Return net income less the cost of work of each choice."""
        cost = self.cost(_wide(values), skill[..., None], hours)
        return grid_values(skill, cost, hours, budget.thresholds, budget.rates)


class QuasiLinear(MoneyMetric):
    """Consumption less ``labour_cost * hours^labour_exponent``, without income effects; defaults as published.

    Source of the defaults: LLM Economist, code release 1.0.0 (2025). At US incomes most workers then work the maximum
    hours.
    """

    kind: Literal["quasi_linear"] = "quasi_linear"
    labour_cost: float = Field(0.0005, gt=0)
    """Cost of work ``c``, in money per hour^exponent."""
    labour_exponent: float = Field(3.5, gt=1)
    """Exponent ``delta``; the elasticity of hours with respect to the net-of-tax rate is ``1 / (delta - 1)``."""

    @property
    def numbers(self) -> dict[str, float]:
        """The numeric parameters by name."""
        return {"labour_cost": self.labour_cost, "labour_exponent": self.labour_exponent}

    def desire(self, values: Values, skill: Tensor) -> tuple[Tensor, Tensor]:
        r"""Return hours without taxes $(v / (\delta c))^{1 / (\delta - 1)}$ and the elasticity $1 / (\delta - 1)$."""
        elasticity = 1.0 / (values["labour_exponent"] - 1.0)
        return power(skill / (values["labour_exponent"] * values["labour_cost"]), elasticity), elasticity


class Calibrated(MoneyMetric):
    r"""Consumption less a cost of work proportional to skill, so that all would work the same hours without taxes.

    $c_i = v_i / (\delta \, l_0^{\delta - 1})$ with $\delta = 1 + 1 / e$ and hours without taxes $l_0$: the elasticity
    of hours with respect to the net-of-tax rate is the same at all incomes.
    """

    kind: Literal["calibrated"] = "calibrated"
    elasticity: float = Field(0.4, gt=0, le=5)
    """Elasticity of hours, and hence of income, with respect to the net-of-tax rate."""
    untaxed_hours: float = Field(60.0, gt=0)
    """Hours per week that each worker works without taxes."""

    @property
    def numbers(self) -> dict[str, float]:
        """The numeric parameters by name."""
        return {"elasticity": self.elasticity, "untaxed_hours": self.untaxed_hours}

    def desire(self, values: Values, skill: Tensor) -> tuple[Tensor, Tensor]:
        """Return hours without taxes, equal for all workers, and the elasticity."""
        return values["untaxed_hours"].expand_as(skill), values["elasticity"]


class Isoelastic(Model):
    r"""Isoelastic utility $((C / m)^{1 - \eta} - 1) / (1 - \eta) - c \, l^\delta$, with income effects.

    $C$ is consumption, $m$ the unit of money, $l$ hours, $c$ the labour cost and $\delta$ the labour exponent.

    $C$ includes ``home_consumption``. Only a levy (a negative rebate) can leave less than that; utility then falls in
    proportion, at the marginal utility of ``home_consumption``, so that it remains finite and concave.
    """

    kind: Literal["isoelastic"] = "isoelastic"
    risk_aversion: float = Field(0.23, ge=0)
    """Coefficient ``eta`` of relative risk aversion; one is logarithmic. Default: AI Economist (Zheng et al. 2020)."""
    labour_cost: float = Field(0.21, gt=0)
    """Cost of work ``c``, in utility per hour^exponent."""
    labour_exponent: float = Field(1.0, ge=1)
    """Exponent ``delta`` of hours."""
    money_unit: float = Field(1000.0, gt=0)
    """Money ``m`` that counts as one unit of consumption."""
    home_consumption: float = Field(1.0, gt=0)
    """Consumption available without work, in money; it keeps utility finite for workers without income."""

    @property
    def in_money(self) -> bool:
        """Whether utility is measured in money."""
        return False

    @property
    def numbers(self) -> dict[str, float]:
        """The numeric parameters by name."""
        return {name: value for name, value in self.model_dump().items() if name != "kind"}

    def utility(self, values: Values, skill: Tensor, consumption: Tensor, hours: Tensor) -> Tensor:
        """Return isoelastic utility ``[B, N]``, not in money."""
        units = (consumption + values["home_consumption"]) / values["money_unit"]
        least = values["home_consumption"] / values["money_unit"]
        in_debt = units < least
        owed = torch.where(in_debt, (least - units) * power(least, -values["risk_aversion"]), 0.0)
        disutility = values["labour_cost"] * power(hours, values["labour_exponent"])
        return isoelastic(torch.where(in_debt, least, units), values["risk_aversion"]) - owed - disutility

    def compensated_elasticity(self, values: Values, net_earnings: Tensor, consumption: Tensor) -> Tensor:
        r"""Return $1 / (\delta - 1 + \eta \, w l / C)$ with net earnings $w l$.

        The first-order condition $w \, u'(C) = c \delta l^{\delta - 1}$ is differentiated along $dC = w \, dl$, which
        keeps utility constant.
        """
        share = net_earnings / (consumption + values["home_consumption"])
        return 1.0 / (values["labour_exponent"] - 1.0 + values["risk_aversion"] * share)

    def expected_rebate(self, values: Values, skill: Tensor, weight: Tensor, budget: HouseholdBudget) -> Tensor:
        """Return the equilibrium rebate ``[B, 1]`` by bisection, since revenue falls as the rebate rises.

        Where subsidies of work exceed taxes, the rebate is a levy; at most, everybody has the largest credit.

        Where hours have steps, or marginal rates fall, revenue may jump past the rebate, so that no rebate is
        consistent with all choices. The result is then the side of the jump where the largest gain from deviating is
        smaller.
        """

        def revenue(rebate: Tensor) -> Tensor:
            hours = self.best_hours(values, skill, rebate, budget)
            return (weight * budget.tax(skill * hours)).mean(-1, keepdim=True)

        def largest_gain(expected: Tensor) -> Tensor:
            hours = self.best_hours(values, skill, expected, budget)
            paid = (weight * budget.tax(skill * hours)).mean(-1, keepdim=True)
            return self.deviation_gain(values, skill, hours, paid, budget).amax(-1, keepdim=True)

        least, most = budget.tax_range(skill)
        low, high = ((weight * tax).mean(-1, keepdim=True) for tax in (least, most))
        for _ in range(REBATE_BISECTIONS):
            guess = 0.5 * (low + high)
            more = revenue(guess) > guess
            low, high = torch.where(more, guess, low), torch.where(more, high, guess)
        middle = 0.5 * (low + high)
        # Continuous revenue falls by less than the rebate rises, and differs from it by no more than the interval.
        jumps = (revenue(middle) - middle).abs() > LARGEST_DIFFERENCE * (high - low)
        # The sides are computed in any case: a branch on data would wait for the device in every step.
        return torch.where(jumps, torch.where(largest_gain(low) < largest_gain(high), low, high), middle)

    def deviation_gain(
        self, values: Values, skill: Tensor, hours: Tensor, rebate: Tensor, budget: HouseholdBudget
    ) -> Tensor:
        """Return the rise of utility ``[B, N]`` from ``hours`` to the best hours at the rebate ``[B, 1]`` received."""
        best = self.best_hours(values, skill, rebate, budget)
        gained, own = (
            self.utility(values, skill, skill * chosen - budget.tax(skill * chosen) + rebate, chosen)
            for chosen in (best, hours)
        )
        return (gained - own).clamp(min=0)

    def best_hours(self, values: Values, skill: Tensor, rebate: Tensor, budget: HouseholdBudget) -> Tensor:
        """Return best hours by bisection in each bracket."""
        curvature, unit, exponent = values["risk_aversion"], values["money_unit"], values["labour_exponent"]

        def marginal_gain(hours: Tensor, consumption: Tensor, net_wage: Tensor) -> Tensor:
            marginal_cost = values["labour_cost"] * exponent * power(hours, exponent - 1.0)
            units = torch.maximum(consumption, values["home_consumption"]) / unit
            return net_wage / unit * power(units, -curvature) - marginal_cost

        def total_utility(hours: Tensor) -> Tensor:
            income = skill * hours
            consumption = income - budget.tax(income) + rebate
            return self.utility(values, skill, consumption, hours)

        other_income = (rebate + values["home_consumption"]).expand_as(skill)
        schedule = budget.thresholds, budget.rates
        peaks = isoelastic_peaks(skill, budget.cap, *schedule, other_income, marginal_gain)
        return best_among(peaks, total_utility, budget.step)

    def choice_values(
        self, values: Values, skill: Tensor, rebate: Tensor, hours: Tensor, budget: HouseholdBudget
    ) -> Tensor:
        """Return the utility of each choice."""
        free = torch.zeros((1, 1, 1), dtype=skill.dtype, device=skill.device)
        consumption = grid_values(skill, free, hours, budget.thresholds, budget.rates) + rebate[..., None]
        return self.utility(_wide(values), skill[..., None], consumption, hours)


def _wide(values: Values) -> Values:
    """Return the parameters shaped to broadcast over ``[B, N, A]``."""
    return {name: value[..., None] for name, value in values.items()}
