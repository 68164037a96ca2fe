"""Responses: the sets of followers under which a policy is scored, by label and in words.

``exact``: evaluation workers who play exact best responses. ``evaluation``: evaluation workers of any other kind.
``learned``: workers that the run trained. ``scenario``: the scenario's own workers, if none of them is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from econsim.game import Game
from econsim.parameters import Chosen

__all__ = ["Response", "evaluation_response", "own_response"]


@dataclass(frozen=True)
class Response:
    """A set of followers: its label in tables, a short name for headers (``short``), and words for sentences."""

    label: str
    short: str
    words: str

    @property
    def evaluates(self) -> bool:
        """Whether these are the evaluation workers."""
        return self.label in ("exact", "evaluation")


def evaluation_response(game: Game[Any], followers: Mapping[str, Chosen]) -> Response:
    """Return the response of evaluation workers, ``followers`` by role."""
    noun = _noun(game)
    if followers and all(chosen.kind.name == "best_response" for chosen in followers.values()):
        return Response("exact", "exact", f"{noun} who play exact best responses")
    names = _kinds(followers)
    return Response("evaluation", names, f"{noun} of kind {names}")


def own_response(game: Game[Any], followers: Mapping[str, Chosen], learned: bool) -> Response:
    """Return the response of the scenario's own workers; ``learned``: whether the run trained some of them."""
    noun = _noun(game)
    if learned:
        return Response("learned", "learned", f"the {noun} that this run trained")
    return Response("scenario", "own", f"the scenario's own {noun} ({_kinds(followers)})")


def _kinds(followers: Mapping[str, Chosen]) -> str:
    return ", ".join(dict.fromkeys(chosen.kind.name for chosen in followers.values())) or "none"


def _noun(game: Game[Any]) -> str:
    following = [name for name, role in game.roles.items() if not role.leads]
    if following == ["worker"]:
        return "workers"
    return "followers" if len(following) < len(game.roles) else "players"
