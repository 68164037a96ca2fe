"""Edits of a list of lessons, as proposed by a model: add, update, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from econsim.llm.json_extraction import NotRead, find
from econsim.llm.replies import Reading

__all__ = ["Edit", "Edits", "edited"]

Operation = Literal["add", "update", "delete"]


class Edit(NamedTuple):
    """One edit: the operation, the number of the lesson (counted from 1; 0 for a new one), and its new text."""

    operation: Operation
    number: int = 0
    text: str = ""


@dataclass(frozen=True)
class Edits:
    """Form of a reply that edits ``lessons`` lessons: at most ``most`` edits, texts of at most ``longest`` characters.

    The value is ``tuple[Edit, ...]``. Edits of lessons that do not exist, and edits with empty texts, are left out.
    """

    lessons: int
    most: int = 4
    longest: int = 200
    key: ClassVar[str] = "edits"

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the reply."""
        properties = {
            "do": {"type": "string", "enum": ["add", "update", "delete"]},
            "number": {"type": "integer", "minimum": 0, "maximum": self.lessons},
            "text": {"type": "string", "maxLength": self.longest},
        }
        item = {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
        listed = {"type": "array", "items": item, "maxItems": self.most}
        reply = {"why": {"type": "string"}, self.key: listed}
        return {"type": "object", "properties": reply, "required": list(reply), "additionalProperties": False}

    def read(self, reply: str, truncated: bool = False) -> Reading:
        """Parse the edits that a reply proposes; of a ``truncated`` reply, only complete lists."""
        try:
            extracted = find(reply, self.key, truncated)
        except NotRead as error:
            return Reading(None, "failed", str(error))
        if extracted is None or not isinstance(extracted.value, list):
            return Reading(None, "failed", f"no JSON object with a list {self.key!r}")
        entries, note = extracted
        edits = [edit for entry in entries if (edit := self._edit(entry)) is not None]
        left_out = len(entries) - len(edits[: self.most])
        reason = note or ("an edit without effect is left out" if left_out else "")
        return Reading(tuple(edits[: self.most]), "repaired" if reason else "clean", reason)

    def _edit(self, entry: Any) -> Edit | None:
        if not isinstance(entry, dict):
            return None
        operation, number = entry.get("do"), entry.get("number", 0)
        text = " ".join(str(entry.get("text", "")).split())[: self.longest].rstrip()
        if operation == "add" and text:
            return Edit("add", 0, text)
        exists = isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= self.lessons
        if operation == "update" and exists and text:
            return Edit("update", number, text)
        return Edit("delete", number) if operation == "delete" and exists else None


def edited(lessons: Sequence[str], edits: Sequence[Edit], most: int) -> tuple[str, ...]:
    """Return the list after the edits, which refer to the numbers of the original list; the first ``most`` are kept."""
    remaining: list[str | None] = list(lessons)
    added = []
    for edit in edits:
        if edit.operation == "add":
            added.append(edit.text)
        else:
            remaining[edit.number - 1] = edit.text if edit.operation == "update" else None
    return tuple(dict.fromkeys([lesson for lesson in remaining if lesson is not None] + added))[:most]
