"""The table of runs: every combination of the axes' levels, each a sound scenario before anything starts."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from pydantic import ValidationError

from econsim.errors import Problem, ScenarioError, UserError
from econsim.scenario import Scenario, load
from econsim.sweep.axes import Axis
from econsim.sweep.request import Request
from econsim.sweep.variants import Variants, composed

__all__ = ["Planned", "Table", "table_of"]

MOST_RUNS = 1_000_000
_MOST_SHOWN = 5


@dataclass(frozen=True)
class Planned:
    """One run: its number, its levels by key, and its scenario as numbers laid over one of the table's bases."""

    number: int
    levels: Mapping[str, Any]
    base: int
    numbers: Mapping[str, float | int]


@dataclass(frozen=True)
class Table:
    """All runs of a sweep, the keys that vary, and the bases of their scenarios."""

    scenario: str
    keys: tuple[str, ...]
    bases: tuple[Variants, ...]
    runs: tuple[Planned, ...]

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """The keys with more than one level."""
        return tuple(key for key in self.keys if len({json.dumps(run.levels[key]) for run in self.runs}) > 1)

    def variants(self, run: Planned) -> Variants:
        """Return the base that a run's scenario is a variant of."""
        return self.bases[run.base]


def table_of(request: Request) -> Table:
    """Return the runs that a request asks for, all of them checked.

    Raises:
        UserError: axes that cannot be read, or too many runs.
        ScenarioError: a wrong key or value, with the nearest key and the levels that it stands in; keys of a training
            that no run uses.
    """
    axes = request.table()
    count = prod(len(axis.levels) for axis in axes)
    if count > MOST_RUNS:
        raise UserError(f"{count:,} runs; the most is {MOST_RUNS:,}")
    made = _Tabulating(request.scenario, axes)
    runs = tuple(made.planned(number, levels) for number, levels in enumerate(_combinations(axes)))
    problems = made.problems or made.unclaimed()
    if problems:
        raise ScenarioError(problems)
    return Table(request.scenario, tuple(key for axis in axes for key in axis.keys), tuple(made.bases), runs)


def _combinations(axes: Sequence[Axis]) -> Iterator[dict[str, Any]]:
    keys = [key for axis in axes for key in axis.keys]
    for chosen in itertools.product(*(axis.levels for axis in axes)):
        yield dict(zip(keys, itertools.chain.from_iterable(chosen), strict=True))


class _Tabulating:
    """A table in the making: it loads the first run of each choice of words, and varies its numbers."""

    def __init__(self, source: str, axes: Sequence[Axis]) -> None:
        self.source = source
        self.numeric = {
            key
            for axis in axes
            for place, key in enumerate(axis.keys)
            if all(_is_number(level[place]) for level in axis.levels)
        }
        # A name opens what its parts then change: planner=flat comes before planner.rate=0.1.
        self.order = sorted((key for axis in axes for key in axis.keys), key=lambda key: key.count("."))
        self.bases: list[Variants] = []
        self.problems: list[Problem] = []
        self._known: dict[str, int] = {}
        self._unclaimed: dict[str, ScenarioError | None] = {}

    def planned(self, number: int, levels: dict[str, Any]) -> Planned:
        """Return one run; what is wrong with it is kept among the problems."""
        overrides = {key: levels[key] for key in self.order}
        numbers = {key: value for key, value in overrides.items() if key in self.numeric}
        words = json.dumps({key: value for key, value in overrides.items() if key not in numbers}, default=str)
        if words not in self._known:
            self._known[words] = self._opened(levels, overrides)
        base = self._known[words]
        if base >= 0:
            try:
                self.bases[base].scenario(numbers)
            except ValidationError:
                self._opened(levels, overrides)
        return Planned(number, levels, base, numbers)

    def unclaimed(self) -> list[Problem]:
        """Return what is wrong with keys of a training that no run of the table uses."""
        errors = [error for error in self._unclaimed.values() if error is not None]
        return [replace(problem, where="axis") for error in errors for problem in error.problems]

    def _opened(self, levels: Mapping[str, Any], overrides: Mapping[str, Any]) -> int:
        """Return the place of a new base, or -1 where the scenario is wrong."""
        try:
            scenario = load(self.source, overrides)
        except ScenarioError as error:
            self._keep(levels, error)
            return -1
        self._claim(scenario, overrides)
        self.bases.append(Variants(composed(self.source, overrides)))
        return len(self.bases) - 1

    def _claim(self, scenario: Scenario, overrides: Mapping[str, Any]) -> None:
        """Keep whether a run so far uses the keys of its training; one that does is enough, the others note it."""
        keys = {key: value for key, value in overrides.items() if key.partition(".")[0] == "training"}
        words = json.dumps({key: value for key, value in keys.items() if key not in self.numeric}, default=str)
        if not keys or self._unclaimed.get(words, scenario) is None:
            return
        from econsim.scenario.plan import plan_of  # loads torch, which most tables need not

        try:
            plan_of(scenario, scenario.build_game())
        except ScenarioError as error:
            self._unclaimed[words] = error
        except UserError:
            self._unclaimed[words] = None  # the run itself says what is wrong with its agents
        else:
            self._unclaimed[words] = None

    def _keep(self, levels: Mapping[str, Any], error: ScenarioError) -> None:
        known = {(problem.key, problem.message) for problem in self.problems}
        for problem in error.problems:
            if (problem.key, problem.message) not in known:
                where = "axis" if problem.where == "argument" else problem.where
                self.problems.append(Problem(where, problem.key, problem.message))
        if len(self.problems) >= _MOST_SHOWN:
            raise ScenarioError(self.problems)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
