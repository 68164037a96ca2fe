"""Scripted model: a simulated language model that computes its replies from the numbers in a question.

Workers play exact best responses, voters vote for the candidate with the highest utility for them, candidates propose
what is best for themselves, the planner follows a pattern search over the tax years in its prompt, and the coach
suggests one fixed lesson. The whole path from prompt to economy can thus be tested against known economics. Players of
any other game choose the first legal option, or the middle of a range, which tests the path itself.
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
    """Replies to questions that end with a line of facts or ask for an action, and rejects all others."""

    name = "scripted-economist"
    label = "scripted"

    async def reply(self, chat: Chat) -> Said:
        """Return the reply as the JSON object that the request specifies.

        Raises:
            Unanswerable: the question has no facts, or their role is unknown.
        """
        if chat.key == player.KEY:
            key, value = player.KEY, player.action(_wanted(chat))
        elif (saying := player.saying(chat.key, _wanted(chat))) is not None:
            key, value = chat.key or "", saying
        else:
            key, value = _answer(facts_of(chat.question), chat)
        thought = {"thought": _THOUGHT} if chat.wants_thought else {}
        return Said(json.dumps({**thought, chat.key or key: value}))


def _answer(facts: Mapping[str, Any], chat: Chat) -> tuple[str, Any]:
    """Return the default key of a reply and its value."""
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
    raise Unanswerable(f"unknown role in the facts: {facts.get('role')!r}")


def _wanted(chat: Chat) -> Mapping[str, Any]:
    """Return the schema of the requested value."""
    wanted: Mapping[str, Any] = chat.properties.get(chat.key or "", {})
    return wanted
