"""Changes of a scenario by overrides, which its description and its headline do not know about.

A description may state a number that an override has changed, and a headline is known for certain settings only. A
scenario therefore keeps the keys that overrides changed (``changed``), also in its YAML file in a run folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from econsim.scenario.aliases import canonical_key

if TYPE_CHECKING:
    from econsim.scenario.model import Scenario

__all__ = ["MISSING", "changed_keys", "chosen_keys", "description_of", "headline_changes", "value_at"]

_WITHOUT_EFFECT = ("name", "description", "accounts", "panel", "seeds_at_once", "llm")
"""Keys that change no number of a run."""
_NOT_DESCRIBED = (*_WITHOUT_EFFECT, "seed", "seeds", "headline")
"""Keys that descriptions do not mention."""
MISSING = object()
"""The value at a key that a scenario does not have."""
_MOST_ENTRIES = 8


def changed_keys(before: Scenario | None, after: Scenario, commanded: Iterable[str]) -> tuple[str, ...]:
    """Return the keys that overrides have changed, earlier ones first.

    Args:
        before: the scenario without the overrides; ``None`` if it is not valid without them.
        after: the scenario with them.
        commanded: the dotted keys of the overrides.
    """
    keys = chosen_keys(commanded)
    if before is None:
        return tuple(keys)
    one, other = (scenario.model_dump(mode="json") for scenario in (before, after))
    changed = [key for key in keys if value_at(one, key) != value_at(other, key)]
    return tuple(dict.fromkeys((*before.changed, *changed)))


def description_of(scenario: Scenario) -> str:
    """Return the scenario's description, or, where overrides changed what it may be about, the changed values."""
    keys = [key for key in scenario.changed if _first(key) not in _NOT_DESCRIBED]
    if not keys or "description" in scenario.changed:
        return scenario.description
    content = scenario.model_dump(mode="json")
    values = [f"{key}={_in_words(value_at(content, key))}" for key in keys]
    return f"A variant of the scenario {scenario.name}, with {', '.join(values)}."


def headline_changes(scenario: Scenario) -> list[str]:
    """Return the keys that may make a run differ from the settings of the headline; empty if it was given with them."""
    keys = [key for key in scenario.changed if _first(key) not in _WITHOUT_EFFECT]
    return [] if any(_first(key) == "headline" for key in keys) else keys


def chosen_keys(keys: Iterable[str]) -> list[str]:
    """Return the keys, each once; a choice with a kind, which replaces another as a whole, is one key."""
    keys = list(keys)
    choices = {key.removesuffix(".kind") for key in keys if key.endswith(".kind")}
    outer = [next((choice for choice in choices if key.startswith(f"{choice}.")), key) for key in keys]
    return list(dict.fromkeys(outer))


def _first(key: str) -> str:
    return canonical_key(key).partition(".")[0]


def value_at(content: Any, key: str) -> Any:
    """Return the value at a dotted key of a scenario as plain data, or ``MISSING`` if there is none."""
    content = {canonical_key(name): value for name, value in content.items()}
    for name in canonical_key(key).split("."):
        if isinstance(content, list) and name.lstrip("-").isdecimal() and int(name) < len(content):
            content = content[int(name)]
        elif isinstance(content, dict) and name in content:
            content = content[name]
        else:
            return MISSING
    return content


def _in_words(value: Any) -> str:
    """Return a value in short: a choice by its label or kind, a longer list or mapping by its number of entries."""
    if isinstance(value, dict):
        named = value.get("label") or value.get("kind")
        return str(named) if named else _listed(list(value))
    if isinstance(value, list):
        return _listed([_in_words(entry) for entry in value])
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None or value is MISSING else str(value)


def _listed(entries: list[str]) -> str:
    return f"[{', '.join(entries)}]" if len(entries) <= _MOST_ENTRIES else f"[{len(entries)} entries]"
