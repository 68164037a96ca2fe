"""Aliases of a scenario's keys: ``economy`` is an alias of ``game``.

Trees hold each key under its canonical name. A node stores the name that its author wrote, for use in messages.
"""

from __future__ import annotations

from dataclasses import replace

from econsim.errors import Problem, ScenarioError
from econsim.scenario.yaml_reader import Node

__all__ = ["ALIASES", "canonical", "canonical_key", "written_key"]

ALIASES = {"economy": "game"}
"""Canonical names of a scenario's keys, by alias."""


def canonical(root: Node) -> Node:
    """Return the tree of one file, or of one override, with every key of a scenario under its canonical name.

    Raises:
        ScenarioError: a key is given under both of its names.
    """
    if not isinstance(root.content, dict):
        return root
    for alias, name in ALIASES.items():
        if alias in root.content and name in root.content:
            raise _given_twice(root.content[alias], alias, root.content[name], name)
    content = {ALIASES.get(key, key): _marked(child, key) for key, child in root.content.items()}
    return replace(root, content=content)


def canonical_key(key: str) -> str:
    """Return a dotted key with its first part replaced by the canonical name."""
    first, dot, rest = key.partition(".")
    return f"{ALIASES.get(first, first)}{dot}{rest}"


def written_key(root: Node, key: str) -> str:
    """Return a dotted key of a tree as its author wrote it."""
    first, dot, rest = key.partition(".")
    return f"{root.innermost(key.split('.')).alias or first}{dot}{rest}"


def _marked(node: Node, key: str) -> Node:
    """Return a node that stores, as do all nodes below it, the alias under which it was written."""
    if key not in ALIASES:
        return node
    content = node.content
    if isinstance(content, dict):
        content = {name: _marked(child, key) for name, child in content.items()}
    elif isinstance(content, list):
        content = [_marked(child, key) for child in content]
    return replace(node, content=content, alias=key)


def _given_twice(one: Node, alias: str, other: Node, name: str) -> ScenarioError:
    first, second = sorted([(one, alias), (other, name)], key=lambda pair: _line(pair[0]))
    message = f"the same key as {first[1]} ({first[0].where}); give one of them"
    return ScenarioError([Problem(second[0].where, second[1], message)])


def _line(node: Node) -> int:
    line = node.where.rpartition(":")[2]
    return int(line) if line.isdecimal() else 0
