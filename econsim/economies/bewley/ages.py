"""Parameters of the life cycle: ages, survival, efficiency by age, growth of the population and the pension."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from econsim.errors import UserError
from econsim.households.chains import Chain
from econsim.households.life_cycle import LifeCycle, PensionRule, gompertz, hump, normal_shares
from econsim.parameters import Model

__all__ = ["Ages", "Efficiency", "Pension", "Survival"]


class Survival(Model):
    """Gompertz's law of mortality; with the defaults a newborn lives 79.5 years."""

    mode: float = 85.0
    """The most frequent age of death, in periods."""
    dispersion: float = Field(9.5, ge=0.01)
    """Spread of the ages of death, in periods; the life expectancy at age zero is ``mode`` less 0.577 times this."""


class Efficiency(Model):
    """Labour of a unit of time by age, a parabola in logarithms with mean one over working ages."""

    peak: float = 50.0
    """Age of the highest efficiency, in periods."""
    rise: float = Field(1.8, gt=0)
    """Highest efficiency as a multiple of that at the first age; one is a flat profile."""


class Pension(Model):
    """A pay-as-you-go pension: contributions are paid out in the same period, equally to all retired."""

    adjusts: PensionRule = "contribution"
    """The rate that closes the budget of the scheme; the other one is given."""
    contribution: float = Field(0.0, ge=0, lt=1)
    """Share of labour income that is paid in, before the tax on labour income; where the replacement rate adjusts."""
    replacement: float = Field(0.0, ge=0)
    """Pension as a share of mean labour income of people below the age of retirement, before taxes and contributions;
    where the contribution rate adjusts."""

    @model_validator(mode="after")
    def _amounts_are_used(self) -> Pension:
        if getattr(self, self.adjusts):
            raise ValueError(f"{self.adjusts}: it adjusts and cannot be given; leave it out")
        return self

    @property
    def given(self) -> str:
        """The name of the rate that is given."""
        return "replacement" if self.adjusts == "contribution" else "contribution"

    @property
    def rate(self) -> float:
        """The rate that is given."""
        return float(getattr(self, self.given))


def _check_list(name: str, numbers: tuple[float, ...], count: int, wanted: str, most: float = inf) -> None:
    """Check that there are ``count`` positive numbers, at most ``most``."""
    wrong = next((number for number in numbers if not 0 < number <= most), None)
    if len(numbers) != count:
        raise ValueError(f"{name}: expected {wanted}, found {len(numbers)}")
    if wrong is not None:
        raise ValueError(f"{name}: expected {wanted}, found {wrong:g}")


class Ages(Model):
    """The life cycle; ages are in periods, years with the defaults."""

    entry: int = Field(20, ge=0)
    """Age of a newborn household, which has no assets."""
    retirement: int = Field(65, ge=1)
    """First age without work, and with a pension."""
    last: int = Field(90, ge=1)
    """Age that nobody survives."""
    survival: Literal["certain"] | Survival | tuple[float, ...] = Survival()
    """``certain``: everybody reaches the last age; Gompertz's law; or the probabilities of reaching the next age, one
    for each age before the last."""
    growth: float = Field(0.0, gt=-0.5, lt=10)
    """Growth of the population per period."""
    efficiency: Efficiency | tuple[float, ...] = Efficiency()
    """Labour of a unit of time by age: a hump, or numbers for each age before retirement."""
    newborn_deviation: float | None = Field(None, gt=0)
    """Standard deviation of newborns' log productivity; null: that of ``economy.productivity``."""
    pension: Pension = Pension()
    """The pension; none by default."""

    @model_validator(mode="after")
    def _ages_are_in_order(self) -> Ages:
        if not self.entry < self.retirement <= self.last:
            raise ValueError(f"expected entry < retirement <= last, found {self.entry}, {self.retirement}, {self.last}")
        if isinstance(self.survival, tuple):
            count, levels = self.last - self.entry, "probabilities above 0 and at most 1"
            _check_list("survival", self.survival, count, f"{count} {levels}, one for each age before the last", 1.0)
        return self

    @model_validator(mode="after")
    def _newborns_survive(self) -> Ages:
        law = self.survival
        if isinstance(law, Survival) and not gompertz(self.entry, self.last, law.mode, law.dispersion)[0] > 0:
            raise ValueError(f"survival.mode: at {law.mode:g} nobody survives the first age, {self.entry}; raise it")
        return self

    @model_validator(mode="after")
    def _efficiency_is_positive(self) -> Ages:
        profile, count = self.efficiency, self.retirement - self.entry
        if isinstance(profile, tuple):
            wanted = f"{count} numbers above 0, one for each age before retirement"
            _check_list("efficiency", profile, count, wanted)
        elif profile.rise != 1 and profile.peak == self.entry:
            raise ValueError("efficiency.peak: it is the first age already; give a later one, or rise: 1")
        return self

    def reformed(self, changes: Mapping[str, float]) -> Ages:
        """Return the life cycle with another rate of the pension.

        Raises:
            UserError: the rate adjusts or is outside of its range.
        """
        for name, value in changes.items():
            if name == self.pension.adjusts or name == "adjusts":
                raise UserError(f"reform: {name}: it adjusts to close the budget of the pension and cannot be set")
            if value < 0 or (name == "contribution" and value >= 1):
                raise UserError(f"reform: {name}: expected zero or more, contributions below 1, found {value:g}")
        return self.model_copy(update={"pension": self.pension.model_copy(update=dict(changes))})

    @property
    def count(self) -> int:
        """The number of ages."""
        return self.last - self.entry + 1

    def life(self, chain: Chain) -> LifeCycle:
        """Return the life cycle as the exact methods take it."""
        count, working = self.count, np.arange(self.entry, self.retirement, dtype=np.float64)
        if self.survival == "certain":
            survival = np.append(np.ones(count - 1), 0.0)
        elif isinstance(self.survival, Survival):
            survival = gompertz(self.entry, self.last, self.survival.mode, self.survival.dispersion)
        else:
            survival = np.append(self.survival, 0.0)
        profile, deviation = self.efficiency, self.newborn_deviation
        levels = np.array(profile) if isinstance(profile, tuple) else hump(working, profile.peak, profile.rise)
        return LifeCycle(
            survival,
            np.append(levels, np.zeros(count - len(levels))),
            len(working),
            chain.stationary if deviation is None else normal_shares(chain, deviation),
            self.growth,
            self.pension.adjusts,
            self.pension.rate,
            self.entry,
        )
