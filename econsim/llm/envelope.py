"""Envelope of a reply: what the server states about it besides its text."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

__all__ = ["NO_ENVELOPE", "Envelope", "whole_characters"]

_CUT = {"length", "max_tokens", "max_output_tokens", "MAX_TOKENS"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What came with the text of a reply; entries are empty where the server does not state them.

    ``finish_reason``: why the reply ended, in the words of the server (``stop``, ``length``, ...). ``refusal``: the
    text with which the model declined. ``reasoning``: the reasoning that the server separated from the reply.
    ``from_tool``: the text consists of the arguments of a tool call, as the content was empty. ``simulated``: the kind
    of scripted model that answered, as named by the endpoint.
    """

    finish_reason: str = ""
    refusal: str = ""
    reasoning: str = ""
    from_tool: bool = False
    simulated: str = ""

    @property
    def truncated(self) -> bool:
        """Whether the reply was cut at its maximum number of tokens."""
        return self.finish_reason in _CUT

    def to_json(self) -> str | None:
        """Return the entries that are set as JSON; ``None`` if there are none."""
        entries = {field.name: value for field in fields(self) if (value := getattr(self, field.name))}
        return json.dumps(entries) if entries else None

    @classmethod
    def from_json(cls, text: str | None) -> Envelope:
        """Return the envelope that :meth:`to_json` wrote; entries of a later version are left out."""
        if text is None:
            return NO_ENVELOPE
        entries = json.loads(text)
        return cls(**{field.name: entries[field.name] for field in fields(cls) if field.name in entries})


NO_ENVELOPE = Envelope()
"""The envelope of a reply about which nothing else is known."""


def whole_characters(text: str) -> str:
    """Return a text in which surrogates, from characters that were cut in half, are replaced by question marks.

    They are valid in JSON, but cannot be written to a file.
    """
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
