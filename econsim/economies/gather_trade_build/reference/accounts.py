"""What analysis reads of an economy: lists by worker (and period), or a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from econsim.economies.gather_trade_build.reference.economy import Reference
from econsim.economies.gather_trade_build.reference.land import GOODS
from econsim.economies.gather_trade_build.reference.people import Worker, equality, social_welfare
from econsim.economies.gather_trade_build.reference.taxes import Assessment

T = TypeVar("T")


def accounts(economy: Reference) -> dict[str, Any]:
    """Return the accounts of the economy by the names that the tensor game gives them."""
    people, rules = economy.workers, economy.rules
    coin = [worker.endowment for worker in people]
    found: dict[str, Any] = {
        "consumption": coin,
        "coin_in_escrow": [worker.coin_in_escrow for worker in people],
        "labour": [worker.labour for worker in people],
        "utility": [worker.utility for worker in people],
        "equality": equality(coin),
        "productivity": sum(coin),
        "welfare": social_welfare(rules.welfare, people, rules.equality_weight),
    }
    if "build" in rules.components:
        found["houses"] = [worker.houses for worker in people]
        found["building_income"] = [worker.houses * worker.build_payment for worker in people]
    if "gather" in rules.components:
        found |= {f"gathered_{good}": [worker.gathered[good] for worker in people] for good in GOODS}
    for good, auction in economy.auctions.items():
        found |= {f"{what}_{good}": [getattr(worker, what)[good] for worker in people] for what in ("bought", "sold")}
        found[f"spent_on_{good}"] = [worker.spent[good] for worker in people]
        found[f"earned_with_{good}"] = [worker.earned[good] for worker in people]
        found[f"price_history_{good}"] = auction.sales_by_price
    return found | (_of_taxes(economy) if economy.offices else {})


def _of_taxes(economy: Reference) -> dict[str, Any]:
    first = next(iter(economy.offices.values()))
    periods = max(1, economy.rules.horizon // first.period)

    def by_period(read: Callable[[Assessment], float]) -> list[list[float]]:
        return [[read(bill) for bill in _bills(economy, worker, periods)] for worker in economy.workers]

    income, tax = by_period(lambda bill: bill.income), by_period(lambda bill: bill.paid)
    shielded, rebate = by_period(lambda bill: bill.owed - bill.paid), by_period(lambda bill: bill.rebate)
    no_rates = [0.0] * len(first.thresholds)
    return {
        "income": [sum(row) for row in income],
        "tax": [sum(row) for row in tax],
        "tax_shielded": [sum(row) for row in shielded],
        "rebate": [sum(row) for row in rebate],
        "income_by_period": income,
        "tax_by_period": tax,
        "marginal_rate_by_period": by_period(lambda bill: bill.marginal_rate),
        "schedule_by_period": [_filled(office.schedules, periods, no_rates) for office in economy.offices.values()],
    }


def _bills(economy: Reference, worker: Worker, periods: int) -> list[Assessment]:
    past = [period[worker.number] for period in economy.offices[worker.planner].periods]
    return _filled(past, periods, Assessment())


def _filled(past: list[T], periods: int, nothing: T) -> list[T]:
    return past + [nothing] * (periods - len(past))
