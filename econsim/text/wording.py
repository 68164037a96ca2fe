"""Prompt templates: Jinja files that ship with econsim or are in a folder of the user."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from econsim.errors import UserError, did_you_mean
from econsim.storage.user_files import decoded, read_user_file

if TYPE_CHECKING:
    from jinja2 import Template

    from econsim.text.templates import Templates

__all__ = ["Prompt", "Wording"]

_SUFFIX = ".txt"


class Prompt(NamedTuple):
    """The text of a question, its numbers as JSON for scripted models, and the lines of its history, oldest first.

    See :class:`econsim.llm.questions.Question`.
    """

    text: str
    facts: str
    history: tuple[str, ...] = ()


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
        if not os.path.isdir(folder):  # unlike Path.is_dir, also for a path that is too long
            raise UserError(f"{key}: no wording {name!r}{did_you_mean(name, names)}, and no folder with this path")
        self._folder, self._key = folder, key
        self._templates: dict[str, Template] = {}

    def render(self, template: str, **values: Any) -> str:
        """Return a template rendered with the given values.

        Raises:
            UserError: the template is missing or invalid, uses an undefined variable, or exceeds a limit.
        """
        if template not in self._templates:
            self._templates[template] = self._read(template)
        with self._errors_named(template):
            return self._environment.rendered(self._templates[template], values).strip()

    @cached_property
    def _environment(self) -> Templates:
        from econsim.text.templates import Templates

        return Templates()

    def _read(self, template: str) -> Template:
        from econsim.text.templates import MOST_BYTES

        path = self._path(template)
        try:
            raw = read_user_file(path, MOST_BYTES)
        except UserError as error:
            raise UserError(f"{self._key}: {error}") from None
        source = decoded(raw, str(path), self._key)
        with self._errors_named(template):
            return self._environment.compiled(source.strip())

    @contextmanager
    def _errors_named(self, template: str) -> Iterator[None]:
        """Raise errors of a template as errors of the user, with the key, the file and the line."""
        from jinja2 import TemplateError, TemplateSyntaxError

        from econsim.text.templates import FAULTS

        try:
            yield
        except (TemplateError, *FAULTS) as error:
            line = error.lineno if isinstance(error, TemplateSyntaxError) else _line(error)
            where = f"{self._path(template)}:{line}" if line else str(self._path(template))
            reason = error.message if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
            raise UserError(f"{self._key}: {where}: {reason}") from None

    def _path(self, template: str) -> Path:
        return self._folder / f"{template}{_SUFFIX}"


def _line(error: BaseException) -> int | None:
    """Return the line of the template in which an error was raised; Jinja adds it to the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == "<template>"), None)
