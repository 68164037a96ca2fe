"""Facts about the one-step economy for the prompts of language-model agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from econsim import random
from econsim.economies.one_step.utility import Calibrated, Isoelastic, QuasiLinear
from econsim.errors import UserError
from econsim.populations import Peopled

if TYPE_CHECKING:
    from econsim.economies.one_step import OneStep
    from econsim.populations.personas.people import People

_MONEY_METRIC = "your income, less your tax, plus the rebate, less what your work costs you"
_WELFARE = {
    "inverse_income": "the weighted mean of everybody's utility, in which people count in proportion to one over what"
    " they would earn in 40 hours a week, so that the poor count most; these weights never change",
    "utilitarian": "the mean of everybody's utility",
    "rawlsian": "the utility of the person who is worst off",
    "geometric_mean": "the geometric mean of everybody's utility, so that the poor count most",
    "equality_times_productivity": "mean consumption times the equality of consumption (one less its Gini index)",
    "inverse_income_endogenous": "the mean of everybody's utility divided by the income that the person earned",
}


def briefing(game: OneStep, role: str) -> Mapping[str, Any]:
    """Return the static facts that :class:`econsim.game.TextInterface` names.

    Raises:
        UserError: numeric parameters differ between environment copies, so that no single description fits all.
    """
    settings = game.settings
    facts: dict[str, Any] = {
        "unit": game.unit,
        "thresholds": game.thresholds.tolist(),
        "standard_deduction": _number(game, "standard_deduction") if settings.standard_deduction else 0.0,
        "tax_years": settings.tax_years,
        "steps_per_tax_year": settings.steps_per_tax_year,
        "welfare": _WELFARE[settings.welfare],
    }
    if role != "worker":
        return facts
    cost, people = _labour_cost(game), _people(game)
    return facts | {
        "hours_cap": settings.hours_cap,
        "hours_step": settings.hours_step,
        "labour_cost": cost,
        "utility": _MONEY_METRIC if cost is not None else _isoelastic(game),
        "personas": () if people is None else people.texts(),
        "traits": {} if people is None else _traits(people),
    }


def _people(game: OneStep) -> People | None:
    """Return the workers with their personal attributes, or ``None`` if the population has incomes only."""
    settings = game.settings
    population = settings.population.build()
    if not isinstance(population, Peopled):
        return None
    if settings.redraw_population:
        raise UserError(
            "economy.redraw_population: expected false, since language-model agents need the same people in all copies"
        )
    return population.people(random.keys(settings.population_seed, 1), settings.workers)


def _traits(people: People) -> dict[str, tuple[Any, ...]]:
    persons = people.facts()
    return {
        name: tuple(getattr(person, name) for person in persons) for name in ("age", "sex", "education", "occupation")
    }


def _labour_cost(game: OneStep) -> dict[str, float] | None:
    """Return the cost of work in money, ``(constant + per_skill * skill) * hours^exponent``; ``None``: not in money."""
    match game.family:
        case QuasiLinear():
            constant, exponent = _number(game, "labour_cost"), _number(game, "labour_exponent")
            return {"constant": constant, "per_skill": 0.0, "exponent": exponent}
        case Calibrated():
            exponent = 1.0 + 1.0 / _number(game, "elasticity")
            per_skill = _number(game, "untaxed_hours") ** (1.0 - exponent) / exponent
            return {"constant": 0.0, "per_skill": per_skill, "exponent": exponent}
    return None


def _isoelastic(game: OneStep) -> str:
    if not isinstance(game.family, Isoelastic):
        raise UserError(f"one_step: the utility {type(game.family).__name__} has no description in words")
    number = {name: _number(game, name) for name in game.family.numbers}
    return (
        "(C^(1 - {risk_aversion:g}) - 1) / (1 - {risk_aversion:g}) - {labour_cost:g} * hours^{labour_exponent:g}, where"
        " C is your income, less your tax, plus the rebate, plus {home_consumption:g}, all in units of {money_unit:g}"
    ).format(**number)


def _number(game: OneStep, name: str) -> float:
    value = game.parameters[name]
    if value.numel() != 1:
        raise UserError(f"economy.utility.{name}: language-model agents need one value for all environment copies")
    return float(value)
