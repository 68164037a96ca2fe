r"""New Keynesian economy of households who save: sticky prices, a Taylor rule, and public debt as the only asset.

Firms produce $Y = L$ from effective labour and set prices with a markup and quadratic costs of changing them. With
gross inflation $1 + \pi$ their profits, paid to all households equally, and the Phillips curve are

$$D_t = Y_t - W_t L_t - \frac{\mu}{\mu - 1} \frac{\log(1 + \pi_t)^2}{2 \kappa} Y_t, \qquad
\log(1 + \pi_t) = \kappa \left(W_t - \frac{1}{\mu}\right)
+ \frac{1}{1 + r_{t+1}} \frac{Y_{t+1}}{Y_t} \log(1 + \pi_{t+1}).$$

The central bank sets the nominal rate $i_t = r^* + \epsilon_t + \phi \pi_t + \phi_y \log(Y_t / Y)$ of debt from period
$t$ to $t + 1$, so that $1 + r_t = (1 + i_{t-1}) / (1 + \pi_t)$. The government keeps real debt $B$ constant and pays
interest with a tax that is equal for all: a household's transfer is $T_t = D_t - r_t B$. Assets and labour of
households clear both markets, $A_t = B$ and $L_t = Y_t$; inflation is zero in the stationary equilibrium.

Sources: Auclert, Bardóczy, Rognlie and Straub (2021), the one-asset economy of section 2 and appendix B, here with
equal taxes and profits instead of those in proportion to productivity; Taylor (1993); Rotemberg (1982).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from econsim.errors import UserError
from econsim.households.chains import Floats
from econsim.households.distributions import stationary_distribution
from econsim.households.equilibrium import Aggregates, Equilibrium
from econsim.households.fixed_points import fixed_point
from econsim.households.policies import PolicySolver
from econsim.households.problem import Budget, Household

__all__ = ["StickyPrices", "representative_response", "stationary_prices"]

_ROUNDS = 60
_TOLERANCE = 1e-10
_CLOSEST, _FARTHEST = 1e-8, 0.5  # distance of the interest rate from its ceiling


@dataclass(frozen=True)
class StickyPrices:
    r"""Firms, central bank and government.

    markup: $\mu > 1$, of prices over marginal cost at zero inflation.
    slope: $\kappa > 0$, of the Phillips curve.
    inflation_response, output_response: $\phi$ and $\phi_y$ of the Taylor rule.
    debt: $B$ over output of a period in the stationary equilibrium.
    """

    markup: float = 1.2
    slope: float = 0.1
    inflation_response: float = 1.5
    output_response: float = 0.0
    debt: float = 5.6

    @property
    def wage(self) -> float:
        """The real wage at zero inflation, marginal cost."""
        return 1.0 / self.markup

    def transfer(self, interest_rate: float, output: float) -> float:
        """Return profits less taxes per household in the stationary equilibrium."""
        return output * (1.0 - self.wage - interest_rate * self.debt)


def stationary_prices(
    household: Household, firms: StickyPrices, tolerance: float = _TOLERANCE, section: str = "solver"
) -> Equilibrium:
    """Return the stationary equilibrium at zero inflation, in which households hold all debt.

    Args:
        household: preferences, productivity and the grid of assets.
        firms: firms, central bank and government.
        tolerance: of the asset market, relative to output.
        section: of a scenario that gives the debt, which messages name.

    Raises:
        UserError: hours are no choice; there is no interest rate at which households hold the debt; or taxes that pay
            its interest leave nothing to the lowest income.
    """
    if household.labour is None:
        raise UserError("new Keynesian economy: hours have to be a choice, since output is demand; set labour_weight")
    from scipy.optimize import brentq

    search = _Search(household, firms, section)
    ceiling = 1.0 / household.discount - 1.0

    def gap(point: float) -> float:
        at = search.at(ceiling - float(np.exp(-point)))
        return at.aggregates.assets / at.output - firms.debt

    low, high = -np.log(_FARTHEST), -np.log(_CLOSEST)
    bounds = _bracket(gap, low, high, -np.log(0.2 * ceiling))
    if bounds is None:
        raise UserError(
            f"no stationary equilibrium: at no interest rate below {ceiling:g} do households hold debt of"
            f" {firms.debt:g} times output; change {section}.debt, or raise the largest assets"
        )
    point = brentq(gap, *bounds, xtol=1e-14, rtol=1e-14, maxiter=_ROUNDS)
    solved = search.at(ceiling - float(np.exp(-point)))
    residual = abs(solved.aggregates.assets / solved.output - firms.debt) / max(firms.debt, 1.0)
    if not residual <= max(tolerance, 1e-8):
        raise UserError(f"no stationary equilibrium was found: assets miss the debt by {residual:.2g} of it")
    return replace(solved, residuals={"asset market": residual, **solved.residuals})


def _bracket(gap: Callable[[float], float], low: float, high: float, start: float) -> tuple[float, float] | None:
    """Return two points between which assets reach the debt, from ``start`` outwards; ``None`` if there are none."""
    step, point = 0.5, min(max(start, low), high)
    value = gap(point)
    while True:
        further = min(max(point + (step if value < 0 else -step), low), high)
        if further == point:
            return None
        other = gap(further)
        if (other < 0) != (value < 0):
            return min(point, further), max(point, further)
        point, value, step = further, other, 1.5 * step


class _Search:
    """Households' choices at an interest rate, with the output that they produce."""

    def __init__(self, household: Household, firms: StickyPrices, section: str) -> None:
        self.household, self.firms, self.solver = household, firms, PolicySolver(household)
        self.section = section
        assert household.labour is not None
        self.output, self.rounds = 0.5 * min(household.labour.most, 2.0), 0
        self.consumption: Floats | None = None

    def at(self, rate: float) -> Equilibrium:
        """Return the equilibrium of the labour market at an interest rate."""
        results: list[Equilibrium] = []

        def image(point: Floats) -> Floats:
            results[:] = [self._try(rate, float(point[0]))]
            return np.array([results[0].aggregates.labour])

        solved = fixed_point(image, np.array([self.output]), 1e-12, _ROUNDS, lambda point: bool(point[0] > 0), memory=2)
        self.output = float(solved.value[0])
        return replace(results[0], residuals={"labour market": solved.residual, **results[0].residuals})

    def _try(self, rate: float, output: float) -> Equilibrium:
        self.rounds += 1
        household, wage, transfer = self.household, self.firms.wage, self.firms.transfer(rate, output)
        budget = Budget(1.0 + rate, wage, transfer)
        assert household.labour is not None
        lowest = wage * household.chain.values.min() * household.labour.most + transfer
        if lowest + rate * household.grid[0] <= 0:
            raise UserError(
                f"debt of {self.firms.debt:g} times output: the tax of {-transfer:.3g} per household that pays its"
                f" interest, less profits, leaves nothing to the lowest income; lower {self.section}.debt"
            )
        policy = self.solver.solve(budget, self.consumption)
        self.consumption = policy.consumption
        mass, residual = stationary_distribution(household.chain, household.grid, policy.assets)
        assets = float((mass * policy.assets).sum())
        labour = float((mass * household.chain.values[:, None] * policy.hours).sum())
        consumption, debt = float((mass * policy.consumption).sum()), self.firms.debt * output
        means = Aggregates(assets, labour, consumption, 0.0, 0.0, transfer, debt, labour_level=1.0)
        errors = {"policy": policy.residual, "distribution": residual}
        return Equilibrium(rate, wage, 0.0, labour, means, budget, policy, mass, errors, self.rounds)


def representative_response(
    risk_aversion: float, curvature: float, interest_rate: float, firms: StickyPrices, shock: Floats
) -> dict[str, Floats]:
    r"""Return the first-order response of an economy of one representative household to a monetary ``shock`` ``[T]``.

    With $\hat y$ the log deviation of output and $\beta = 1 / (1 + r)$:
    $\hat y_t = \hat y_{t+1} - (\beta / \sigma) \hat r_{t+1}$ and
    $\pi_t = \kappa W (\sigma + \gamma) \hat y_t + \beta \pi_{t+1}$.

    Returns:
        Deviations of ``output`` (log), ``inflation`` and the real ``interest_rate`` of debt that falls due, ``[T]``.

    Source: Galí (2015), chapter 3.
    """
    periods = len(shock)
    one, lead, lag = np.eye(periods), np.eye(periods, k=1), np.eye(periods, k=-1)
    discount = 1.0 / (1.0 + interest_rate)
    rate = {  # derivatives of the real rate
        "output": firms.output_response * lag,
        "inflation": firms.inflation_response * lag - (1.0 + interest_rate) * one,
    }
    euler = discount / risk_aversion * lead
    phillips = firms.slope * firms.wage * (risk_aversion + curvature)
    system = np.block(
        [
            [one - lead + euler @ rate["output"], euler @ rate["inflation"]],
            [phillips * one, discount * lead - one],
        ]
    )
    # The shock of the last period moves a real rate after it, which the lead leaves out.
    right = -discount / risk_aversion * shock
    last = -discount / risk_aversion
    system[periods - 1, periods - 1] -= last * firms.output_response
    system[periods - 1, 2 * periods - 1] -= last * firms.inflation_response
    solved = np.linalg.solve(system, np.concatenate([right, np.zeros(periods)]))
    output, inflation = np.split(solved, 2)
    real = rate["output"] @ output + rate["inflation"] @ inflation + lag @ shock
    return {"output": output, "inflation": inflation, "interest_rate": real}
