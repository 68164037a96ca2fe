"""Composition of scenarios: a scenario extends another, overrides patch it, and names are replaced by their contents.

One rule applies a patch to a value: a mapping with a key ``kind`` is a complete choice and replaces the value, any
other mapping is merged into the value key by key, and everything else replaces the value. A name that is patched is
first replaced by its contents, so that ``planner.rate=0.3`` changes one number of the planner that the scenario gives
by name. The keys of a mapping that patches a list are positions of entries, counted from 0: ``planner.rates.4=0.3``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from econsim import kinds
from econsim.errors import Problem, ScenarioError, UserError, did_you_mean
from econsim.scenario import library
from econsim.scenario.aliases import canonical
from econsim.scenario.labels import label_of
from econsim.scenario.yaml_reader import Node, read

Keys = tuple[str, ...]
_NONE = "none"
_OPTIONAL = (("planner",), ("training",), ("llm",), ("evaluation",), ("headline",))
_HOLDS_NAMES = ((), ("agents",), ("baselines",), ("evaluation",))
_NESTING = ("agents", "planner", "baselines", "evaluation", "training", "events")
_NESTED = {
    **dict.fromkeys(("agent", "agents", "teacher", "workers"), "agents"),
    **dict.fromkeys(("planner", "platforms", "shown"), "planners"),
}
"""Keys below those of :data:`_NESTING` whose values may name a file, by its folder."""
_BY_LABEL = ("agents", "platforms")
_OWN_TO_EACH_FILE = ("name", "description")
_POSITION = re.compile(r"[-+]?[0-9]+")


def extended(path: Path, below: tuple[Path, ...] = ()) -> Node:
    """Return the tree of the file ``path``, merged into the scenario that it ``extends``, if any.

    Raises:
        ScenarioError: a file cannot be read, or scenarios extend each other in a cycle.
    """
    node = canonical(read(path))
    if "extends" not in node.content:
        return node
    base = node.content.pop("extends")
    try:
        base_path = _file_of(base, path.parent)
    except UserError as error:
        raise ScenarioError([Problem(base.where, "extends", str(error))]) from None
    if base_path.resolve() in (*(extending.resolve() for extending in below), path.resolve()):
        raise ScenarioError([Problem(base.where, "extends", f"{base.content} itself extends this scenario")])
    lower = extended(base_path, (*below, path))
    inherited = {key: child for key, child in lower.content.items() if key not in _OWN_TO_EACH_FILE}
    if "headline" in inherited and "headline" not in node.content:
        inherited["headline"] = _of_another(inherited["headline"], base)
    return laid_over(Node(inherited, node.where), node)


def _file_of(base: Node, folder: Path) -> Path:
    """Return the file of a scenario that is extended: a name of scenarios/, or a path from ``folder`` to a YAML file.

    Raises:
        UserError: there is no such scenario or file.
    """
    name = base.content if isinstance(base.content, str) else repr(base.plain())
    if name.endswith((".yaml", ".yml")):
        path = library.on_disk(folder / name)
        if not path.is_file():
            raise UserError(f"there is no file {path}")
        return path
    return library.find("scenarios", name)


def _of_another(headline: Node, base: Node) -> Node:
    """Return the headline of an extended scenario with the name of that scenario, unless it has another's already."""
    if not isinstance(headline.content, dict):
        return headline
    return replace(headline, content={"inherited_from": base, **headline.content})


def laid_over(base: Node, patch: Node, keys: Keys = ()) -> Node:
    """Return ``base`` with ``patch`` applied to it; ``keys`` is the path of both from the root of the scenario.

    Raises:
        ScenarioError: the patch names an entry that a list does not have, or a name has no contents.
    """
    if not isinstance(patch.content, dict) or ("kind" in patch.content and keys):
        return patch
    if isinstance(base.content, list) and patch.content and all(map(_POSITION.fullmatch, patch.content)):
        return _with_entries(base, patch, keys)
    base = _opened(base, keys)
    if not isinstance(base.content, dict):
        return patch
    merged = dict(base.content)
    for key, child in patch.content.items():
        merged[key] = laid_over(merged[key], child, (*keys, key)) if key in merged else child
    return replace(base, content=merged)


def _with_entries(base: Node, patch: Node, keys: Keys) -> Node:
    """Return a list with the patch of each position applied to its entry; a list never gets further entries."""
    opened = _opened(base, keys)
    entries = list(opened.content if isinstance(opened.content, list) else base.content)
    for position, child in patch.content.items():
        index = int(position)
        if not 0 <= index < len(entries):
            raise ScenarioError([_no_entry(child, position, len(entries), keys)])
        names_agent = isinstance(child.content, dict) and "agent" in child.content
        entry = base.content[index] if names_agent else entries[index]  # another agent keeps nothing of the first
        entries[index] = laid_over(entry, child, (*keys, position))
    return replace(base, content=entries)


def _no_entry(child: Node, position: str, length: int, keys: Keys) -> Problem:
    name = ".".join((child.alias or keys[0], *keys[1:])) if keys else "the list"
    numbered = f"{length} {'entry' if length == 1 else 'entries'}, counted from 0"
    expected = f"expected a position from 0 to {length - 1}" if length else "there is no entry to change"
    return Problem(child.where, f"{name}.{position}", f"the list {name} has {numbered}; {expected}")


def resolved(root: Node) -> tuple[Node, list[Problem]]:
    """Return the tree with every name of an agent or planner replaced by the contents of its file, and all problems.

    An unknown name stays unchanged, and there is one problem for each.
    """
    problems: list[Problem] = []
    tree = _resolved_below(root, (), problems)
    content = {key: _with_files(child) if key in _NESTING else child for key, child in tree.content.items()}
    return replace(tree, content=content), problems


def _with_files(node: Node, axis: str | None = None, below: tuple[str, ...] = ()) -> Node:
    """Return a value of agents, planners or training with the names of files in it replaced by their contents.

    In parameters, the name of a kind is that kind, as in ``teacher: llm``, although a file may have the same name.
    """
    if isinstance(node.content, str):
        name = node.content
        is_file = axis is not None and name not in below and name in library.names(axis)
        if axis is None or not is_file or kinds.exists(axis, name):
            return node
        return _with_files(_entry(axis, node, name), None, (*below, name))
    if isinstance(node.content, list):
        return replace(node, content=[_with_files(child, None, below) for child in node.content])
    if not isinstance(node.content, dict):
        return node
    return replace(node, content={key: _below(key, child, below) for key, child in node.content.items()})


def _below(key: str, child: Node, below: tuple[str, ...]) -> Node:
    axis = _NESTED.get(key)
    if key in _BY_LABEL and isinstance(child.content, dict):
        entries = {label: _with_files(entry, axis, below) for label, entry in child.content.items()}
        return replace(child, content=entries)
    return _with_files(child, axis, below)


def _resolved_below(node: Node, keys: Keys, problems: list[Problem]) -> Node:
    if node.content == _NONE and keys in _OPTIONAL:
        return replace(node, content=None)
    if keys not in _HOLDS_NAMES and _axis(keys) is None:
        return node
    try:
        node = _opened(node, keys)
    except ScenarioError as error:
        problems.extend(error.problems)
    if keys not in _HOLDS_NAMES or not isinstance(node.content, dict):
        return node
    content = {key: _resolved_below(child, (*keys, key), problems) for key, child in node.content.items()}
    return replace(node, content=content)


def _axis(keys: Keys) -> str | None:
    """Return the folder of the files that a value at ``keys`` may name."""
    if keys == ("planner",) or (len(keys) == 2 and keys[0] == "baselines"):
        return "planners"
    if (len(keys) == 2 and keys[0] == "agents") or keys == ("evaluation", "workers"):
        return "agents"
    return None


def _opened(node: Node, keys: Keys) -> Node:
    """Return the mapping that a name refers to; a list of baselines as a mapping by label."""
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
        axis = "planners"  # with several leading roles, the planners of all but one are given under agents
    return Node({"kind": node}, node.where) if axis is None else _entry(axis, node, ".".join(keys))


def _share(node: Node, keys: Keys) -> Node:
    """Return one of several agents of a role, its name (alone, or under ``agent``) replaced by its contents."""
    if isinstance(node.content, str):
        return _opened(node, keys)
    named = node.content.get("agent") if isinstance(node.content, dict) else None
    if named is None or not isinstance(named.content, str):
        return node
    if "kind" in node.content:
        message = "an entry has either agent, a name, or kind, found both; leave one of them out"
        raise ScenarioError([Problem(named.where, ".".join(keys), message)])
    rest = {key: child for key, child in node.content.items() if key != "agent"}
    return replace(node, content={**_opened(named, keys).content, **rest})


def _is_known(axis: str, name: str) -> bool:
    return name in library.names(axis) or kinds.exists(axis, name)


def _entry(axis: str, name: Node, key: str) -> Node:
    label = {"label": replace(name, content=label_of(name.content))} if key == "planner" else {}
    try:
        file = read(library.find(axis, name.content))
        return Node({**label, **file.content}, file.where)
    except ScenarioError:
        raise
    except UserError:
        if kinds.exists(axis, name.content):
            return Node({**label, "kind": name}, name.where)
    known = did_you_mean(name.content, {*library.names(axis), *kinds.names(axis)})
    raise ScenarioError([Problem(name.where, key, f"there is no {name.content!r} in {axis}/{known}")])


def _by_label(node: Node) -> Node:
    by_label: dict[str, Node] = {}
    for child in node.content:
        if not isinstance(child.content, str):
            message = "expected a list of names; to give parameters, write a mapping from labels to planners"
            raise ScenarioError([Problem(child.where, "baselines", message)])
        label = label_of(child.content)
        if label in by_label:
            raise ScenarioError([Problem(child.where, "baselines", f"{child.content!r} is listed twice")])
        by_label[label] = child
    return Node(by_label, node.where)
