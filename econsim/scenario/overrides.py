"""Dotted overrides, ``economy.workers=1000``: the same on the command line, in Python and in tests.

Each becomes a patch, a tree with one branch, that :mod:`econsim.scenario.composition` lays over the scenario.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from econsim.errors import Problem, ScenarioError
from econsim.scenario.aliases import canonical
from econsim.scenario.composition import laid_over
from econsim.scenario.yaml_reader import DEEPEST, Node, parse

COMMAND_LINE = "command line"
ARGUMENT = "argument"
Overrides = Mapping[str, Any] | Sequence[str]


def patches(overrides: Overrides) -> list[Node]:
    """Return one patch an override, in order; a later one wins.

    Args:
        overrides: texts ``key=value``, the value YAML, or a mapping from dotted keys to plain data.

    Raises:
        ScenarioError: a text without ``=``, an empty key, a value that is not YAML or not plain data.
    """
    if isinstance(overrides, Mapping):
        return [_patch(key, _node(value, key, 0), ARGUMENT) for key, value in overrides.items()]
    return [_read(text) for text in overrides]


def overridden(root: Node, overrides: Overrides) -> Node:
    """Return the tree of a scenario with overrides laid over it, the first one first; raises as :func:`patches`."""
    for patch in patches(overrides):
        root = laid_over(root, canonical(patch))
    return root


def _read(text: str) -> Node:
    key, equals, value = text.partition("=")
    if not equals:
        raise _mistake(COMMAND_LINE, text, "expected key=value, for example economy.workers=1000")
    try:
        return _patch(key, parse(value, lambda line: COMMAND_LINE), COMMAND_LINE)
    except ScenarioError as error:
        raise ScenarioError(Problem(each.where, each.key or key, each.message) for each in error.problems) from None


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
    if isinstance(value, Mapping):
        return Node({str(name): _node(each, key, depth + 1) for name, each in value.items()}, ARGUMENT)
    if isinstance(value, (list, tuple)):
        return Node([_node(each, key, depth + 1) for each in value], ARGUMENT)
    if value is None or isinstance(value, (str, int, float, bool)):
        return Node(value, ARGUMENT)
    raise _mistake(ARGUMENT, key, f"expected plain data (numbers, text, lists, mappings), found {type(value).__name__}")


def _mistake(where: str, key: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(where, key, message)])
