"""Scenario variants, which differ only in numeric values.

A *base* is the content of a scenario as plain data, with every name resolved. A variant is the base with other numbers
at some dotted keys. Every variant is validated as a whole, but unchanged fields are reused and not validated again.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from econsim.scenario import Scenario, library
from econsim.scenario.aliases import canonical_key
from econsim.scenario.changes import MISSING, chosen_keys, value_at
from econsim.scenario.composition import extended, resolved
from econsim.scenario.defaults import over_defaults
from econsim.scenario.loading import scenario_path
from econsim.scenario.overrides import opened_patches, overridden
from econsim.scenario.yaml_reader import Node

__all__ = ["Numbers", "Variants", "composed", "position"]

Numbers = Mapping[str, float | int]
_PLANNER = ("planner", "planner_label")


def composed(source: str | Path, overrides: Mapping[str, Any], before: Scenario | None = None) -> dict[str, Any]:
    """Return the unvalidated content of a scenario that :func:`econsim.scenario.load` has accepted.

    ``changed`` holds the keys of all overrides, and ``values_before`` the values that these keys have in ``before``,
    the scenario without the overrides; ``None``: it is not valid without them, so that all of them change it.
    """
    path = scenario_path(source)
    root = extended(path)
    unnamed = {"name": Node(path.stem, ""), "description": Node(library.summary(path), "")}
    commanded = [key for patch in opened_patches(root, overrides) for key, _ in patch.leaves()]
    root = overridden(Node({**unnamed, **root.content}, root.where), overrides)
    content: dict[str, Any] = over_defaults(resolved(root)[0], Scenario).plain()
    if before is None:
        return content | {"changed": commanded}
    plain = before.model_dump(mode="json")
    values = {key: value_at(plain, key) for key in chosen_keys(commanded) if key not in before.changed}
    values = {key: value for key, value in values.items() if value is not MISSING}
    return content | {"changed": [*before.changed, *commanded], "values_before": values}


class Variants:
    """All variants of one base."""

    def __init__(self, base: dict[str, Any]) -> None:
        self.base = base
        self._commanded: tuple[str, ...] = tuple(base.get("changed", ()))
        self._before: Mapping[str, Any] = base.get("values_before", {})  # older versions did not write the key
        content = {key: value for key, value in base.items() if key not in ("changed", "values_before")}
        first = Scenario.model_validate(content)
        plain = first.model_dump(mode="json")
        self._repeated = {key for key, value in self._before.items() if value_at(plain, key) == value}
        self.first = first.model_copy(update={"changed": self._changed_keys({}, first)})
        self._parts: dict[tuple[str, tuple[tuple[str, float | int], ...]], dict[str, Any]] = {}

    def scenario(self, numbers: Numbers) -> Scenario:
        """Return the scenario with these numbers.

        Raises:
            pydantic.ValidationError: a value, or a combination of values, is not allowed.
        """
        if not numbers:
            return self.first
        touched: dict[str, list[tuple[str, float | int]]] = {}
        for written, value in numbers.items():
            key = canonical_key(written)
            touched.setdefault(key.partition(".")[0], []).append((key, value))
        signatures = [(field, tuple(changes)) for field, changes in touched.items()]
        data: dict[str, Any] = dict(vars(self.first))
        for field, changes in signatures:
            for name in _names(field):
                data.pop(name, None)
            data |= self._parts.get((field, changes)) or self._changed(field, changes)
        scenario = Scenario.model_validate(data)
        scenario = scenario.model_copy(update={"changed": self._changed_keys(numbers, scenario)})
        for field, changes in signatures:
            self._parts[field, changes] = {name: getattr(scenario, name) for name in _names(field)}
        return scenario

    def _changed_keys(self, numbers: Numbers, scenario: Scenario) -> tuple[str, ...]:
        """Return the keys that the overrides and these numbers change; a value that is repeated is no change."""
        keys = chosen_keys((*self._commanded, *numbers))
        return tuple(key for key in keys if not self._is_repeated(key, numbers, scenario))

    def _is_repeated(self, key: str, numbers: Numbers, scenario: Scenario) -> bool:
        if key not in self._before:
            return False
        if key in numbers:
            return bool(numbers[key] == self._before[key])
        if any(name.startswith(f"{key}.") for name in numbers):
            return bool(value_at(scenario.model_dump(mode="json"), key) == self._before[key])
        return key in self._repeated

    def _changed(self, field: str, changes: tuple[tuple[str, float | int], ...]) -> dict[str, Any]:
        content = {field: deepcopy(self.base.get(field))}
        for key, value in changes:
            *outer, last = key.split(".")
            inner: Any = content
            for name in outer:
                inner = inner[position(inner, name)]
            inner[position(inner, last)] = value
        return content


def position(content: Any, name: str) -> str | int:
    """Return a part of a dotted key as the key of a mapping, or as the position in a list."""
    return int(name) if isinstance(content, list) else name


def _names(field: str) -> tuple[str, ...]:
    return _PLANNER if field == "planner" else (field,)
