"""Independent version of the pandemic in numpy: one copy, day by day, with whole histories instead of running sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from econsim.economies.pandemic_states import Parameters
from econsim.economies.pandemic_states.tables import Tables

Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass
class Day:
    """A day of the reference: people by group, unemployed people, output, and rewards."""

    susceptible: Numbers
    infected: Numbers
    recovered: Numbers
    vaccinated: Numbers
    dead: Numbers
    unemployed: Numbers
    output: Numbers
    governor: Numbers
    federal: float


def crra(output: Any, annual: Any, eta: float) -> Any:
    share = np.clip(365 * output / annual, 0.1, 3.0)
    utility = np.log(share) if eta == 1 else (share ** (1 - eta) - 1) / (1 - eta)
    return (1 + utility) / 365


def unemployment_rate(history: Numbers, tables: Tables, parameters: Parameters) -> Numbers:
    """Return per cent of the population, from all levels up to today ``[T, N]``, by the whole convolution."""
    changes = np.diff(history, axis=0)[-parameters.window :]
    age = np.arange(len(changes))[::-1]
    response = np.zeros(history.shape[1])
    for filter_number, decay in enumerate(parameters.filter_days):
        weights = tables.unemployment_weights[:, filter_number].numpy()
        response += weights * (changes * np.exp(-age / decay)[:, None]).sum(0)
    return np.logaddexp(0.0, parameters.unemployment_factor * response) + tables.unemployment_baseline.numpy()


def simulate(
    tables: Tables, parameters: Parameters, levels: Numbers, subsidies: Numbers, bounds: Any, federal_bounds: Any
) -> Iterator[Day]:
    """Yield each day of an episode.

    Args:
        tables: the data.
        parameters: the parameters.
        levels: stringency of days 1, 2, ... ``[T, N]``.
        subsidies: level of the federal subsidy on these days, ``[T]``.
        bounds: ``[4, N]``: health low and high, economy low and high.
        federal_bounds: ``[4]``.
    """
    start = (parameters.start - tables.first).days
    past = tables.policy[: start + 1].numpy().astype(float)
    past = np.concatenate([np.ones((parameters.window + 1, past.shape[1])), past])
    people = tables.population.numpy()
    a = parameters.intercept_factor * tables.infection_intercept.numpy()
    b = parameters.slope_factor * tables.infection_slope.numpy()
    infected, recovered, vaccinated = (getattr(tables, n).numpy() for n in ("infected", "recovered", "vaccinated"))
    susceptible = people - infected - recovered
    dead = parameters.death_share * (recovered - vaccinated)
    w = parameters.working_age
    open_rate = np.log(2.0) + tables.unemployment_baseline.numpy()
    workforce = w * people - open_rate * people / 100
    per_worker = parameters.annual_output / (workforce.sum() / people.sum()) / 365
    annual = 365 * per_worker * workforce
    gamma = 1 / parameters.recovery_days
    for day in range(1, len(levels) + 1):
        past = np.concatenate([past, levels[day - 1 : day]])
        beta = a + b * past[-1 - parameters.lag]
        arrived = parameters.start + timedelta(days=day) >= parameters.vaccination_start
        doses = np.floor(people / 1e6 * parameters.daily_vaccines) if arrived else np.zeros_like(people)
        given = np.minimum(doses, susceptible)
        v = np.minimum(1.0, doses / (susceptible + 1e-10))
        d_s = -beta * susceptible * infected / people * (1 - v) - given
        d_r = gamma * infected + given
        susceptible, infected, recovered = susceptible + d_s, infected - d_s - d_r, recovered + d_r
        vaccinated = vaccinated + given
        before, dead = dead, parameters.death_share * (recovered - vaccinated)
        unemployed = unemployment_rate(past, tables, parameters) * people / 100
        output = np.maximum(0.0, w * people - w * (parameters.sick_share * infected + dead) - unemployed) * per_worker
        subsidy = subsidies[day - 1] / parameters.subsidy_levels * parameters.most_subsidy / 365 * people
        health = -(dead - before) * parameters.value_of_life / annual
        economy = crra(output + subsidy, annual, parameters.risk_aversion)
        national_health = -(dead - before).sum() * parameters.value_of_life / annual.sum()
        net = (output + subsidy).sum() - (1 + parameters.interest_rate) * subsidy.sum()
        national_economy = crra(net, annual.sum(), parameters.risk_aversion)
        rewards = []
        for weight, factor, h, e, scale in (
            (tables.health_weight.numpy(), parameters.health_priority, health, economy, bounds),
            (
                np.array([tables.federal_health_weight]),
                parameters.federal_health_priority,
                national_health,
                national_economy,
                federal_bounds,
            ),
        ):
            odds = factor * weight / (1 - weight)
            alpha = odds / (1 + odds)
            h, e = (h - scale[0]) / (scale[1] - scale[0]), (e - scale[2]) / (scale[3] - scale[2])
            rewards.append(alpha * h + (1 - alpha) * e)
        yield Day(
            susceptible,
            infected,
            recovered,
            vaccinated,
            dead,
            unemployed,
            output,
            rewards[0],
            float(rewards[1][0]),
        )
