"""Prompts as files: Jinja templates that ship with econsim, or lie in a folder of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["FACTS", "Wording"]

FACTS = "FACTS: "
"""What the line begins with that repeats a question's numbers as one JSON object."""
_SUFFIX = ".txt"


class Wording:
    """The templates of one folder, read when they are first used."""

    def __init__(self, shipped: Path, name: str, key: str) -> None:
        """Find the folder.

        Args:
            shipped: the folder whose sub-folders econsim ships.
            name: one of those, or the path of a user's folder.
            key: of the scenario that named it, for messages.

        Raises:
            UserError: there is no such folder.
        """
        known = sorted(entry.name for entry in shipped.iterdir() if entry.is_dir())
        folder = shipped / name if name in known else Path(name)
        if not folder.is_dir():
            raise UserError(f"{key}: no wording {name!r}{did_you_mean(name, known)}, and no folder of that path")
        self._folder, self._key = folder, key
        self._templates: dict[str, Template] = {}

    def render(self, template: str, **values: Any) -> str:
        """Return a template's text.

        Raises:
            UserError: the template is missing, is none, or names something that it is not given.
        """
        from jinja2 import TemplateError

        if template not in self._templates:
            self._templates[template] = self._read(template)
        try:
            return self._templates[template].render(values).strip()
        except TemplateError as error:
            raise UserError(f"{self._place(template)}: {error}") from None

    def _read(self, template: str) -> Template:
        from jinja2 import StrictUndefined, TemplateError
        from jinja2.sandbox import SandboxedEnvironment

        place = self._place(template)
        options = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}
        try:
            return SandboxedEnvironment(**options).from_string(place.read_text(encoding="utf-8").strip())
        except OSError:
            raise UserError(f"{self._key}: {place} is missing or cannot be read") from None
        except TemplateError as error:
            raise UserError(f"{place}: {error}") from None

    def _place(self, template: str) -> Path:
        return self._folder / f"{template}{_SUFFIX}"
