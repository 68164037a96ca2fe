"""Optimal income taxes evaluated on distributions: the top rate, and whole schedules of quasi-linear workers.

$u = c - l^{1 + 1/e} / (1 + 1/e)$ and $z = w l$, so that $l = (w (1 - T'))^e$. The schedule by brackets that a
planner sets is in :mod:`econsim.mechanisms.saez`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from econsim.analysis.inequality import Floats, arrays, sample
from econsim.analysis.taxation.skills import density_of_log_skill
from econsim.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["optimal_schedule", "pareto_parameter", "rates_for_weights", "top_rate"]

_MOST_ITERATIONS, _DAMPING = 500, 0.5


def pareto_parameter(
    income: ArrayLike,
    threshold: float,
    people: ArrayLike | None = None,
    method: Literal["mean", "hill"] = "mean",
) -> float:
    """Return the Pareto parameter of incomes above a threshold.

    ``mean``: $m / (m - z^*)$ with their mean $m$ and the threshold $z^*$, which optimal taxes need; ``hill``: one over
    the mean log of income over the threshold, the maximum-likelihood estimate (Hill 1975), which is less sensitive to
    very high incomes.

    Raises:
        UserError: a threshold that is not positive, or without incomes above it.
    """
    values, mass = sample(income, people, "income")
    above = values > threshold
    if threshold <= 0 or not above.any():
        raise UserError(f"threshold: expected an income above 0 that somebody exceeds, found {threshold:g}")
    if method == "hill":
        return float(1.0 / np.average(np.log(values[above] / threshold), weights=mass[above]))
    mean = float(np.average(values[above], weights=mass[above]))
    return mean / (mean - threshold)


def top_rate(
    pareto: float, compensated: float, uncompensated: float | None = None, welfare_weight: float = 0.0
) -> float:
    """Return the optimal rate on the highest incomes, $(1 - g) / (1 - g + u + c (a - 1))$.

    Without income effects (``uncompensated`` not given) that is $(1 - g) / (1 - g + a e)$, and at $g = 0$ the
    revenue-maximising rate $1 / (1 + a e)$.

    Args:
        pareto: the Pareto parameter ``a`` of high incomes.
        compensated: elasticity ``c`` of income to the net-of-tax rate at constant utility.
        uncompensated: elasticity ``u``, with the income effect.
        welfare_weight: ``g``, the social value of money for these people over the mean; zero to one.

    Raises:
        UserError: a parameter of one or less, an elasticity below zero, or a weight outside [0, 1].

    Source: Saez 2001, equations 8 and 9.
    """
    plain = compensated if uncompensated is None else uncompensated
    if pareto <= 1 or compensated < 0 or plain < 0 or not 0 <= welfare_weight <= 1:
        raise UserError(
            "top_rate: expected a Pareto parameter above 1, elasticities of 0 or more and a weight in [0, 1], found"
            f" {pareto}, {compensated}, {plain} and {welfare_weight}"
        )
    gain = 1.0 - welfare_weight
    return gain / (gain + plain + compensated * (pareto - 1.0)) if gain else 0.0


def rates_for_weights(
    skill: ArrayLike, weights: ArrayLike, elasticity: float, people: ArrayLike | None = None
) -> Floats:
    r"""Return the optimal marginal rate at every person's skill, ``[N]``, for given welfare weights.

    $T' / (1 - T') = (1 + 1/e) \sum_{\text{above}} (1 - g) / \phi(\log w)$ with the kernel density $\phi$ of log skill.

    Args:
        skill: ``[N]`` above zero.
        weights: marginal social welfare weights ``g``, ``[N]`` of any scale (normalised to mean one).
        elasticity: ``e`` of income to the net-of-tax rate.
        people: ``[N]``, above zero, one each if not given.

    Raises:
        UserError: a skill, an elasticity or people that are not above zero, or weights whose sum is not positive.

    Negative rates are set to zero. Source: Diamond 1998, equation 10, for isoelastic work.
    """
    log_skill, mass = _skills(skill, people, elasticity)
    return _rates(log_skill, mass, density_of_log_skill(log_skill, mass), arrays(weights)[0], elasticity)


def optimal_schedule(
    skill: ArrayLike,
    elasticity: float,
    marginal_welfare: Callable[[Floats], ArrayLike],
    people: ArrayLike | None = None,
    tolerance: float = 1e-8,
) -> pd.DataFrame:
    """Return the welfare-maximising schedule of quasi-linear workers, revenue rebated equally, as a fixed point.

    Args:
        skill: ``[N]`` above zero.
        elasticity: ``e`` of income to the net-of-tax rate.
        marginal_welfare: the marginal welfare of money at utilities ``[N]``, on any scale: ``lambda u: 1 / u`` for
            the sum of logs, ``lambda u: u == u.min()`` for the worst off.
        people: ``[N]``, above zero, one each if not given.
        tolerance: the largest change of a rate at which iterations stop.

    Returns:
        One row per person, by skill: ``skill``, ``population_share`` below, ``marginal_rate``, ``income``, ``tax``
        (minus the transfer) and ``utility``.

    Raises:
        UserError: as :func:`rates_for_weights`, or no fixed point is found.

    Source: Diamond 1998.
    """
    import pandas as pd

    logs, mass = _skills(skill, people, elasticity)
    order = np.argsort(logs, kind="stable")
    logs, mass = logs[order], mass[order]
    density, rates = density_of_log_skill(logs, mass), np.full_like(logs, 0.5)
    for _ in range(_MOST_ITERATIONS):
        income, tax, utility = _outcome(logs, mass, rates, elasticity)
        wanted = _rates(logs, mass, density, arrays(marginal_welfare(utility))[0], elasticity)
        change = wanted - rates
        rates = rates + _DAMPING * change
        if np.abs(change).max() < tolerance:
            below = mass.cumsum() - 0.5 * mass
            columns = {"skill": np.exp(logs), "population_share": below, "marginal_rate": rates}
            return pd.DataFrame({**columns, "income": income, "tax": tax, "utility": utility})
    raise UserError(
        f"optimal_schedule: rates still change by {np.abs(change).max():.2g} after {_MOST_ITERATIONS} rounds"
    )


def _skills(skill: ArrayLike, people: ArrayLike | None, elasticity: float) -> tuple[Floats, Floats]:
    values, mass = sample(skill, people, "skill")
    if (values <= 0).any() or elasticity <= 0 or len(values) < np.size(skill):
        raise UserError("expected skills, weights of people and an elasticity above 0")
    return np.log(values), mass


def _rates(logs: Floats, mass: Floats, density: Floats, weights: Floats, elasticity: float) -> Floats:
    mean = float(mass @ weights)
    if not mean > 0:
        raise UserError("weights: expected numbers with a positive sum")
    order = np.argsort(logs, kind="stable")
    kept = (mass * (1.0 - weights / mean))[order]
    above = np.empty_like(logs)
    # Half of a person's share counts as above the person.
    above[order] = kept[::-1].cumsum()[::-1] - 0.5 * kept
    odds = np.clip((1.0 + 1.0 / elasticity) * above / density, 0.0, None)
    return np.asarray(odds / (1.0 + odds))


def _outcome(logs: Floats, mass: Floats, rates: Floats, elasticity: float) -> tuple[Floats, Floats, Floats]:
    """Return income, tax and utility ``[N]`` under rates by skill; utility rises by ``l^(1 + 1/e)`` with log skill."""
    work = np.exp(elasticity * (logs + np.log1p(-rates)))
    effort = work ** (1.0 + 1.0 / elasticity)
    rise = np.append(0.0, (0.5 * (effort[1:] + effort[:-1]) * np.diff(logs)).cumsum())
    income, cost = work * np.exp(logs), effort / (1.0 + 1.0 / elasticity)
    lowest = float(mass @ (income - cost - rise))  # the remainder after everybody's rise in utility, shared equally
    utility = lowest + rise
    return income, income - cost - utility, utility
