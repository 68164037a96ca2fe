"""Errors that a user can meet. Each has one clear message, which the command line prints without a traceback."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class EconsimError(Exception):
    """An internal error, or a failure of the machine: exit code 1."""

    exit_code = 1


class UserError(EconsimError):
    """A mistake in the user's input: exit code 2."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One mistake in a scenario or its overrides.

    ``where`` is ``file:line`` or ``command line``; ``key`` is the dotted key; ``message`` says what was expected.
    """

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.key, self.message) if part)


class ScenarioError(UserError):
    """A scenario that is not valid; the message lists every problem, one per line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RunError(EconsimError):
    """A run that could not be finished; its folder stays intact and can be resumed."""


class EconsimWarning(UserWarning):
    """Advice about economics that the user should read: the run continues, and the report repeats it."""


def command(*words: object) -> str:
    """Return a command of econsim as it is typed in a shell, with quotes around a path or name that needs them."""
    return shlex.join(["econsim", *map(str, words)])


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to ``count`` known names close to ``name``, the closest first."""
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    matches = get_close_matches(name.lower(), by_lower_case, n=count, cutoff=0.5)
    return [by_lower_case[match] for match in matches]


def did_you_mean(name: str, known: Iterable[str], count: int = 3) -> str:
    """Return ``" (did you mean a, b or c?)"``; where no name is similar, the names that exist."""
    known = sorted(known)
    close = nearest(name, known, count)
    if close:
        return f" (did you mean {_any_of(close)}?)"
    return f" (known: {', '.join(known)})" if known else ""


def _any_of(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
