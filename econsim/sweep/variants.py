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
from econsim.scenario.changes import chosen_keys
from econsim.scenario.composition import extended, resolved
from econsim.scenario.defaults import over_defaults
from econsim.scenario.loading import scenario_path
from econsim.scenario.overrides import overridden, patches
from econsim.scenario.yaml_reader import Node

__all__ = ["Numbers", "Variants", "composed", "position"]

Numbers = Mapping[str, float | int]
_PLANNER = ("planner", "planner_label")


def composed(source: str | Path, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the unvalidated content of a scenario that :func:`econsim.scenario.load` has accepted.

    ``changed`` holds the keys of all overrides, also those that repeat the value of the file.
    """
    path = scenario_path(source)
    root = extended(path)
    unnamed = {"name": Node(path.stem, ""), "description": Node(library.summary(path), "")}
    root = overridden(Node({**unnamed, **root.content}, root.where), overrides)
    content: dict[str, Any] = over_defaults(resolved(root)[0], Scenario).plain()
    return content | {"changed": [key for patch in patches(overrides) for key, _ in patch.leaves()]}


class Variants:
    """All variants of one base."""

    def __init__(self, base: dict[str, Any]) -> None:
        self.base = base
        self._commanded: tuple[str, ...] = tuple(base.get("changed", ()))
        self.first = Scenario.model_validate(base | {"changed": chosen_keys(self._commanded)})
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
        data: dict[str, Any] = dict(vars(self.first)) | {"changed": tuple(chosen_keys((*self._commanded, *numbers)))}
        for field, changes in signatures:
            for name in _names(field):
                data.pop(name, None)
            data |= self._parts.get((field, changes)) or self._changed(field, changes)
        scenario = Scenario.model_validate(data)
        for field, changes in signatures:
            self._parts[field, changes] = {name: getattr(scenario, name) for name in _names(field)}
        return scenario

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
