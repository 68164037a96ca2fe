"""Composition: a scenario extends another, overrides patch it, and names become what they stand for.

One rule lays a patch over a value: a mapping with a key ``kind`` is a whole choice and replaces what was there, any
other mapping is laid over it key by key, and everything else replaces. A name that is patched is opened first, so that
``planner.rate=0.3`` changes one number of the planner that the scenario gives by name.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from econsim import kinds
from econsim.errors import Problem, ScenarioError, UserError, did_you_mean
from econsim.scenario import library
from econsim.scenario.aliases import canonical
from econsim.scenario.yaml_reader import Node, read

Keys = tuple[str, ...]
_NONE = "none"
_OPTIONAL = (("planner",), ("training",), ("llm",), ("evaluation",), ("headline",))
_HOLDS_NAMES = ((), ("agents",), ("baselines",), ("evaluation",))
_OWN_TO_EACH_FILE = ("name", "description")


def extended(path: Path, below: tuple[Path, ...] = ()) -> Node:
    """Return the tree of the file ``path``, laid over the scenario that it ``extends``, if any.

    Raises:
        ScenarioError: unreadable, or scenarios that extend each other in a circle.
    """
    node = canonical(read(path))
    if "extends" not in node.content:
        return node
    base = node.content.pop("extends")
    try:
        base_path = library.find("scenarios", base.content if isinstance(base.content, str) else repr(base.plain()))
    except UserError as error:
        raise ScenarioError([Problem(base.where, "extends", str(error))]) from None
    if base_path.resolve() in (*(each.resolve() for each in below), path.resolve()):
        raise ScenarioError([Problem(base.where, "extends", f"{base.content} extends this scenario in turn")])
    lower = extended(base_path, (*below, path))
    inherited = {key: child for key, child in lower.content.items() if key not in _OWN_TO_EACH_FILE}
    return laid_over(Node(inherited, node.where), node)


def laid_over(base: Node, patch: Node, keys: Keys = ()) -> Node:
    """Return ``base`` with ``patch`` laid over it; ``keys`` lead to both from the root of the scenario."""
    if not isinstance(patch.content, dict) or ("kind" in patch.content and keys):
        return patch
    base = _opened(base, keys)
    if not isinstance(base.content, dict):
        return patch
    merged = dict(base.content)
    for key, child in patch.content.items():
        merged[key] = laid_over(merged[key], child, (*keys, key)) if key in merged else child
    return replace(base, content=merged)


def resolved(root: Node) -> tuple[Node, list[Problem]]:
    """Return the tree with every name of an agent or planner replaced by the content of its file.

    A name that stands for nothing stays as it is; one problem for each is returned beside the tree.
    """
    found: list[Problem] = []
    return _resolved_below(root, (), found), found


def _resolved_below(node: Node, keys: Keys, found: list[Problem]) -> Node:
    if node.content == _NONE and keys in _OPTIONAL:
        return replace(node, content=None)
    if keys not in _HOLDS_NAMES and _axis(keys) is None:
        return node
    try:
        node = _opened(node, keys)
    except ScenarioError as error:
        found.extend(error.problems)
    if keys not in _HOLDS_NAMES or not isinstance(node.content, dict):
        return node
    content = {key: _resolved_below(child, (*keys, key), found) for key, child in node.content.items()}
    return replace(node, content=content)


def _axis(keys: Keys) -> str | None:
    """Return the folder whose files the value at ``keys`` may name."""
    if keys == ("planner",) or (len(keys) == 2 and keys[0] == "baselines"):
        return "planners"
    if (len(keys) == 2 and keys[0] == "agents") or keys == ("evaluation", "workers"):
        return "agents"
    return None


def _opened(node: Node, keys: Keys) -> Node:
    """Return a name as the mapping it stands for; a list of baselines as a mapping by label."""
    if keys == ("game",) and isinstance(node.content, str):
        return replace(node, content={"kind": node})
    if keys == ("baselines",) and isinstance(node.content, list):
        return _by_label(node)
    if keys[:1] == ("agents",) and len(keys) == 2 and isinstance(node.content, list):
        return replace(node, content=[_share(child, keys) for child in node.content])
    if not isinstance(node.content, str):
        return node
    axis = _axis(keys)
    if keys[:1] == ("agents",) and not _is_known("agents", node.content) and _is_known("planners", node.content):
        axis = "planners"  # of several leading roles, all but one are given here
    return Node({"kind": node}, node.where) if axis is None else _entry(axis, node, ".".join(keys))


def _share(node: Node, keys: Keys) -> Node:
    """Return one of several agents of a role, its name (alone, or under ``agent``) replaced by what it is."""
    if isinstance(node.content, str):
        return _opened(node, keys)
    named = node.content.get("agent") if isinstance(node.content, dict) else None
    if named is None or not isinstance(named.content, str):
        return node
    rest = {key: child for key, child in node.content.items() if key != "agent"}
    return replace(node, content={**_opened(named, keys).content, **rest})


def _is_known(axis: str, name: str) -> bool:
    return name in library.names(axis) or kinds.exists(axis, name)


def _entry(axis: str, name: Node, key: str) -> Node:
    label = {"label": name} if key == "planner" else {}
    try:
        file = read(library.find(axis, name.content))
        return Node({**label, **file.content}, file.where)
    except ScenarioError:
        raise
    except UserError:
        if kinds.exists(axis, name.content):
            return Node({**label, "kind": name}, name.where)
    known = did_you_mean(name.content, {*library.names(axis), *kinds.names(axis)})
    raise ScenarioError([Problem(name.where, key, f"nothing in {axis}/ is called {name.content!r}{known}")])


def _by_label(node: Node) -> Node:
    by_label: dict[str, Node] = {}
    for child in node.content:
        if not isinstance(child.content, str):
            message = "expected a list of names; to give parameters, write a mapping from labels to planners"
            raise ScenarioError([Problem(child.where, "baselines", message)])
        if child.content in by_label:
            raise ScenarioError([Problem(child.where, "baselines", f"{child.content!r} stands here twice")])
        by_label[child.content] = child
    return Node(by_label, node.where)
