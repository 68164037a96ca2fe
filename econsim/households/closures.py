r"""Closures of the government's budget $G + T + (1 + r) B = R + B'$ in every period.

$R$ is revenue, $G$ public consumption, $T$ the transfer to every household, and $B$ debt at the start of the period.
The entry that adjusts is named; the others are given. Where debt adjusts, the transfer follows a rule of the kind of
Bohn (1998), $T = \bar T - \varphi (B - \bar B)$, which stabilises debt if $\varphi$ is above the interest rate.

Source: Bohn (1998), "The Behavior of U.S. Public Debt and Deficits", Quarterly Journal of Economics 113(3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["ADJUSTS", "Adjusts", "Closure"]

Adjusts = Literal["transfer", "spending", "labour_tax", "debt"]
ADJUSTS: tuple[Adjusts, ...] = get_args(Adjusts)
"""What can close the budget."""


@dataclass(frozen=True)
class Closure:
    r"""The entry of the budget that adjusts, and the amounts of the others per household and period.

    adjusts: ``transfer``; ``spending``, public consumption; ``labour_tax``, the level of the tax on labour income; or
        ``debt``, with the rule for the transfer.
    spending: $G$, where it does not adjust.
    transfer: $T$, where neither it nor debt adjusts; with debt, $\bar T$ of the rule.
    response: $\varphi$ of the rule; zero elsewhere.
    """

    adjusts: Adjusts = "transfer"
    spending: float = 0.0
    transfer: float = 0.0
    response: float = 0.0
