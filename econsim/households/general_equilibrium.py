"""The Jacobian of general equilibrium: derivatives of all conditions of a path in its unknowns.

Households' derivatives are those of :mod:`econsim.households.jacobians`; those of firms and of the government act
within a period, on capital of the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from econsim.households.chains import Floats
from econsim.households.equilibrium import Equilibrium, Taxes, Technology
from econsim.households.jacobians import INPUTS, household_jacobian
from econsim.households.problem import Household

__all__ = ["conditions_jacobian", "equilibrium_jacobian", "productivity_responses", "unknown_names"]


def unknown_names(household: Household, taxes: Sequence[Taxes]) -> list[str]:
    """Return the unknowns of a period: capital, labour where hours are a choice, and what closes the budget.

    The latter is the ``transfer`` where it or debt adjusts, the ``labour_level`` where the labour tax does, and none
    where public consumption does or there are no taxes.
    """
    names = ["capital"] + ["labour"] * (household.labour is not None)
    adjusts = taxes[-1].closure.adjusts
    if adjusts == "labour_tax":
        return [*names, "labour_level"]
    has_transfer = adjusts == "debt" or (adjusts == "transfer" and any(each.any for each in taxes))
    return names + ["transfer"] * has_transfer


def equilibrium_jacobian(
    household: Household,
    technology: Technology,
    taxes: Taxes,
    around: Equilibrium,
    periods: int,
    names: Sequence[str],
) -> Callable[[Floats], Floats]:
    """Return the inverse of :func:`conditions_jacobian`, a function of gaps ``[unknowns * T]``."""
    from scipy.linalg import lu_factor, lu_solve

    factors = lu_factor(conditions_jacobian(household, technology, taxes, around, periods, names), check_finite=False)
    return lambda gaps: np.asarray(lu_solve(factors, gaps, check_finite=False))


def conditions_jacobian(
    household: Household,
    technology: Technology,
    taxes: Taxes,
    around: Equilibrium,
    periods: int,
    names: Sequence[str],
) -> Floats:
    """Return the derivatives of the conditions in the unknowns, ``[unknowns * T, unknowns * T]``.

    Unknowns are ``names`` of :func:`unknown_names`: capital at the end of a period, and labour and what closes the
    budget in it. The conditions are, in this order, those of the asset market, of labour and of the government's
    budget.
    """
    return _derivatives(household, technology, taxes, around, periods, names, names)


def productivity_responses(
    household: Household, technology: Technology, taxes: Taxes, around: Equilibrium, periods: int
) -> dict[str, Floats]:
    """Return the responses of the unknowns, of which capital is that at the end of a period, to factor productivity.

    Returns:
        By unknown of :func:`unknown_names`, ``[T, T]``: rows are periods of the response, and columns those of a unit
        of productivity, which all households learn of in period 0.
    """
    names = unknown_names(household, [taxes])
    both = _derivatives(household, technology, taxes, around, periods, names, [*names, "technology"])
    responses = -np.linalg.solve(both[:, :-periods], both[:, -periods:])
    return dict(zip(names, np.split(responses, len(names)), strict=True))


def _derivatives(
    household: Household,
    technology: Technology,
    taxes: Taxes,
    around: Equilibrium,
    periods: int,
    names: Sequence[str],
    arguments: Sequence[str],
) -> Floats:
    """Return the derivatives of the conditions of ``names`` in the paths of ``arguments``."""
    faced = _Faced(technology, taxes, around)
    inputs = INPUTS if "transfer" in names else INPUTS[:2]
    own = household_jacobian(household, around, periods, inputs)

    def total(output: str, unknown: str) -> Floats:
        sums = np.zeros((periods, periods))
        for name in inputs:
            if (output, name) in own:
                sums += own[output, name] * faced.of[name].get(unknown, 0.0)
        return _lagged(sums) if unknown == "capital" else sums

    one = np.eye(periods)
    others = ("labour", "transfer", "labour_level", "technology")
    now = {"capital": np.eye(periods, k=-1), **dict.fromkeys(others, one)}
    rows: dict[str, list[Floats]] = {name: [] for name in names}
    for unknown in arguments:
        direct = {name: of.get(unknown, 0.0) * now[unknown] for name, of in faced.of.items()}
        assets, labour, net = (total(output, unknown) for output in ("assets", "labour", "net_earnings"))
        gaps = {
            "capital": assets - (one if unknown == "capital" else 0.0),
            "labour": labour - (one if unknown == "labour" else 0.0),
        }
        closing = names[-1]
        if closing in ("transfer", "labour_level"):
            left = faced.left(direct, assets, labour, net)
            gaps[closing], bonds = faced.closed(left, direct["transfer"])
            gaps["capital"] = gaps["capital"] - bonds
        for name in names:
            rows[name].append(gaps[name])
    return np.block([rows[name] for name in names])


def _lagged(matrix: Floats) -> Floats:
    """Return derivatives in amounts at the end of a period, from those in amounts at its start."""
    shifted = np.zeros_like(matrix)
    shifted[:, :-1] = matrix[:, 1:]
    return shifted


class _Faced:
    """What households face as a function of capital at the start of a period, labour and the transfer.

    of: derivatives, by what is faced and unknown; ``interest_rate`` and ``wage`` in addition.
    """

    def __init__(self, technology: Technology, taxes: Taxes, around: Equilibrium) -> None:
        self.taxes, self.around = taxes, around
        share, rate = technology.capital_share, around.interest_rate
        capital, labour = around.capital, around.aggregates.labour
        of_rate = (share - 1) * (rate + technology.depreciation)  # in the logarithm of capital over labour
        of_wage = share * around.wage
        logs = {"capital": 1 / capital, "labour": -1 / labour}
        interest = {name: of_rate * value for name, value in logs.items()}
        interest["technology"] = (rate + technology.depreciation) / technology.productivity
        wage = {name: of_wage * value for name, value in logs.items()}
        wage["technology"] = around.wage / technology.productivity
        self.kept = 1 - taxes.capital_income * (rate > 0)  # of interest
        net_wage = {name: value / around.wage for name, value in wage.items()}
        net_wage["labour"] += taxes.progressivity / labour
        net_wage["labour_level"] = 1 / around.aggregates.labour_level
        self.of: dict[str, dict[str, float]] = {
            "gross_return": {name: self.kept * value for name, value in interest.items()},
            "net_wage": net_wage,
            "transfer": {"transfer": 1.0},
            "interest_rate": interest,
            "wage": wage,
        }

    def left(self, direct: dict[str, Floats], assets: Floats, labour: Floats, net: Floats) -> Floats:
        """Return the derivative of revenue less interest on given debt, in one unknown.

        ``direct`` are derivatives of what is faced, the others those of households' aggregates.
        """
        around, taxes, means = self.around, self.taxes, self.around.aggregates
        scale = around.budget.level * around.wage ** (1 - taxes.progressivity)  # of net earnings
        spent = (1 + taxes.consumption) * means.consumption
        mean_net = spent + (1 - around.budget.gross_return) * means.assets - means.transfer
        before = np.vstack([np.zeros(len(assets)), assets[:-1]])
        earned = scale * net + mean_net * direct["net_wage"]
        cash = means.assets * direct["gross_return"] + around.budget.gross_return * before + earned + direct["transfer"]
        revenue = around.wage * labour + means.labour * direct["wage"] - earned
        revenue = revenue + taxes.consumption / (1 + taxes.consumption) * (cash - assets)
        rate = max(around.interest_rate, 0.0)
        revenue = revenue + (taxes.capital_income * rate + taxes.wealth) * before
        revenue = revenue + means.assets * (1 - self.kept) * direct["interest_rate"]
        return np.asarray(revenue - means.debt * direct["interest_rate"])

    def closed(self, left: Floats, transfer: Floats) -> tuple[Floats, Floats]:
        """Return derivatives of the gap of the budget and of debt at the end of a period, in one unknown.

        ``left`` is that of :meth:`left`, and ``transfer`` the derivative of the transfer itself.
        """
        closure = self.taxes.closure
        if closure.adjusts == "transfer":
            return (1 - self.taxes.spending_share) * left - transfer, np.zeros_like(left)
        if closure.adjusts == "labour_tax":
            return left, np.zeros_like(left)
        bonds, root = -left, 1 + self.around.interest_rate - closure.response  # of the rule's law of motion of debt
        for period in range(1, len(bonds)):
            bonds[period] += root * bonds[period - 1]
        before = np.vstack([np.zeros(len(bonds)), bonds[:-1]])
        return -closure.response * before - transfer, bonds
