"""Prompt templates: Jinja files that ship with econsim or are in a folder of the user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["FACTS", "Wording"]

FACTS = "FACTS: "
"""Prefix of the line that repeats the numbers of a question as one JSON object."""
_SUFFIX = ".txt"


class Wording:
    """The templates of one folder, which are read when they are first used."""

    def __init__(self, shipped: Path, name: str, key: str) -> None:
        """Locate the folder.

        Args:
            shipped: the folder whose sub-folders ship with econsim.
            name: the name of a sub-folder, or the path of a folder of the user.
            key: the scenario key that selects the wording, for error messages.

        Raises:
            UserError: there is no such folder.
        """
        names = sorted(entry.name for entry in shipped.iterdir() if entry.is_dir())
        folder = shipped / name if name in names else Path(name)
        if not folder.is_dir():
            raise UserError(f"{key}: no wording {name!r}{did_you_mean(name, names)}, and no folder with this path")
        self._folder, self._key = folder, key
        self._templates: dict[str, Template] = {}

    def render(self, template: str, **values: Any) -> str:
        """Return a template rendered with the given values.

        Raises:
            UserError: the template is missing or invalid, or uses an undefined variable.
        """
        from jinja2 import TemplateError

        if template not in self._templates:
            self._templates[template] = self._read(template)
        try:
            return self._templates[template].render(values).strip()
        except TemplateError as error:
            raise UserError(f"{self._path(template)}: {error}") from None

    def _read(self, template: str) -> Template:
        from jinja2 import StrictUndefined, TemplateError
        from jinja2.sandbox import SandboxedEnvironment

        path = self._path(template)
        options = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}
        try:
            return SandboxedEnvironment(**options).from_string(path.read_text(encoding="utf-8-sig").strip())
        except OSError:
            raise UserError(f"{self._key}: {path} is missing or cannot be read") from None
        except UnicodeDecodeError:
            raise UserError(f"{self._key}: {path} is not UTF-8 text; save it as UTF-8") from None
        except TemplateError as error:
            raise UserError(f"{path}: {error}") from None

    def _path(self, template: str) -> Path:
        return self._folder / f"{template}{_SUFFIX}"
