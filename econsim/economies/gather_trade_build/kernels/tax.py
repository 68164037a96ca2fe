"""Kernel of the component tax: rates are announced at the start of a period and taxes collected at its end."""

from __future__ import annotations

from typing import Any

from econsim.economies.gather_trade_build.kernels.arrays import (
    HIGHEST_RATE,
    Announced,
    Constants,
    Ledger,
    Sizes,
    World,
)
from econsim.kernels.compiling import rule

TAX_DUE, COLLECTED, INCOME = 0, 1, 2  # rows of the scratch array


@rule
def tax_of(income: float, rates: Any, thresholds: Any) -> float:
    """Return the tax of the brackets on an income."""
    tax = income * 0
    for bracket in range(rates.size):
        taxed = max(income, thresholds[bracket])
        if bracket + 1 < rates.size:
            taxed = min(taxed, thresholds[bracket + 1])
        tax += rates[bracket] * (taxed - thresholds[bracket])
    return tax


@rule
def marginal_rate_of(income: float, rates: Any, thresholds: Any) -> float:
    """Return the marginal tax rate on the next unit of income."""
    rate = income * 0
    for bracket in range(rates.size):
        if income >= thresholds[bracket]:
            rate = rates[bracket]
    return rate


@rule
def announce(announced: Announced, sizes: Sizes, constants: Constants, ledger: Ledger) -> None:
    """Set the announced rates: values above the highest are clipped, options above it ignored."""
    highest = constants.numbers[HIGHEST_RATE]
    for planner in range(sizes.planners):
        for bracket in range(sizes.brackets):
            if announced.is_rates:
                ledger.rates[planner, bracket] = min(announced.rates[planner, bracket], highest)
            else:
                option = announced.options[planner, bracket]
                if 0 < option <= sizes.options and constants.rate_options[option - 1] <= highest + 1e-9:
                    ledger.rates[planner, bracket] = constants.rate_options[option - 1]


@rule
def reduce_credits(planner: int, amounts: Any, sizes: Sizes, constants: Constants) -> None:
    """Reduce the credits of a planner's workers in proportion, so that its taxes pay for them."""
    revenue = credit = 0.0
    for n in range(sizes.workers):
        if constants.planner_of[n] == planner:
            revenue += max(amounts[COLLECTED, n], 0.0)
            credit -= min(amounts[COLLECTED, n], 0.0)
    share = min(revenue / credit, 1.0) if credit > 0 else 1.0
    for n in range(sizes.workers):
        if constants.planner_of[n] == planner and amounts[COLLECTED, n] < 0:
            amounts[COLLECTED, n] *= share


@rule
def assess(amounts: Any, sizes: Sizes, constants: Constants, world: World, ledger: Ledger) -> None:
    """Compute income, tax due and tax collected of each worker: at most the coin at hand, credits within revenue."""
    for n in range(sizes.workers):
        income = world.coin[n] + world.coin_in_escrow[n] - ledger.at_start[n]
        due = tax_of(income, ledger.rates[constants.planner_of[n]], constants.thresholds)
        amounts[INCOME, n], amounts[TAX_DUE, n] = income, due
        amounts[COLLECTED, n] = min(world.coin[n], due)
    if sizes.credits:
        for planner in range(sizes.planners):
            reduce_credits(planner, amounts, sizes, constants)


@rule
def collect(year: int, amounts: Any, sizes: Sizes, constants: Constants, world: World, ledger: Ledger) -> None:
    """Collect the taxes of a period, pay each planner's revenue back in equal shares, and keep the books."""
    assess(amounts, sizes, constants, world, ledger)
    for planner in range(sizes.planners):
        revenue = 0.0
        for n in range(sizes.workers):
            if constants.planner_of[n] == planner:
                revenue += amounts[COLLECTED, n]
        rebate = max(revenue / constants.people[planner], 0.0)
        for n in range(sizes.workers):
            if constants.planner_of[n] == planner:
                settle(n, year, rebate, amounts, sizes, constants, world, ledger)
        if year < sizes.periods:
            for bracket in range(sizes.brackets):
                ledger.schedule[planner, year, bracket] = ledger.rates[planner, bracket]


@rule
def settle(
    n: int,
    year: int,
    rebate: float,
    amounts: Any,
    sizes: Sizes,
    constants: Constants,
    world: World,
    ledger: Ledger,
) -> None:
    """Settle a worker's tax and rebate, and keep its books."""
    income, tax = amounts[INCOME, n], amounts[COLLECTED, n]
    marginal = marginal_rate_of(income, ledger.rates[constants.planner_of[n]], constants.thresholds)
    world.coin[n] -= tax
    world.coin[n] += rebate
    ledger.at_start[n] = world.coin[n] + world.coin_in_escrow[n]
    ledger.last_income[n], ledger.last_marginal_rate[n] = income, marginal
    if year < sizes.periods:
        ledger.income[n, year], ledger.tax[n, year] = income, tax
        ledger.shielded[n, year] = amounts[TAX_DUE, n] - tax
        ledger.rebate[n, year], ledger.marginal_rate[n, year] = rebate, marginal


@rule
def tax(
    announced: Announced,
    amounts: Any,
    sizes: Sizes,
    constants: Constants,
    world: World,
    ledger: Ledger,
) -> None:
    """Set announced rates at the start of a period; collect taxes and pay rebates at its end."""
    step = world.time[0] % sizes.period
    if step == 0:
        announce(announced, sizes, constants, ledger)
    if step == sizes.period - 1:
        collect(world.time[0] // sizes.period, amounts, sizes, constants, world, ledger)
