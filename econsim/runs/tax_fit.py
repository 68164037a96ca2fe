"""Schedules and incomes over which a log-linear tax is fitted: the law over a population, or those of a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import Field

from econsim.analysis.inequality import Floats
from econsim.analysis.taxation import TaxReform
from econsim.economics import SetsLogLinearTax
from econsim.errors import UserError
from econsim.game import StatusQuo, TaxSchedules
from econsim.parameters import Chosen, FromRoom
from econsim.runs.household import LawAndReform
from econsim.scenario import load
from econsim.scenario.loading import parameters_from

__all__ = ["FittedTax", "TaxedIncomes", "taxed_incomes", "taxed_incomes_of"]


class FittedTax(LawAndReform):
    """A schedule, and the distribution of incomes over which a log-linear tax is fitted to it."""

    incomes: Annotated[Chosen, FromRoom("populations")] = Field("gb2", validate_default=True)
    """Distribution of incomes before tax; with ``listed`` all of them, otherwise ``people`` quantiles."""
    people: int = Field(10_000, ge=2, le=1_000_000)
    """Number of incomes, at the middle of as many equal shares of people."""


@dataclass(frozen=True)
class TaxedIncomes:
    """A schedule and the incomes over which it is fitted.

    label: of the schedule.
    schedule: in the unit of incomes.
    income, people: ``[N]`` each, money and weights.
    source: of the incomes, in words.
    unit: of money.
    """

    label: str
    schedule: TaxReform
    income: Floats
    people: Floats
    source: str
    unit: str


def taxed_incomes(settings: Sequence[str]) -> TaxedIncomes:
    """Return the schedule and the incomes of settings ``key=value`` of :class:`FittedTax`.

    Raises:
        UserError: a setting is not valid; the message gives the key and what was expected.
    """
    given = parameters_from(settings, FittedTax)
    reform, law = given.tax_reform(), given.law.schedule()
    label = f"law {given.year}, {given.filing}" if reform is None else given.reform_label
    schedule = reform or TaxReform(law.thresholds.tolist(), law.rates.tolist(), law.standard_deduction)
    population = given.incomes.build()
    return TaxedIncomes(label, schedule, *_quantiles(population, given.people), given.incomes.kind.name, "USD")


def taxed_incomes_of(scenario: str, overrides: Sequence[str]) -> TaxedIncomes:
    """Return the schedule before a planner acts and the incomes of a scenario.

    These are the brackets of labour income and the stationary distribution of labour incomes where households save, and
    else the brackets of the game and the distribution from which its people are drawn.

    Raises:
        UserError: the scenario is not valid, or its game has no brackets.
    """
    loaded = load(scenario, list(overrides))
    game = loaded.build()[0]
    if isinstance(game, SetsLogLinearTax) and game.labour_brackets[1]:
        found = game.labour_incomes(None)
        source, unit = f"labour incomes of {scenario} in its stationary equilibrium", "mean labour incomes"
        return TaxedIncomes(scenario, TaxReform(*game.labour_brackets), found.income, found.people, source, unit)
    population = getattr(loaded.game.parameters, "population", None)
    if not isinstance(game, TaxSchedules) or not isinstance(game, StatusQuo) or not isinstance(population, Chosen):
        raise UserError(
            f"--scenario {scenario}: its game has no brackets of an income tax before a planner acts; give brackets and"
            " rates as settings, or, for bewley, economy.income_tax"
        )
    schedule = _before_the_planner(game, loaded.game.dump())
    return TaxedIncomes(scenario, schedule, *_quantiles(population.build(), 10_000), population.kind.name, "USD")


def _before_the_planner(game: Any, parameters: dict[str, Any]) -> TaxReform:
    leader = next(name for name, role in game.roles.items() if role.leads)
    usd, deduction = game.usd_per_unit, float(parameters.get("standard_deduction", 0.0))
    rates = game.status_quo(leader).double().tolist()
    return TaxReform((usd * game.thresholds).tolist(), rates, usd * deduction)


def _quantiles(population: Any, people: int) -> tuple[Floats, Floats]:
    """Return incomes in US dollars at the middle of equal shares of people, and weights, ``[N]`` each."""
    if population.unit != "USD":
        raise UserError(f"incomes: expected US dollars, found {population.unit}; brackets are in US dollars")
    levels = (torch.arange(people, dtype=torch.float64) + 0.5) / people
    income: Floats = population.quantile(levels).numpy()
    return income, torch.ones(people, dtype=torch.float64).numpy()
