"""The problem of a household that saves against income risk, and its budget at constant prices and taxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Chain, Floats

__all__ = ["Budget", "Household", "Labour", "asset_grid"]


@dataclass(frozen=True)
class Labour:
    r"""Hours as a choice, with the disutility $\psi h^{1 + \gamma} / (1 + \gamma)$.

    weight: $\psi > 0$.
    curvature: $\gamma > 0$, the inverse of the Frisch elasticity.
    most: the largest number of hours, in the unit of the time endowment.
    """

    weight: float
    curvature: float
    most: float = 1.0


@dataclass(frozen=True)
class Household:
    r"""Preferences, productivity and assets: $E \sum_t \beta^t [u(c_t) - v(h_t)]$, $u(c) = c^{1-\sigma}/(1-\sigma)$.

    discount: $\beta$ in (0, 1).
    risk_aversion: $\sigma > 0$; one is logarithmic.
    chain: of productivity, ``S`` states.
    grid: ``[G]`` assets, increasing; the first is the borrowing limit. Policies are interpolated between them, and
        nobody holds more than the last.
    labour: ``None`` where everybody works one unit of time.
    """

    discount: float
    risk_aversion: float
    chain: Chain
    grid: Floats
    labour: Labour | None = None


@dataclass(frozen=True)
class Budget:
    r"""Prices and taxes: $(1 + \tau_c) c + a' = R a + \lambda (W e h)^{1 - \tau} + T$, or a schedule of brackets.

    gross_return: $R$, on assets, after taxes on them.
    wage: $W$, of a unit of effective labour.
    transfer: $T$, to every household.
    consumption_tax: $\tau_c$.
    level, progressivity: $\lambda$ and $\tau$ in [0, 1) of the tax on labour income; 1 and 0 with brackets.
    brackets: lower thresholds of labour income, from zero, and marginal rates, which do not fall; none: no brackets.
    """

    gross_return: float
    wage: float
    transfer: float = 0.0
    consumption_tax: float = 0.0
    level: float = 1.0
    progressivity: float = 0.0
    brackets: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())

    def net_earnings(self, productivity: Floats, hours: Floats) -> Floats:
        """Return labour income after tax."""
        if self.brackets[1]:
            gross = self.wage * productivity * hours
            rises = np.diff(self.brackets[1], prepend=0.0)
            taxed = (rise * np.maximum(gross - start, 0.0) for start, rise in zip(self.brackets[0], rises, strict=True))
            return np.asarray(gross - sum(taxed))
        net: Floats = self.level * (self.wage * productivity * hours) ** (1 - self.progressivity)
        return net

    def check(self, household: Household) -> None:
        r"""Check that a stationary distribution can exist, and that every household can consume.

        Raises:
            UserError: $\beta R \ge 1$, so that assets grow without bound; or interest at the borrowing limit and
                transfers leave nothing to a household of the lowest productivity, whatever it works.
        """
        growth = household.discount * self.gross_return
        if growth >= 1:
            raise UserError(
                f"no stationary distribution: the discount factor {household.discount:g} times the gross return"
                f" {self.gross_return:g} after taxes is {growth:g}; at 1 and above households save without bound; lower"
                " economy.discount or the return"
            )
        limit, chain = household.grid[0], household.chain
        most = 1.0 if household.labour is None else household.labour.most
        lowest = self.net_earnings(chain.values[:1].min(initial=chain.values.min()), np.array(most)) + self.transfer
        left = float(lowest + (self.gross_return - 1) * limit)
        if left <= 0:
            remedies = ["lower the taxes"]
            if self.transfer < 0:
                paid = (
                    f"economy.budget.spending or economy.budget.debt, which a transfer of {self.transfer:.3g} pays for"
                )
                remedies.append(f"lower {paid}")
            interest = ""
            if limit < 0:
                interest = f", interest at the borrowing limit {limit:g} is {(1 - self.gross_return) * limit:g}"
                remedies.append("raise economy.lowest_assets")
            raise UserError(
                f"the lowest income leaves no consumption: net earnings and transfers are {lowest:g}{interest};"
                f" {', or '.join(remedies)}"
            )


def asset_grid(lowest: float, highest: float, points: int, curvature: float = 3.0) -> Floats:
    """Return ``points`` assets from ``lowest`` to ``highest``, equally spaced in their ``1 / curvature``-th power."""
    grid: Floats = lowest + (highest - lowest) * np.linspace(0, 1, points) ** curvature
    return grid
