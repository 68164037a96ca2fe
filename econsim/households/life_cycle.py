r"""Life cycles: ages, survival, labour efficiency by age, population growth and a pay-as-you-go pension.

A household is born at age 0 without assets, survives from age $j$ to the next with probability $\psi_j$ and dies for
certain after the last of $J$ ages. Each cohort is $1 + n$ times as large as that before, so that the share of an age in
a stationary population is proportional to $\prod_{i < j} \psi_i / (1 + n)^j$. What the dead leave is divided equally
among all who are alive in the next period.

From the age of retirement on, a household receives a pension, the same for all: the replacement rate $\rho$ times mean
labour income of people below that age. Those who earn pay the contribution rate $\theta$ of their labour income. The
scheme has no fund. With shares $\mu_w$ and $\mu_r$ of people below and above the age of retirement its budget is
$\theta W L = \rho (W L / \mu_w) \mu_r$, so that $\theta = \rho \mu_r / \mu_w$ whatever prices are: one of the two rates
is given and the other adjusts.

Sources: Diamond (1965); Auerbach and Kotlikoff (1987); Huggett (1996) for uncertain lifetimes and accidental bequests;
Gompertz (1825) for the law of mortality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Chain, Floats

__all__ = ["LifeCycle", "PensionRule", "expected_periods", "gompertz", "hump", "normal_shares"]

PensionRule = Literal["contribution", "replacement"]
"""The rate that adjusts so that contributions pay for pensions."""


@dataclass(frozen=True)
class LifeCycle:
    r"""Ages, each a period, and the pension.

    survival: ``[J]``, $\psi_j$, the probability of living at the next age; zero at the last one.
    efficiency: ``[J]``, labour of one unit of time at productivity one; zero for who does not work.
    retirement: the first age with a pension, counted from zero; ``J`` where there is none.
    newborns: ``[S]``, the distribution of productivity at age zero.
    growth: $n$, of the population per period.
    adjusts: the rate of the pension that closes its budget; ``rate`` is the other one.
    entry: age of a newborn in periods, for what is shown by age.
    """

    survival: Floats
    efficiency: Floats
    retirement: int
    newborns: Floats
    growth: float = 0.0
    adjusts: PensionRule = "contribution"
    rate: float = 0.0
    entry: int = 0

    @property
    def ages(self) -> int:
        """The number of ages ``J``."""
        return len(self.survival)

    @property
    def cohort(self) -> Floats:
        """``[J]``, the probability of a newborn to live at each age."""
        alive: Floats = np.append(1.0, np.cumprod(self.survival[:-1]))
        return alive

    @property
    def shares(self) -> Floats:
        """``[J]``, the share of each age in the stationary population."""
        weights = self.cohort / (1 + self.growth) ** np.arange(self.ages)
        shares: Floats = weights / weights.sum()
        return shares

    @property
    def retired(self) -> float:
        """The share of the population with a pension."""
        return float(self.shares[self.retirement :].sum())

    @property
    def expectancy(self) -> float:
        """The mean number of periods that a newborn lives, the first included."""
        return float(self.cohort.sum())

    @property
    def rates(self) -> tuple[float, float]:
        """The contribution rate and the replacement rate.

        Raises:
            UserError: pensions cost all labour income or more.
        """
        contribution, replacement = self.rates_at(1 - self.retired, self.retired)
        if contribution >= 1:
            raise UserError(
                f"life_cycle: a replacement rate of {replacement:.3g} needs contributions of {contribution:.0%} of"
                f" labour income, since {self.retired:.1%} of the population are retired; lower the replacement rate or"
                " raise the age of retirement"
            )
        return contribution, replacement

    def rates_at(self, workers: float, retired: float) -> tuple[float, float]:
        """Return both rates where these are the shares of people below and above the age of retirement."""
        if not retired or not workers:
            return 0.0, self.rate if self.adjusts == "contribution" else 0.0
        if self.adjusts == "contribution":
            return self.rate * retired / workers, self.rate
        return self.rate, self.rate * workers / retired

    def productivity(self, chain: Chain) -> Floats:
        """Return labour of a unit of time ``[J * S]``, by age and state of productivity."""
        return np.outer(self.efficiency, chain.values).ravel()


def expected_periods(life: LifeCycle, discount: float = 1.0) -> Floats:
    """Return the expected discounted number of periods left in a life by age, the present one included, ``[J]``."""
    left = np.ones(life.ages)
    for age in reversed(range(life.ages - 1)):
        left[age] += discount * life.survival[age] * left[age + 1]
    return left


def gompertz(first: int, last: int, mode: float, dispersion: float) -> Floats:
    r"""Return the probability of survival from each age to the next, zero at the last one, under Gompertz's law.

    The force of mortality at age $x$ is $e^{(x - m) / b} / b$, so that
    $\psi_x = \exp(-e^{(x - m) / b} (e^{1 / b} - 1))$; without a last age, $m$ is the most frequent age of death.

    Args:
        first: age of a newborn household, in periods.
        last: age that nobody survives.
        mode: $m$, in periods.
        dispersion: $b > 0$, in periods.
    """
    ages = np.arange(first, last + 1, dtype=np.float64)
    with np.errstate(over="ignore"):  # beyond the range of floats nobody survives
        survival: Floats = np.exp(-np.exp((ages - mode) / dispersion) * np.expm1(1 / dispersion))
    survival[-1] = 0.0
    return survival


def hump(ages: Floats, peak: float, rise: float) -> Floats:
    r"""Return efficiency by age, a parabola in logarithms whose mean over ``ages`` is one.

    It is highest at ``peak``, where it is ``rise`` times that at the first age.
    """
    relative = (ages - peak) / (ages[0] - peak) if rise != 1 else np.zeros_like(ages)
    levels = np.exp(-np.log(rise) * relative**2)
    profile: Floats = levels / levels.mean()
    return profile


def normal_shares(chain: Chain, deviation: float) -> Floats:
    """Return probabilities ``[S]`` of the states closest to a normal draw of log productivity with this deviation.

    Its median is the middle of the chain's logarithms.
    """
    from scipy.special import ndtr

    logs = np.log(chain.values)
    bounds = (logs[1:] + logs[:-1]) / 2 - (logs[0] + logs[-1]) / 2
    shares: Floats = np.diff(ndtr(bounds / deviation), prepend=0.0, append=1.0)
    return shares
