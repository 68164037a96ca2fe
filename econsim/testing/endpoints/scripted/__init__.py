"""Scripted model: it reads the numbers in a question and computes the answer.

Workers best-respond exactly, voters vote for whom they gain most from, candidates promise what is best for themselves,
the planner climbs by the tax years in its prompt, and the coach knows one lesson. With it the whole path from prompt to
economy can be checked against economics that is known. Players of any other game take the first legal option, or the
middle of a range, so that the path itself can be checked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from econsim.testing.endpoints.chats import Chat, Said
from econsim.testing.endpoints.responders import Unanswerable
from econsim.testing.endpoints.scripted import candidate, coach, planner, player, voter, worker
from econsim.testing.endpoints.scripted.facts import facts_of

__all__ = ["Scripted"]

_THOUGHT = "I computed it from the facts."


class Scripted:
    """Answers questions that end with a line of facts, and those that ask for an action; others it refuses."""

    name = "scripted-economist"
    label = "scripted"

    async def reply(self, chat: Chat) -> Said:
        """Return the answer as the JSON object that the request describes.

        Raises:
            Unanswerable: the question has no facts, or none of a role that is known.
        """
        if chat.key == player.KEY:
            key, value = player.KEY, player.action(_wanted(chat))
        else:
            key, value = _answer(facts_of(chat.question), chat)
        thought = {"thought": _THOUGHT} if chat.wants_thought else {}
        return Said(json.dumps({**thought, chat.key or key: value}))


def _answer(facts: Mapping[str, Any], chat: Chat) -> tuple[str, Any]:
    """Return the usual key of an answer, and its value."""
    match facts.get("role"):
        case "worker" if "utility_change" in facts:
            return "satisfied", "yes" if worker.satisfied(facts) else "no"
        case "worker":
            return "hours", worker.hours(facts)
        case "planner":
            return "rates", planner.rates(facts)
        case "candidate":
            return "rates", candidate.rates(facts, _wanted(chat).get("maxItems"))
        case "coach":
            return "edits", coach.edits(facts)
        case "voter" if facts.get("key") == "approve":
            return "approve", voter.approval(facts)
        case "voter":
            order = voter.ranking(facts)
            return "vote", order if _wanted(chat).get("type") == "array" else order[0]
    raise Unanswerable(f"no role that is known: {facts.get('role')!r}")


def _wanted(chat: Chat) -> Mapping[str, Any]:
    """Return the schema of the value that the request asks for."""
    wanted: Mapping[str, Any] = chat.properties.get(chat.key or "", {})
    return wanted
