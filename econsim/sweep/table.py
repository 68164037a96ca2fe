"""The table of runs: every combination of the axes' levels, each validated before the first run starts."""

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
    """One planned run: its number, its levels by key, and its scenario as a base with other numeric values."""

    number: int
    levels: Mapping[str, Any]
    base: int
    numbers: Mapping[str, float | int]


@dataclass(frozen=True)
class Table:
    """All runs of a sweep, the varying keys, and the base scenarios."""

    scenario: str
    keys: tuple[str, ...]
    bases: tuple[Variants, ...]
    runs: tuple[Planned, ...]

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """The keys with more than one level."""
        return tuple(key for key in self.keys if len({json.dumps(run.levels[key]) for run in self.runs}) > 1)

    def variants(self, run: Planned) -> Variants:
        """Return the base of which a run's scenario is a variant."""
        return self.bases[run.base]


def table_of(request: Request) -> Table:
    """Return the validated runs of a request.

    Raises:
        UserError: an axis cannot be parsed, or there are too many runs.
        ScenarioError: a key or value is invalid (similar keys are suggested), or no run uses a key of a training.
    """
    axes = request.table()
    count = prod(len(axis.levels) for axis in axes)
    if count > MOST_RUNS:
        raise UserError(f"sweep: expected at most {MOST_RUNS:,} runs, found {count:,}")
    tabulating = _Tabulating(request.scenario, axes)
    runs = tuple(tabulating.planned(number, levels) for number, levels in enumerate(_combinations(axes)))
    problems = tabulating.problems or tabulating.unclaimed()
    if problems:
        raise ScenarioError(problems)
    return Table(request.scenario, tuple(key for axis in axes for key in axis.keys), tuple(tabulating.bases), runs)


def _combinations(axes: Sequence[Axis]) -> Iterator[dict[str, Any]]:
    keys = [key for axis in axes for key in axis.keys]
    for levels in itertools.product(*(axis.levels for axis in axes)):
        yield dict(zip(keys, itertools.chain.from_iterable(levels), strict=True))


class _Tabulating:
    """Construction of a table: it loads one scenario per combination of non-numeric levels and varies its numbers."""

    def __init__(self, source: str, axes: Sequence[Axis]) -> None:
        self.source = source
        self.numeric = {
            key
            for axis in axes
            for index, key in enumerate(axis.keys)
            if all(_is_number(level[index]) for level in axis.levels)
        }
        # Names are set before the parameters that depend on them: planner=flat before planner.rate=0.1.
        self.order = sorted((key for axis in axes for key in axis.keys), key=lambda key: key.count("."))
        self.bases: list[Variants] = []
        self.problems: list[Problem] = []
        self._base_of: dict[str, int] = {}
        self._unclaimed: dict[str, ScenarioError | None] = {}

    def planned(self, number: int, levels: dict[str, Any]) -> Planned:
        """Return one run, and add its mistakes to the problems."""
        overrides = {key: levels[key] for key in self.order}
        numbers = {key: value for key, value in overrides.items() if key in self.numeric}
        words = json.dumps({key: value for key, value in overrides.items() if key not in numbers}, default=str)
        if words not in self._base_of:
            self._base_of[words] = self._opened(levels, overrides)
        base = self._base_of[words]
        if base >= 0:
            try:
                self.bases[base].scenario(numbers)
            except ValidationError:
                self._opened(levels, overrides)
        return Planned(number, levels, base, numbers)

    def unclaimed(self) -> list[Problem]:
        """Return the problems of keys of a training that no run of the table uses."""
        errors = [error for error in self._unclaimed.values() if error is not None]
        return [_on_the_axis(problem) for error in errors for problem in error.problems]

    def _opened(self, levels: Mapping[str, Any], overrides: Mapping[str, Any]) -> int:
        """Return the index of a new base, or -1 if the scenario is invalid."""
        try:
            scenario = load(self.source, overrides)
        except ScenarioError as error:
            self._keep(levels, error)
            return -1
        self._claim(scenario, overrides)
        self.bases.append(Variants(composed(self.source, overrides, self._before)))
        return len(self.bases) - 1

    @cached_property
    def _before(self) -> Scenario | None:
        """The scenario without the axes; ``None`` if it is not valid without them."""
        try:
            return load(self.source)
        except UserError:
            return None

    def _claim(self, scenario: Scenario, overrides: Mapping[str, Any]) -> None:
        """Record whether any run so far uses its training; one such run is enough to accept its keys.

        Checked is a training that the command sets, or the scenario's own file; other runs inherit theirs.
        """
        keys = {key: value for key, value in overrides.items() if key.partition(".")[0] == "training"}
        words = json.dumps({key: value for key, value in keys.items() if key not in self.numeric}, default=str)
        asked = bool(keys) or scenario.origin.training_of_file is not None
        if not asked or self._unclaimed.get(words, scenario) is None:
            return
        from econsim.scenario.plan import plan_of  # loads torch, which most tables do not need

        try:
            plan_of(scenario, scenario.build_game())
        except ScenarioError as error:
            self._unclaimed[words] = error
        except UserError:
            self._unclaimed[words] = None  # the run itself reports the mistakes of its agents
        else:
            self._unclaimed[words] = None

    def _keep(self, levels: Mapping[str, Any], error: ScenarioError) -> None:
        reported = {(problem.key, problem.message) for problem in self.problems}
        for problem in error.problems:
            if (problem.key, problem.message) not in reported:
                self.problems.append(_on_the_axis(problem))
        if len(self.problems) >= _MOST_SHOWN:
            raise ScenarioError(self.problems)


def _on_the_axis(problem: Problem) -> Problem:
    return replace(problem, where="axis") if problem.where == "argument" else problem


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
