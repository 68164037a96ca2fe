"""Units of work: one run with a folder of its own, or many runs packed into the batch of one game."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from econsim.scenario import Scenario
from econsim.scenario.aliases import canonical_key
from econsim.scenario.plan import must_be_fitted
from econsim.sweep.batchable import BatchableParameter, reflection
from econsim.sweep.table import Planned, Table
from econsim.sweep.variants import Variants

__all__ = ["Member", "Plan", "Unit", "planned_units", "why_alone"]

MOST_IN_A_UNIT = 512
_PLAYERS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Member:
    """One run of a unit: its number and base, the numbers of its scenario, and those that are data of the game."""

    number: int
    base: int
    numbers: Mapping[str, float | int]
    parameters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Unit:
    """Runs that are made together; ``packed`` into one batch, or a single one."""

    members: tuple[Member, ...]
    packed: bool


@dataclass(frozen=True)
class Plan:
    """All units, and by axis what was packed or why it was not."""

    units: tuple[Unit, ...]
    packed: Mapping[str, str]
    apart: Mapping[str, str]


def planned_units(table: Table, workers: int, pack: bool = True) -> Plan:
    """Return the units of a table, in the order of their first runs.

    Args:
        table: the runs.
        workers: how many units are made at once; a batch is cut so that all have work.
        pack: whether runs may share a batch.
    """
    planning = _Planning(table)
    groups: dict[str, list[Member]] = {}
    alone: list[Unit] = []
    for run in table.runs:
        key, member = planning.placed(run) if pack else (None, Member(run.number, run.base, run.numbers))
        if key is None:
            alone.append(Unit((member,), packed=False))
        else:
            groups.setdefault(key, []).append(member)
    batches = [unit for members in groups.values() for unit in _cut(members, workers, table)]
    units = sorted((*batches, *alone), key=lambda unit: unit.members[0].number)
    packed, apart = (
        {key: told[key] for key in table.varying if key in told} for told in (planning.packed, planning.apart)
    )
    return Plan(tuple(units), packed, apart)


def _cut(members: Sequence[Member], workers: int, table: Table) -> list[Unit]:
    players = _players(table.bases[members[0].base].first)
    most = max(1, min(MOST_IN_A_UNIT, _PLAYERS_AT_ONCE // players, -(-len(members) // workers)))
    return [Unit(tuple(members[at : at + most]), packed=True) for at in range(0, len(members), most)]


def _players(scenario: Scenario) -> int:
    game, _ = scenario.build()
    return sum(role.count for role in game.roles.values()) * scenario.episodes


class _Planning:
    """Decides run by run what can share a batch, and remembers why not."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.packed: dict[str, str] = {}
        self.apart: dict[str, str] = {}
        self._reasons: dict[int, str | None] = {}
        self._reflections: dict[tuple[int, str], BatchableParameter] = {}
        self._games: dict[int, dict[str, Any]] = {}
        self._extremes = {key: _extremes(table, key) for key in table.keys}

    def placed(self, run: Planned) -> tuple[str | None, Member]:
        """Return the name of the batch that a run can join (``None``: it is made alone), and the run as its member."""
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
            found = self._reflection(run.base, variants, key)
            if found.parameter is None:
                shape[key] = value
                self.apart.setdefault(key, f"{found.reason}; one batch for each of its values")
            else:
                parameters[found.parameter] = float(value)
                self._note(key, f"data of the game: {found.parameter}")
        for key in run.levels.keys() - run.numbers.keys():
            self._note_words(key)
        batch = json.dumps([self._game(run, variants), sorted(shape.items()), sorted(parameters)])
        return batch, Member(run.number, run.base, run.numbers, parameters)

    def _game(self, run: Planned, variants: Variants) -> dict[str, Any]:
        """Return the content of a base's game without the numbers that vary."""
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
            self.packed[key] = how or ("its own shocks" if key == "seed" else "its own players")

    def _note_words(self, key: str) -> None:
        if _field(key) in ("agents", "planner", "baselines", "evaluation"):
            self._note(key)
        elif _field(key) == "game":
            self.apart.setdefault(key, "another game; one batch for each of its values")

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
    """Return why runs of a scenario are made one by one, ``None`` where they can share a batch."""
    workers = [] if scenario.evaluation is None else [scenario.evaluation.workers]
    chosen = [*scenario.every_agent(), *scenario.policies().values(), *workers]
    if (fitted := next(filter(must_be_fitted, chosen), None)) is not None:
        return f"{fitted.kind.name} is fitted run by run"
    if getattr(scenario, "llm", None) is not None:
        return "language models are asked run by run"
    return None


def _without(game: dict[str, Any], places: Sequence[Sequence[str]]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(game))
    for *outer, last in places:
        inner: Any = found
        for name in outer:
            inner = inner[name]
        inner.pop(last)
    return found
