"""Workers, what they have and how well off they and their society are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from econsim.economies.gather_trade_build.reference.land import GOODS, Place


def _nothing() -> dict[str, int]:
    return dict.fromkeys(GOODS, 0)


@dataclass(eq=False)
class Worker:
    """A worker: coin and units of goods at hand and in escrow, labour so far, and what it is like."""

    number: int
    place: Place
    coin: float
    build_payment: float
    """Coin that it is paid for a house."""
    gather_bonus: float
    """Chance of a second unit when it collects."""
    labour_cost: float
    """Utility that a unit of labour costs."""
    risk_aversion: float
    planner: str
    """The planner who taxes it."""
    coin_in_escrow: int = 0
    goods: dict[str, int] = field(default_factory=_nothing)
    goods_in_escrow: dict[str, int] = field(default_factory=_nothing)
    labour: float = 0.0
    houses: int = 0
    gathered: dict[str, int] = field(default_factory=_nothing)
    bought: dict[str, int] = field(default_factory=_nothing)
    sold: dict[str, int] = field(default_factory=_nothing)
    spent: dict[str, int] = field(default_factory=_nothing)
    earned: dict[str, int] = field(default_factory=_nothing)

    @property
    def endowment(self) -> float:
        """All its coin, escrow included: what utility, income and welfare count."""
        return self.coin + self.coin_in_escrow

    @property
    def utility(self) -> float:
        r"""Isoelastic utility of coin, $(C^{1 - \eta} - 1) / (1 - \eta)$, less what its labour costs.

        From $\eta = 1$ on an empty purse would be worth minus infinity: less than one coin then counts as one.
        """
        curvature = 1.0 - self.risk_aversion
        coin = max(self.endowment, 1.0) if curvature <= 0 else self.endowment
        of_coin = math.log(coin) if abs(curvature) < 1e-9 else (coin**curvature - 1.0) / curvature
        return of_coin - self.labour_cost * self.labour


def equality(coin: Sequence[float]) -> float:
    """Return one less the Gini coefficient over all pairs, scaled so that it is zero where one has everything."""
    count, total = len(coin), sum(coin)
    if total == 0 or count == 1:
        return 1.0
    differences = sum(abs(mine - yours) for mine in coin for yours in coin)
    gini = differences / (2 * count * total)
    return 1.0 - gini * count / (count - 1)


def social_welfare(name: str, people: Sequence[Worker], equality_weight: float) -> float:
    """Return the welfare of some people by the measure ``name``; raises ``ValueError`` for an unknown one."""
    coin = [worker.endowment for worker in people]
    utility = [worker.utility for worker in people]
    inverse = [1.0 / max(amount, 1.0) for amount in coin]
    match name:
        case "equality_times_productivity":
            return (equality_weight * equality(coin) + 1.0 - equality_weight) * sum(coin) / len(coin)
        case "inverse_income_utility":
            return sum(weight * value for weight, value in zip(inverse, utility, strict=True)) / sum(inverse)
        case "inverse_income_coin":
            return sum(weight * value for weight, value in zip(inverse, coin, strict=True)) / sum(inverse)
        case "utilitarian":
            return sum(utility) / len(utility)
        case "rawlsian":
            return min(utility)
    raise ValueError(f"welfare: {name} is none that the reference knows")
