"""Units of work of a sweep: one run with a folder of its own, or many runs packed into one batch of a game."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from econsim.scenario import Scenario
from econsim.scenario.aliases import canonical_key
from econsim.scenario.plan import is_pretrained, must_be_fitted
from econsim.sweep.batchable import BatchableParameter, reflection
from econsim.sweep.table import Planned, Table
from econsim.sweep.variants import Variants, position

__all__ = ["Member", "Plan", "Unit", "planned_units", "why_alone"]

MOST_IN_A_UNIT = 512
_PLAYERS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Member:
    """One run of a unit: its number and base, its numeric levels, and the game parameters that these set."""

    number: int
    base: int
    numbers: Mapping[str, float | int]
    parameters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Unit:
    """Runs that are executed together: ``packed`` into one batch, or a single run."""

    members: tuple[Member, ...]
    packed: bool


@dataclass(frozen=True)
class Plan:
    """All units; for each packed axis a description, and for each axis set ``apart`` the reason."""

    units: tuple[Unit, ...]
    packed: Mapping[str, str]
    apart: Mapping[str, str]


def planned_units(table: Table, workers: int, pack: bool = True) -> Plan:
    """Return the units of a table in the order of their first runs.

    Args:
        table: the runs.
        workers: number of units executed in parallel; large batches are divided so that all workers are used.
        pack: whether runs may share a batch.
    """
    planning = _Planning(table)
    groups: dict[str, list[Member]] = {}
    singles: list[Unit] = []
    for run in table.runs:
        key, member = planning.placed(run) if pack else (None, Member(run.number, run.base, run.numbers))
        if key is None:
            singles.append(Unit((member,), packed=False))
        else:
            groups.setdefault(key, []).append(member)
    batches = [unit for members in groups.values() for unit in _cut(members, workers, table)]
    units = sorted((*batches, *singles), key=lambda unit: unit.members[0].number)
    packed, apart = (
        {key: texts[key] for key in table.varying if key in texts} for texts in (planning.packed, planning.apart)
    )
    return Plan(tuple(units), packed, apart)


def _cut(members: Sequence[Member], workers: int, table: Table) -> list[Unit]:
    players = _players(table.bases[members[0].base].first)
    size = max(1, min(MOST_IN_A_UNIT, _PLAYERS_AT_ONCE // players, -(-len(members) // workers)))
    return [Unit(tuple(members[start : start + size]), packed=True) for start in range(0, len(members), size)]


def _players(scenario: Scenario) -> int:
    game, _ = scenario.build()
    return sum(role.count for role in game.roles.values()) * scenario.episodes


class _Planning:
    """Assigns each run to a batch, or to a unit of its own, and records the reasons."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.packed: dict[str, str] = {}
        self.apart: dict[str, str] = {}
        self._reasons: dict[int, str | None] = {}
        self._reflections: dict[tuple[int, str], BatchableParameter] = {}
        self._games: dict[int, dict[str, Any]] = {}
        self._extremes = {key: _extremes(table, key) for key in table.keys}

    def placed(self, run: Planned) -> tuple[str | None, Member]:
        """Return the key of the batch of a run, or ``None`` if it gets a unit of its own, and the run as a member."""
        variants = self.table.variants(run)
        if run.base not in self._reasons:
            self._reasons[run.base] = why_alone(variants.first)
        if (reason := self._reasons[run.base]) is not None:
            self._note_alone(run, reason)
            return None, Member(run.number, run.base, run.numbers)
        parameters, shape = {}, {}
        for key, value in run.numbers.items():
            if _field(key) != "game":
                self._note(key)
                continue
            batchable = self._reflection(run.base, variants, key)
            if batchable.parameter is None:
                shape[key] = value
                self.apart.setdefault(key, f"{batchable.reason}; one batch for each of its values")
            else:
                parameters[batchable.parameter] = float(value)
                self._note(key, f"game parameter {batchable.parameter}")
        for key in run.levels.keys() - run.numbers.keys():
            self._note_words(key)
        batch = json.dumps([self._game(run, variants), sorted(shape.items()), sorted(parameters)])
        return batch, Member(run.number, run.base, run.numbers, parameters)

    def _game(self, run: Planned, variants: Variants) -> dict[str, Any]:
        """Return the game of a base scenario as plain data, without the numeric values that vary."""
        if run.base not in self._games:
            numbers = [key.split(".")[1:] for key in run.numbers if _field(key) == "game"]
            self._games[run.base] = _without(variants.first.game.dump(), numbers)
        return self._games[run.base]

    def _reflection(self, base: int, variants: Variants, key: str) -> BatchableParameter:
        if (base, key) not in self._reflections:
            self._reflections[base, key] = reflection(variants, key, *self._extremes[key])
        return self._reflections[base, key]

    def _note(self, key: str, how: str = "") -> None:
        if key not in self.packed:
            self.packed[key] = how or ("separate shocks" if key == "seed" else "separate agents")

    def _note_words(self, key: str) -> None:
        if _field(key) in ("agents", "planner", "baselines", "evaluation"):
            self._note(key)
        elif _field(key) == "game":
            self.apart.setdefault(key, "it changes the game; one batch for each of its values")

    def _note_alone(self, run: Planned, reason: str) -> None:
        for key in run.levels:
            self.apart.setdefault(key, reason)


def _field(key: str) -> str:
    """Return the field of a scenario that a dotted key belongs to."""
    return canonical_key(key).partition(".")[0]


def _extremes(table: Table, key: str) -> tuple[Any, Any]:
    values = {run.numbers[key] for run in table.runs if key in run.numbers}
    return (min(values), max(values)) if values else (None, None)


def why_alone(scenario: Scenario) -> str | None:
    """Return the reason why runs of a scenario cannot share a batch, or ``None`` if they can."""
    workers = [] if scenario.evaluation is None else [scenario.evaluation.workers]
    chosen = [*scenario.every_agent(), *scenario.policies().values(), *workers]
    if (fitted := next(filter(must_be_fitted, chosen), None)) is not None:
        return f"{fitted.kind.name} is fitted separately in each run"
    if any(map(is_pretrained, chosen)):
        return "policy networks play separately in each run"
    if scenario.panel != "none":
        return "panels are written separately in each run"
    if getattr(scenario, "llm", None) is not None:
        return "language models are called separately in each run"
    return None


def _without(game: dict[str, Any], paths: Sequence[Sequence[str]]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(game))
    for *outer, last in paths:
        inner: Any = content
        for name in outer:
            inner = inner[position(inner, name)]
        inner[position(inner, last)] = None  # not removed: the other entries of a list keep their positions
    return content
