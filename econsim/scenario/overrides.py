"""Dotted overrides such as ``economy.workers=1000``, in the same form on the command line and in Python.

Each becomes a patch, a tree with one branch, that :mod:`econsim.scenario.composition` applies to the scenario.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from econsim.errors import Problem, ScenarioError
from econsim.scenario.aliases import canonical
from econsim.scenario.composition import laid_over
from econsim.scenario.yaml_reader import DEEPEST, Node, parse

COMMAND_LINE = "command line"
ARGUMENT = "argument"
PRESET, PRESETS = "preset", "presets"
"""The override that chooses one of the named sets of overrides of a scenario, and the key of these."""
Overrides = Mapping[str, Any] | Sequence[str]


def patches(overrides: Overrides) -> list[Node]:
    """Return one patch per override, in order; later patches take precedence.

    Args:
        overrides: texts ``key=value`` with a YAML value, or a mapping from dotted keys to plain data; numbers and
            arrays of numpy, ranges and paths are converted.

    Raises:
        ScenarioError: a text has no ``=``, a key is empty, or a value is not YAML or not plain data.
    """
    if isinstance(overrides, Mapping):
        return [_patch(key, _node(value, key, 0), ARGUMENT) for key, value in overrides.items()]
    return [_read(text) for text in overrides]


def overridden(root: Node, overrides: Overrides) -> Node:
    """Return the tree of a scenario with overrides applied in order; raises as :func:`opened_patches`."""
    for patch in opened_patches(root, overrides):
        root = laid_over(root, canonical(patch))
    return root


def opened_patches(root: Node, overrides: Overrides) -> list[Node]:
    """Return the patches of overrides; ``preset=NAME`` stands for the contents of that preset, and comes first.

    Raises:
        ScenarioError: as :func:`patches`, or the scenario has no such preset.
    """
    named, others = [], []
    for patch in patches(overrides):
        chosen = patch.content.get(PRESET)
        named += [] if chosen is None else [_preset(root, chosen)]
        others += [patch] if chosen is None else []
    return [*named, *others]


def _preset(root: Node, name: Node) -> Node:
    presets = root.content.get(PRESETS) if isinstance(root.content, dict) else None
    known = presets.content if presets is not None and isinstance(presets.content, dict) else {}
    preset: Node | None = known.get(name.content) if isinstance(name.content, str) else None
    if preset is None:
        there_are = f"; there are {', '.join(known)}" if known else "; it has none"
        raise _mistake(name.where, PRESET, f"the scenario has no preset {name.plain()!r}{there_are}")
    if not isinstance(preset.content, dict):
        raise _mistake(preset.where, f"{PRESETS}.{name.content}", "expected a mapping from keys to values")
    return preset


def plain_data(key: str, value: Any) -> Any:
    """Return the value of a key as plain data: arrays and numbers of numpy, and ranges, become lists and numbers.

    Raises:
        ScenarioError: the value contains something else than numbers, text, lists and mappings.
    """
    return _node(value, key, 0).plain()


def _read(text: str) -> Node:
    key, equals, value = text.partition("=")
    if not equals:
        raise _mistake(COMMAND_LINE, text, "expected key=value, for example economy.workers=1000")
    try:
        return _patch(key, parse(value, lambda line: COMMAND_LINE), COMMAND_LINE)
    except ScenarioError as error:
        problems = [Problem(problem.where, problem.key or key, problem.message) for problem in error.problems]
        raise ScenarioError(problems) from None


def _patch(key: str, value: Node, where: str) -> Node:
    parts = key.strip().split(".")
    if not all(parts):
        raise _mistake(where, key, "expected a dotted key, for example economy.workers")
    if len(parts) > DEEPEST:
        raise _mistake(where, f"{key[:40]}...", f"nested deeper than {DEEPEST} levels")
    for part in reversed(parts):
        value = Node({part: value}, where)
    return value


def _node(value: Any, key: str, depth: int) -> Node:
    if depth > DEEPEST:
        raise _mistake(ARGUMENT, key, f"nested deeper than {DEEPEST} levels")
    if hasattr(value, "tolist"):  # a number or an array of numpy, torch or pandas
        value = value.tolist()
    if isinstance(value, Mapping):
        return Node({str(name): _node(entry, key, depth + 1) for name, entry in value.items()}, ARGUMENT)
    if isinstance(value, (list, tuple, range)):
        return Node([_node(entry, key, depth + 1) for entry in value], ARGUMENT)
    if isinstance(value, PurePath):
        return Node(str(value), ARGUMENT)
    if value is None or isinstance(value, (str, int, float, bool)):
        return Node(value, ARGUMENT)
    raise _mistake(ARGUMENT, key, f"expected plain data (numbers, text, lists, mappings), found {type(value).__name__}")


def _mistake(where: str, key: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(where, key, message)])
