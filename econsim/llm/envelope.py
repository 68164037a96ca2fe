"""Envelope of a reply: what the server states about it besides its text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache

__all__ = ["NO_ENVELOPE", "Envelope"]

_CUT = {"length", "max_tokens", "max_output_tokens", "model_length", "MAX_TOKENS"}
_WITHOUT_REASONING = (
    "switch the reasoning of the model off, with most servers by llm.body.chat_template_kwargs.enable_thinking=false or"
    " llm.body.reasoning_effort=none"
)
_LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class Envelope:
    """What came with the text of a reply; entries are empty where the server does not state them.

    ``finish_reason``: why the reply ended, in the words of the server (``stop``, ``length``, ...). ``refusal``: the
    text with which the model declined. ``reasoning``: the reasoning that the server separated from the reply.
    ``from_tool``: the text consists of the arguments of a tool call, as the content was empty. ``simulated``: the kind
    of scripted model that answered, as named by the endpoint. ``left_out``: the number of lines of history that were
    left out of the question, since it exceeded the model's context.
    """

    finish_reason: str = ""
    refusal: str = ""
    reasoning: str = ""
    from_tool: bool = False
    simulated: str = ""
    left_out: int = 0

    @property
    def truncated(self) -> bool:
        """Whether the reply was cut at its maximum number of tokens."""
        return self.finish_reason in _CUT

    def advice(self, text: str) -> str:
        """Return why a reply with this text may be unusable and what to change; empty if the envelope does not tell."""
        if self.refusal:
            return f"the model declined: {_short(self.refusal)}"
        is_reasoning = (not text.strip() and self.reasoning) or _opens_reasoning(text)
        if is_reasoning:
            return f"the reply consists of reasoning only: raise llm.max_tokens, or {_WITHOUT_REASONING}"
        return "the reply reached its maximum length: raise llm.max_tokens" if self.truncated else ""

    def with_texts(self, changed: Callable[[str], str]) -> Envelope:
        """Return the envelope with its texts changed by a function."""
        refusal, reasoning, simulated = map(changed, (self.refusal, self.reasoning, self.simulated))
        return replace(self, refusal=refusal, reasoning=reasoning, simulated=simulated)

    @lru_cache(maxsize=64)  # noqa: B019 (an envelope is a value, and most replies have the same)
    def to_json(self) -> str | None:
        """Return the entries that are set as JSON; ``None`` if there are none."""
        entries = {field.name: value for field in fields(self) if (value := getattr(self, field.name))}
        return json.dumps(entries) if entries else None

    @classmethod
    @lru_cache(maxsize=64)
    def from_json(cls, text: str | None) -> Envelope:
        """Return the envelope that :meth:`to_json` wrote; entries of a later version are left out."""
        entries = json.loads(text) if text else {}
        return cls(**{field.name: entries[field.name] for field in fields(cls) if field.name in entries})


NO_ENVELOPE = Envelope()
"""The envelope of a reply about which nothing else is known."""


def _opens_reasoning(text: str) -> bool:
    """Return whether a reply begins with reasoning that does not end."""
    begins = text.lstrip()[:12].lower()
    return begins.startswith(("<think>", "<thinking>", "<reasoning>")) and "</" not in text


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "..."
