"""Warnings about people whose consumption is negative, because a levy takes more than they earn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from econsim.runs.scoring import Score

__all__ = ["negative_consumption"]

_NOTHING = 0.005
"""A smaller negative amount, in money, is rounding."""


def negative_consumption(scores: Sequence[Score], unit: str) -> Iterator[str]:
    """Yield a warning for each policy and response under which somebody's consumption is negative."""
    lowest: dict[tuple[str, str], float] = {}
    for score in scores:
        for block in score.accounts:
            if "consumption" in block.columns:
                name = score.policy, score.response
                lowest[name] = min(lowest.get(name, 0.0), float(block.columns["consumption"].min()))
    for (policy, response), amount in lowest.items():
        if amount < -_NOTHING:
            yield (
                f"{policy} ({response} workers): consumption is negative for some people, at worst {amount:,.0f}"
                f" {unit}: credits exceed tax revenue, and the levy that pays for them exceeds what these people keep."
                " Raise tax rates or reduce the credits."
            )
