"""Patches of default values: ``economy.population.scale=2`` in a scenario that does not name a population."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from econsim.parameters import Chosen
from econsim.scenario.composition import Keys, laid_over
from econsim.scenario.fields import allows_none, fields_of, names_kind, type_of
from econsim.scenario.yaml_reader import Node


def over_defaults(node: Node, annotation: Any, keys: Keys = ()) -> Node:
    """Return the tree with each mapping that names no kind merged into the default kind, or list, of its field.

    The word ``none`` in an optional field is no value.

    ``keys`` is the path of ``node`` from the root of the scenario.

    Raises:
        ScenarioError: a mapping names an entry that the default list of its field does not have.
    """
    if not isinstance(node.content, dict):
        return node
    fields = fields_of(annotation, node.plain())
    content = {key: _completed(child, fields.get(key), (*keys, key), annotation) for key, child in node.content.items()}
    return replace(node, content=content)


def _completed(child: Node, field: FieldInfo | None, keys: Keys, outer: Any) -> Node:
    if child.content == "none" and field is not None and allows_none(field):
        return replace(child, content=None)
    if not isinstance(child.content, dict):
        return child
    if field is None:
        return over_defaults(child, outer, keys)
    default = _default(field)
    if "kind" not in child.content and (isinstance(default, list) or (isinstance(default, dict) and "kind" in default)):
        child = laid_over(replace(_node(default, child.where), alias=child.alias), child, keys)
    return over_defaults(child, type_of(field), keys)


def _default(field: FieldInfo) -> Any:
    """Return the default as plain data."""
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, str) and names_kind(field):
        return {"kind": value}
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, Chosen):
        return value.dump()
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _node(value: Any, where: str) -> Node:
    if isinstance(value, dict):
        return Node({key: _node(entry, where) for key, entry in value.items()}, where)
    return Node([_node(entry, where) for entry in value] if isinstance(value, list) else value, where)
