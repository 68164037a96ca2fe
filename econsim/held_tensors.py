"""Tensors held by an object at any depth: in mappings, sequences, dataclasses and other objects.

A pytree handles only registered containers; these functions also handle the others, since a game may keep its tables
in any of them. A choice between two states of a game, copy by copy, is here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import copy, deepcopy
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, TypeVar

import torch
from pydantic import BaseModel
from torch import Tensor, nn
from torch.utils import _pytree as pytree

__all__ = ["held_tensors", "map_held_tensors", "tree_where"]

T = TypeVar("T")
_WITHOUT_TENSORS = (
    *(type(None), bool, int, float, complex, str, bytes, Enum, BaseModel),
    *(type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, torch.dtype, torch.device),
)


def tree_where(mask: Tensor, chosen: T, other: T) -> T:
    """Return the state ``chosen`` in the copies where ``mask`` ``[B]`` is true, and ``other`` elsewhere."""

    def select(one: Tensor, two: Tensor) -> Tensor:
        return torch.where(mask.reshape(-1, *[1] * (one.ndim - 1)), one, two)

    return pytree.tree_map(select, chosen, other)  # type: ignore[no-any-return]


def held_tensors(value: Any) -> Iterator[Tensor]:
    """Yield every tensor that an object holds, each once; pydantic models and functions are skipped."""
    yield from _tensors(value, {})


def map_held_tensors(value: T, function: Callable[[Tensor], Tensor]) -> T:
    """Return a copy of an object with ``function`` applied to each tensor.

    References to one object are references to one object in the copy too. A module (``torch.nn``) is copied as a whole;
    objects without tensors are not copied.
    """
    copied: T = _Copying(function).of(value)
    return copied


def _tensors(value: Any, seen: dict[int, Any]) -> Iterator[Tensor]:
    if _is_plain(value) or id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, Tensor):
        yield value
        return
    for child in _children(value):
        yield from _tensors(child, seen)


def _is_plain(value: Any) -> bool:
    """Return whether a value of this type holds no tensors; functions of numba are skipped: they hold its compiler."""
    return isinstance(value, _WITHOUT_TENSORS) or type(value).__module__.partition(".")[0] == "numba"


def _children(value: Any) -> list[Any]:
    if isinstance(value, nn.Module):
        return [*value.parameters(), *value.buffers()]
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    return list(_attributes(value).values())


def _attributes(value: Any) -> dict[str, Any]:
    """Return the attributes of an object by name, slots included."""
    slots = [name for kind in type(value).__mro__ for name in _names(getattr(kind, "__slots__", ()))]
    return {name: getattr(value, name) for name in slots if hasattr(value, name)} | getattr(value, "__dict__", {})


def _names(slots: Any) -> list[str]:
    return [name for name in ([slots] if isinstance(slots, str) else slots) if not name.startswith("__")]


class _Copying:
    """One copying operation; ``done`` maps the id of an object to the object and its copy, and keeps both alive."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self.function = function
        self.done: dict[int, tuple[Any, Any]] = {}

    def of(self, value: Any) -> Any:
        if _is_plain(value):
            return value
        if id(value) not in self.done:
            self.done[id(value)] = value, self._new(value)
        return self.done[id(value)][1]

    def _new(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self.function(value)
        if isinstance(value, nn.Module):
            return deepcopy(value)._apply(self.function)  # type: ignore[no-untyped-call]
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(self.of, value))
        if isinstance(value, (list, tuple, set, frozenset)):
            return type(value)(map(self.of, value))
        return self._object(value)

    def _mapping(self, value: Mapping[Any, Any]) -> Any:
        content = {key: self.of(child) for key, child in value.items()}
        if isinstance(value, MutableMapping):
            other = copy(value)
            other.update(content)
            return other
        return MappingProxyType(content) if isinstance(value, MappingProxyType) else content

    def _object(self, value: Any) -> Any:
        if next(held_tensors(value), None) is None:
            return value
        other = copy(value)
        self.done[id(value)] = value, other  # before its attributes, which may refer to it
        for name, child in _attributes(value).items():
            object.__setattr__(other, name, self.of(child))
        return other
