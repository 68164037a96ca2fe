"""Warnings about parameters of the one-step economy: degenerate choices, and a law that brackets only approximate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from econsim.economies.one_step.tax_inputs import rebates
from econsim.mechanisms.us_law import Law, adaptation_in_words
from econsim.mechanisms.weighted_people import share
from econsim.populations import Advises

if TYPE_CHECKING:
    from econsim.economies.one_step import OneStep

TOLERATED_SHARE = 0.1
TOLERATED_DIFFERENCE = 1e-4


def advice(game: OneStep) -> list[str]:
    """Return warnings about hours, welfare weights, a law on other brackets, and the sample of the population."""
    return [
        *_hours_advice(game),
        *_weights_advice(game),
        *_status_quo_advice(game),
        *_population_advice(game),
        *_rebate_advice(game),
    ]


def _rebate_advice(game: OneStep) -> list[str]:
    if game.family.in_money:  # without income effects no choice depends on the rebate
        return []
    expected, paid = rebates(game, game.initial_rates)
    if abs(expected - paid) <= TOLERATED_DIFFERENCE * float(game.income.mean()):
        return []
    return [
        f"no rebate is consistent with all choices of hours under the status-quo rates: workers expect {expected:,.0f}"
        f" {game.unit} and receive {paid:,.0f}, so that best responses are not exact. The account deviation_gain is"
        " what each would gain from other hours; for a smaller difference, use economy.hours_step=null or more workers."
    ]


def _status_quo_advice(game: OneStep) -> list[str]:
    law = game.settings.status_quo
    if not isinstance(law, Law):
        return []
    adapted = game.law_in_brackets(law.schedule())
    if adapted is None:
        return []
    return [adaptation_in_words(law, adapted, "that people declare under the law", game.unit)]


def _hours_advice(game: OneStep) -> list[str]:
    exact = game.to(dtype=torch.float64)
    hours = exact.best_hours(game.initial_rates[None])[0]  # type: ignore[attr-defined]
    cap = game.settings.hours_cap
    at_cap = float(share(hours >= cap * (1 - 1e-6), game.weight[0]))
    idle = float(share(hours <= cap * 1e-6, game.weight[0]))
    warnings = []
    if at_cap > TOLERATED_SHARE:
        warnings.append(
            f"{at_cap:.0%} of workers would work the cap of {cap:g} hours under the status-quo rates: the labour cost "
            "is too low for these skills, so that hours barely respond to taxes and schedules cannot be compared. Use "
            "utility.kind: calibrated, or raise utility.labour_cost."
        )
    if idle > TOLERATED_SHARE:
        warnings.append(
            f"{idle:.0%} of workers would not work under the status-quo rates: the labour cost is too high for their "
            "skills. Use utility.kind: calibrated, or lower utility.labour_cost."
        )
    return warnings


def _weights_advice(game: OneStep) -> list[str]:
    if game.settings.welfare != "inverse_income_endogenous":
        return []
    return [
        "welfare: inverse_income_endogenous divides each utility by the income actually earned. The weight of a worker "
        "rises a thousandfold when the worker stops working, so the optimum taxes the lowest brackets at 100 % and "
        "most people do not work. Use welfare: inverse_income, whose weights depend on potential income only."
    ]


def _population_advice(game: OneStep) -> list[str]:
    population = game.settings.population.build()
    return population.advice(game.settings.workers) if isinstance(population, Advises) else []
