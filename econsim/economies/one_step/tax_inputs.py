"""Inputs of optimal-tax formulas and of laws on other brackets, taken from the one-step economy.

See :class:`econsim.economics.OptimalTaxInputs` and :class:`econsim.economics.DeclaresIncomes`. States are in double
precision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from econsim.economies.one_step.state import State
from econsim.mechanisms.taxes import marginal_rate
from econsim.mechanisms.weighted_people import mean
from econsim.mechanisms.welfare import marginal_weights

if TYPE_CHECKING:
    from econsim.economies.one_step import OneStep

__all__ = ["after_deduction", "declared_incomes", "effort_values", "elasticity", "rebates", "social_weights"]


def declared_incomes(game: OneStep, thresholds: Tensor, rates: Tensor) -> tuple[Tensor, Tensor]:
    """Return the population's taxable incomes under a schedule, ``[N]`` or ``[B, N]``, and its weights ``[N]``."""
    income, _ = _responses(game, rates, thresholds)
    taxable = after_deduction(game, income)
    return taxable.squeeze(0) if len(taxable) == 1 else taxable, game.weight[0].to(taxable)


def rebates(game: OneStep, rates: Tensor) -> tuple[float, float]:
    """Return the rebate that the population expects under announced ``rates`` ``[K]``, and the one that it is paid."""
    income, expected = _responses(game, rates)
    paid = mean(game.budget(rates.to(income)[None]).tax(income), game.weight.to(income))
    return float(expected.mean()), float(paid.mean())


def after_deduction(game: OneStep, income: Tensor) -> Tensor:
    """Return income less the standard deduction, ``[B, N]``."""
    deduction = game.values(income).get("standard_deduction")
    return income if deduction is None else (income - deduction).clamp(min=0)


def elasticity(game: OneStep, state: State) -> Tensor:
    """Return the compensated elasticity of all taxable income, ``[B]``; NaN without income."""
    net_earnings = _kept(game, state) * state.income
    by_worker = game.family.compensated_elasticity(game.values(state.skill), net_earnings, _consumption(state))
    taxable = after_deduction(game, state.income)
    # Workers without income may have an infinite elasticity.
    response = torch.where(taxable > 0, by_worker * state.income, 0.0)
    return (state.weight * response).sum(-1) / (state.weight * taxable).sum(-1)


def social_weights(game: OneStep, state: State) -> Tensor:
    """Return the derivative of welfare with respect to each entry's money at constant hours, ``[B, N]``."""
    consumption, values, potential = _consumption(state), game.values(state.skill), _potential_income(game, state)

    def social(lump_sums: Tensor) -> Tensor:
        utility = game.family.utility(values, state.skill, consumption + lump_sums, state.hours)
        return game.social_welfare(utility, consumption + lump_sums, potential, state.income, state.weight)

    return marginal_weights(social, consumption)


def effort_values(game: OneStep, state: State) -> Tensor:
    """Return the derivative of welfare with respect to income earned at constant utility and revenue, ``[B, N]``."""
    consumption, kept, potential = _consumption(state), _kept(game, state), _potential_income(game, state)

    def social(earned: Tensor) -> Tensor:
        consumed, income = consumption + kept * earned, state.income + earned
        return game.social_welfare(state.utility, consumed, potential, income, state.weight)

    return marginal_weights(social, consumption)


def _responses(game: OneStep, rates: Tensor, thresholds: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return incomes ``[B, N]`` and the expected rebate ``[B, 1]`` of the population, float64."""
    skill = game.population_skill.double()
    values, budget = game.values(skill), game.budget(rates.to(skill)[None], thresholds)
    skill = skill.expand(max(map(len, values.values())), -1)
    rebate = game.family.expected_rebate(values, skill, game.weight.to(skill), budget)
    return skill * game.family.best_hours(values, skill, rebate, budget), rebate


def _kept(game: OneStep, state: State) -> Tensor:
    """Return one minus the marginal tax rate, ``[B, N]``."""
    budget = game.budget(state.rates)
    return 1.0 - marginal_rate(state.income, budget.thresholds, budget.rates)


def _consumption(state: State) -> Tensor:
    return state.income - state.tax + state.rebate[:, None]


def _potential_income(game: OneStep, state: State) -> Tensor:
    return state.skill * game.usual_hours
