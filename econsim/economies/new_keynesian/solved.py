"""The stationary equilibrium, exact paths after the shock under a rule, and households' exact choices on them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from econsim.economies.new_keynesian.parameters import Parameters
from econsim.households.chains import Floats
from econsim.households.equilibrium import Equilibrium
from econsim.households.monetary_shocks import MonetaryResponse, monetary_response
from econsim.households.new_keynesian import StickyPrices, stationary_prices
from econsim.households.problem import Household
from econsim.mechanisms.numerics import power

__all__ = ["Case", "actions", "equilibrium_of", "expected_inflation", "household_of", "response_of"]

_DECIMALS = 6
_TOLERANCE = 1e-11
"""Of the paths, relative to output."""
_SURPRISE = 1e-4
"""Of the nominal rate, for the derivative in it."""
_WITHOUT_PATHS = (
    "households",
    "sampling",
    "shock_size",
    "shock_persistence",
    "shock_multiples",
    "status_quo",
    "highest_response",
    "periods_per_year",
    "lowest_nominal_rate",
    "expectations",
    "inertia",
    "objective",
    "review",
)
"""Parameters that no path depends on, beside its case."""
_LEAST = 1e-6
"""Of spending and the wage far away from the path, where the response is not to first order."""


class Case(NamedTuple):
    """A rule, per period, and a shock, of which paths are solved once; numbers are the same if six decimals agree."""

    inflation_response: float
    output_response: float
    size: float
    persistence: float


class Period(NamedTuple):
    """What households choose in a period, and what they and firms know of it; or the change of that."""

    consumption: Tensor  # [S, G]
    hours: Tensor  # [S, G]
    assets: Tensor  # [S, G] at the end of the period
    wage: float  # relative to the stationary equilibrium
    expected: float  # what the next period adds to log inflation in the Phillips curve
    nominal_rate: float  # of debt that falls due


class Path(NamedTuple):
    """The periods of an episode, and their change by that of the nominal rate of debt that falls due."""

    periods: tuple[Period, ...]
    change: Period


def equilibrium_of(parameters: Parameters) -> Equilibrium:
    """Return the stationary equilibrium, which no rule moves.

    Raises:
        UserError: at no interest rate do households hold the debt.
    """
    return _equilibrium(_core(parameters))


def household_of(parameters: Parameters) -> Household:
    """Return the household's problem, made once."""
    return _household(_core(parameters))


def response_of(parameters: Parameters, case: Case, surprise: float = 0.0) -> MonetaryResponse:
    """Return the exact response to a shock under a rule, and to a surprise before it; see :func:`monetary_response`."""
    firms = StickyPrices(parameters.markup, parameters.slope, *case[:2], parameters.debt)
    shock: Floats = np.float64(case.size) * np.power(case.persistence, np.arange(parameters.path_periods))
    around = equilibrium_of(parameters)
    return monetary_response(household_of(parameters), firms, around, shock, _TOLERANCE, surprise=surprise)


def expected_inflation(parameters: Parameters, cases: Tensor, time: Tensor, nominal_rate: Tensor) -> Tensor:
    """Return what firms who know the path expect, ``[B]``; zero in the period before the shock.

    Args:
        parameters: of the economy.
        cases: ``[B, 4]``, the entries of :class:`Case`.
        time: of the episode, ``[B]``.
        nominal_rate: of debt that falls due, ``[B]``; where it is not that of the path, firms expect its effects.
    """
    expected = torch.empty_like(nominal_rate)
    for path, period, selected in _groups(parameters, cases, time):
        now, change = path.periods[period], path.change
        expected[selected] = now.expected + change.expected * (nominal_rate[selected] - now.nominal_rate)
    return expected


def actions(
    parameters: Parameters, cases: Tensor, time: Tensor, nominal_rate: Tensor, assets: Tensor, levels: Tensor
) -> Tensor:
    """Return exact shares of resources spent and of ``largest_hours`` offered, ``[B, N, 2]``, float64.

    In the first period of an episode they are those of the stationary equilibrium, then those of the path. Choices are
    on lines between grid points.

    Args:
        parameters: of the economy.
        cases: ``[B, 4]``, the entries of :class:`Case`.
        time: of the episode, ``[B]``.
        nominal_rate: of debt that falls due, ``[B]``. Where it is not that of the path, households respond to its
            effects to first order, as they would in an equilibrium that starts with it.
        assets: ``[B, N]``.
        levels: of productivity, ``[B, N]``.
    """
    problem = household_of(parameters)
    grid, values = (torch.from_numpy(each).to(assets) for each in (problem.grid, problem.chain.values))
    state = (levels[..., None] - values).abs().argmin(-1)
    below = (torch.searchsorted(grid, assets.contiguous(), right=True) - 1).clamp(0, len(grid) - 2)
    weight = (assets - grid[below]) / (grid[below + 1] - grid[below])
    chosen = torch.empty((*assets.shape, 2), dtype=torch.float64, device=assets.device)
    for path, period, selected in _groups(parameters, cases, time):
        where, near, rows = below[selected], weight[selected], state[selected]
        now, change = path.periods[period], path.change
        surprise = (nominal_rate[selected] - now.nominal_rate)[:, None]
        spent, hours, saved = (
            (1 - near) * level.to(assets)[rows, where]
            + near * level.to(assets)[rows, where + 1]
            + surprise * ((1 - near) * slope.to(assets)[rows, where] + near * slope.to(assets)[rows, where + 1])
            for level, slope in zip(now[:3], change[:3], strict=True)
        )
        wage = (now.wage + surprise * change.wage).clamp(min=_LEAST)
        offered = hours / power(wage, 1 / parameters.labour_curvature)
        spent, saved = spent.clamp(min=_LEAST), saved.clamp(min=0.0)
        chosen[selected] = torch.stack([spent / (spent + saved), offered / parameters.largest_hours], -1)
    return chosen


def _groups(parameters: Parameters, cases: Tensor, time: Tensor) -> list[tuple[Path, int, Tensor]]:
    """Return the different paths and periods, with the copies of each, ``[B]`` bool."""
    rows = torch.cat([cases.double().cpu(), time.double().cpu()[:, None]], -1)
    rows = (rows * 10**_DECIMALS).round() / 10**_DECIMALS
    different, index = rows.unique(dim=0, return_inverse=True)
    index, core = index.to(time.device), _core(parameters)
    return [
        (_path(core, Case(*row[:4])), int(row[4]), index == number) for number, row in enumerate(different.tolist())
    ]


def _core(parameters: Parameters) -> Parameters:
    """Return the parameters without those that no path depends on."""
    defaults = {name: Parameters.model_fields[name].default for name in _WITHOUT_PATHS}
    return parameters.model_copy(update=defaults)


@lru_cache(maxsize=64)
def _household(core: Parameters) -> Household:
    return core.household()


@lru_cache(maxsize=64)
def _equilibrium(core: Parameters) -> Equilibrium:
    firms = StickyPrices(core.markup, core.slope, debt=core.debt)
    return stationary_prices(_household(core), firms, section="economy")


@lru_cache(maxsize=256)
def _path(core: Parameters, case: Case) -> Path:
    """Return the stationary equilibrium and the path after it.

    Raises:
        UserError: there is no path; the message gives the residual.
    """
    later = _periods(response_of(core, case), _equilibrium(core), core.periods - 1)
    return Path((_steady(core), *later), _change(core, case._replace(size=0.0, persistence=0.0)))


@lru_cache(maxsize=256)
def _change(core: Parameters, rule: Case) -> Period:
    """Return the derivative of the stationary equilibrium's period in the nominal rate of debt that falls due."""
    found, steady = response_of(core, rule, _SURPRISE), _steady(core)
    surprised = _periods(found, _equilibrium(core), 1)[0]
    return Period(
        (surprised.consumption - steady.consumption) / _SURPRISE,
        (surprised.hours - steady.hours) / _SURPRISE,
        (surprised.assets - steady.assets) / _SURPRISE,
        (surprised.wage - steady.wage) / _SURPRISE,
        (surprised.expected - steady.expected) / _SURPRISE,
        nominal_rate=1.0,
    )


def _steady(core: Parameters) -> Period:
    around = _equilibrium(core)
    return Period(
        torch.from_numpy(around.policy.consumption),
        torch.from_numpy(around.policy.hours),
        torch.from_numpy(around.policy.assets),
        wage=1.0,
        expected=0.0,
        nominal_rate=around.interest_rate,
    )


def _periods(found: MonetaryResponse, around: Equilibrium, count: int) -> tuple[Period, ...]:
    """Return the first ``count`` periods of a response."""
    output, inflation, rate = (found.exact[name] for name in ("output", "inflation", "interest_rate"))
    expected = np.append(output[1:] / output[:-1] * np.log1p(inflation[1:]) / (1 + rate[1:]), 0.0)
    due = np.append(around.interest_rate, found.exact["nominal_rate"])
    choices = {name: torch.from_numpy(each[:count].copy()) for name, each in found.choices.items()}
    return tuple(
        Period(
            choices["consumption"][period],
            choices["hours"][period],
            choices["assets"][period],
            float(found.exact["wage"][period] / around.wage),
            float(expected[period]),
            float(due[period]),
        )
        for period in range(count)
    )
