"""Accounts of the reference implementation: lists by worker (and period), or numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from econsim.economies.gather_trade_build.reference.economy import Reference
from econsim.economies.gather_trade_build.reference.land import GOODS
from econsim.economies.gather_trade_build.reference.people import Worker, equality, social_welfare
from econsim.economies.gather_trade_build.reference.taxes import Assessment

T = TypeVar("T")


def accounts(economy: Reference) -> dict[str, Any]:
    """Return the accounts of the economy, under the names that the tensor implementation uses."""
    people, rules = economy.workers, economy.rules
    coin = [worker.endowment for worker in people]
    result: dict[str, Any] = {
        "consumption": coin,
        "coin_in_escrow": [worker.coin_in_escrow for worker in people],
        "labour": [worker.labour for worker in people],
        "utility": [worker.utility for worker in people],
        "equality": equality(coin),
        "productivity": sum(coin),
        "welfare": social_welfare(rules.welfare, people, rules.equality_weight),
    }
    if "build" in rules.components:
        result["houses"] = [worker.houses for worker in people]
        result["building_income"] = [worker.houses * worker.build_payment for worker in people]
    if "gather" in rules.components:
        result |= {f"gathered_{good}": [worker.gathered[good] for worker in people] for good in GOODS}
    for good, auction in economy.auctions.items():
        for quantity in ("bought", "sold"):
            result[f"{quantity}_{good}"] = [getattr(worker, quantity)[good] for worker in people]
        result[f"spent_on_{good}"] = [worker.spent[good] for worker in people]
        result[f"earned_with_{good}"] = [worker.earned[good] for worker in people]
        result[f"price_history_{good}"] = auction.sales_by_price
    return result | (_of_taxes(economy) if economy.offices else {})


def _of_taxes(economy: Reference) -> dict[str, Any]:
    first = next(iter(economy.offices.values()))
    periods = max(1, economy.rules.horizon // first.period)

    def by_period(read: Callable[[Assessment], float]) -> list[list[float]]:
        return [[read(bill) for bill in _bills(economy, worker, periods)] for worker in economy.workers]

    income, tax = by_period(lambda bill: bill.income), by_period(lambda bill: bill.paid)
    shielded, rebate = by_period(lambda bill: bill.owed - bill.paid), by_period(lambda bill: bill.rebate)
    unpaid = {}
    if first.lowest_rate < 0:
        unpaid["credit_unpaid"] = [sum(max(0.0, -amount) for amount in row) for row in shielded]
    no_rates = [0.0] * len(first.thresholds)
    return {
        "income": [sum(row) for row in income],
        "tax": [sum(row) for row in tax],
        "tax_shielded": [sum(max(0.0, amount) for amount in row) for row in shielded],
        **unpaid,
        "rebate": [sum(row) for row in rebate],
        "income_by_period": income,
        "tax_by_period": tax,
        "marginal_rate_by_period": by_period(lambda bill: bill.marginal_rate),
        "schedule_by_period": [_padded(office.schedules, periods, no_rates) for office in economy.offices.values()],
    }


def _bills(economy: Reference, worker: Worker, periods: int) -> list[Assessment]:
    completed = [period[worker.number] for period in economy.offices[worker.planner].periods]
    return _padded(completed, periods, Assessment())


def _padded(completed: list[T], periods: int, empty: T) -> list[T]:
    return completed + [empty] * (periods - len(completed))
