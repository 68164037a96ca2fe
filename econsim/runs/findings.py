"""Warnings about what a game's own laws leave open, for each policy: open accounts, corner solutions, early ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from econsim.economics import StatesFindings
from econsim.game import Game
from econsim.runs.scoring import Score

__all__ = ["findings"]


def findings(game: Game[Any], scores: Sequence[Score]) -> Iterator[str]:
    """Yield the findings of a game about each policy and response, under its first seed."""
    if not isinstance(game, StatesFindings):
        return
    seen = set()
    for score in scores:
        label = score.policy, score.response
        if label not in seen:
            seen.add(label)
            for sentence in game.findings(score.by_episode):
                yield f"{score.policy} ({score.response} workers): {sentence}"
