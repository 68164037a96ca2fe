"""Data of a game: the tables of the states as tensors, and what follows from them before an episode begins."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import torch
from torch import Tensor

from econsim.economies.pandemic_states import equations
from econsim.economies.pandemic_states.made_data import made_tables
from econsim.economies.pandemic_states.parameters import Parameters
from econsim.economies.pandemic_states.players import PEOPLE_SCALES
from econsim.economies.pandemic_states.tables import FEWEST_LEVELS, Tables, read_tables
from econsim.errors import UserError

__all__ = ["constants_of", "tables_of"]


def tables_of(parameters: Parameters) -> Tables:
    """Return the data in the user's folder, or made data.

    Raises:
        UserError: the folder's data are wrong.
    """
    filters = len(parameters.filter_days)
    if parameters.folder is None:
        return made_tables(parameters.start, parameters.days, filters)
    return read_tables(Path(parameters.folder), parameters.start, filters, 1.0 / parameters.recovery_days)


def constants_of(parameters: Parameters, tables: Tables) -> dict[str, Tensor]:
    """Return the data that all environment copies share.

    Raises:
        UserError: the history does not cover an episode of actual policies, or nobody is left to work.
    """
    start = (parameters.start - tables.first).days
    before = tables.policy[: start + 1]
    missing = max(0, parameters.window + 1 - len(before))
    levels = torch.cat([torch.full((missing, len(tables.names)), FEWEST_LEVELS, dtype=torch.int8), before])
    levels = levels[-parameters.window - 1 :]
    decay_days = torch.tensor(parameters.filter_days, dtype=torch.float64)
    actual = tables.policy[start : start + parameters.days + 1]
    if parameters.policies == "actual" and len(actual) <= parameters.days:
        raise UserError(
            f"economy.policies: actual: history.csv has {len(actual) - 1} days after {parameters.start}, and an episode"
            f" {parameters.days}; set economy.days to at most {len(actual) - 1}, or add days"
        )
    open_unemployed = (
        equations.excess_unemployment(torch.zeros_like(tables.unemployment_weights), tables.unemployment_weights)
        + tables.unemployment_baseline
    ) * (tables.population / 100.0)
    workers = parameters.working_age * tables.population - open_unemployed
    if bool((workers <= 0).any()):
        raise UserError("economy.working_age: in some state, more people are unemployed than are of working age")
    worker_output = parameters.annual_output * tables.population.sum() / workers.sum() / equations.DAYS_A_YEAR
    return {
        "population": tables.population,
        "infected": tables.infected,
        "recovered": tables.recovered,
        "vaccinated": tables.vaccinated,
        "intercept": tables.infection_intercept,
        "slope": tables.infection_slope,
        "baseline": tables.unemployment_baseline,
        "weights": tables.unemployment_weights,
        "health_weight": tables.health_weight,
        "federal_health_weight": torch.tensor([tables.federal_health_weight], dtype=torch.float64),
        "levels": levels,
        "filters": equations.filters_of((levels[1:] - levels[:-1]), decay_days),
        "decay_days": decay_days,
        "worker_output": worker_output,
        "full_output": workers * worker_output,
        "scales": torch.tensor(PEOPLE_SCALES, dtype=torch.float64),
        "actual": actual,
        "actual_subsidy": _actual_subsidies(parameters, tables),
    }


def _actual_subsidies(parameters: Parameters, tables: Tables) -> Tensor:
    """Return the level of the subsidy on each day of an episode, ``[T + 1]``: rounded amounts, spread over a period."""
    levels = torch.zeros(parameters.days + 1, dtype=torch.int64)
    people, every = float(tables.population.sum()), parameters.subsidy_every
    level_amount = people * parameters.most_subsidy / parameters.subsidy_levels * every / equations.DAYS_A_YEAR
    for begin, amount in tables.subsidies.items():
        day = (begin - parameters.start).days
        levels[max(0, day) : max(0, day + every)] += round(amount / level_amount) if level_amount else 0
    if (too_high := (levels > parameters.subsidy_levels).nonzero().flatten().tolist()) != []:
        first, reached = parameters.start + timedelta(days=too_high[0]), int(levels[too_high[0]])
        raise UserError(
            f"subsidies.csv: the amounts in payment on {first} reach level {reached} of {parameters.subsidy_levels}, up"
            f" to {parameters.most_subsidy:,.0f} USD per person and year; correct the amounts (US dollars in total),"
            " or raise economy.most_subsidy"
        )
    return levels
