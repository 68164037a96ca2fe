"""A short list of lessons, and the edits that a model proposes to it: add, update, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from econsim.llm.json_extraction import find
from econsim.llm.replies import Reading

__all__ = ["Edit", "Edits", "edited"]

Deed = Literal["add", "update", "delete"]


class Edit(NamedTuple):
    """One edit: what is done, to which lesson (counted from 1; 0 for a new one), and its new text."""

    deed: Deed
    number: int = 0
    text: str = ""


@dataclass(frozen=True)
class Edits:
    """The form of a reply that edits a list of ``lessons``: at most ``most`` edits, texts of at most ``longest`` signs.

    The value is ``tuple[Edit, ...]``. Edits of lessons that there are not, and texts that are empty, are left out.
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

    def read(self, reply: str) -> Reading:
        """Return the edits that a reply proposes."""
        found = find(reply, self.key)
        if found is None or not isinstance(found[0], list):
            return Reading(None, "failed", f"no JSON object with a list {self.key!r}")
        edits = [edit for entry in found[0] if (edit := self._edit(entry)) is not None]
        left_out = len(found[0]) - len(edits[: self.most])
        reason = found[1] or (f"{left_out} of {len(found[0])} edits left out" if left_out else "")
        return Reading(tuple(edits[: self.most]), "repaired" if reason else "clean", reason)

    def _edit(self, entry: Any) -> Edit | None:
        if not isinstance(entry, dict):
            return None
        deed, number = entry.get("do"), entry.get("number", 0)
        text = " ".join(str(entry.get("text", "")).split())[: self.longest].rstrip()
        if deed == "add" and text:
            return Edit("add", 0, text)
        known = isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= self.lessons
        if deed == "update" and known and text:
            return Edit("update", number, text)
        return Edit("delete", number) if deed == "delete" and known else None


def edited(lessons: Sequence[str], edits: Sequence[Edit], most: int) -> tuple[str, ...]:
    """Return a list of lessons after edits, which count from the list as it was; the ``most`` first are kept."""
    kept: list[str | None] = list(lessons)
    added = []
    for edit in edits:
        if edit.deed == "add":
            added.append(edit.text)
        else:
            kept[edit.number - 1] = edit.text if edit.deed == "update" else None
    return tuple(dict.fromkeys([lesson for lesson in kept if lesson is not None] + added))[:most]
