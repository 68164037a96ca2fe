"""Workers, their possessions and utility, and social welfare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from econsim.economies.gather_trade_build.reference.land import GOODS, Place


def _nothing() -> dict[str, int]:
    return dict.fromkeys(GOODS, 0)


@dataclass(eq=False)
class Worker:
    """Worker: coin and goods in inventory and in escrow, labour so far, skills and preferences."""

    number: int
    place: Place
    coin: float
    build_payment: float
    """Payment per house, in coin."""
    gather_bonus: float
    """Probability of a second unit when collecting."""
    labour_cost: float
    """Cost of a unit of labour, in utility."""
    risk_aversion: float
    planner: str
    """Planner that taxes the worker."""
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
        """Coin in inventory and in escrow: the basis of utility, income and welfare."""
        return self.coin + self.coin_in_escrow

    @property
    def utility(self) -> float:
        r"""Isoelastic utility of coin, $(C^{1 - \eta} - 1) / (1 - \eta)$, less the cost of labour.

        From $\eta = 1$ on, less than one coin counts as one, since utility of zero coin would be minus infinity.
        """
        curvature = 1.0 - self.risk_aversion
        coin = max(self.endowment, 1.0) if curvature <= 0 else self.endowment
        of_coin = math.log(coin) if abs(curvature) < 1e-9 else (coin**curvature - 1.0) / curvature
        return of_coin - self.labour_cost * self.labour


def equality(coin: Sequence[float]) -> float:
    """Return one less the Gini coefficient over all pairs, scaled so that it is zero if one person has everything."""
    count, total = len(coin), sum(coin)
    if total == 0 or count == 1:
        return 1.0
    differences = sum(abs(first - second) for first in coin for second in coin)
    gini = differences / (2 * count * total)
    return 1.0 - gini * count / (count - 1)


def social_welfare(name: str, people: Sequence[Worker], equality_weight: float) -> float:
    """Return the social welfare ``name`` of some workers; raises ``ValueError`` for an unknown name."""
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
    raise ValueError(f"welfare: the reference does not implement {name}")
