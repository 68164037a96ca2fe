"""Tensors in any container are found and replaced, and nothing else of an object changes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from econsim.held_tensors import held_tensors, map_held_tensors


class Pair(NamedTuple):
    left: Tensor
    right: str


@dataclass(frozen=True, slots=True)
class Frozen:
    table: Tensor
    label: str = "frozen"


class Plain:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self) -> Any:
        return self.value


ONE = torch.tensor(1.0)
CONTAINERS: dict[str, Any] = {
    "tensor": ONE,
    "tuple": (ONE, 2),
    "named tuple": Pair(ONE, "right"),
    "list": [[ONE]],
    "nested mapping": {"a": {"b": ONE}},
    "ordered mapping": OrderedDict(a=ONE),
    "frozen mapping": MappingProxyType({"a": (ONE,)}),
    "dataclass": Frozen(ONE),
    "object": Plain(Plain([ONE])),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_tensor_is_found_and_replaced_in(name: str) -> None:
    held = CONTAINERS[name]
    doubled = map_held_tensors(held, lambda leaf: 2 * leaf)
    assert type(doubled) is type(held)
    assert [float(leaf) for leaf in held_tensors(doubled)] == [2.0]
    assert [float(leaf) for leaf in held_tensors(held)] == [1.0]


def test_a_module_keeps_its_parameters_as_such() -> None:
    layer = nn.Linear(2, 1)
    moved = map_held_tensors(Plain(layer), lambda leaf: leaf.double()).value
    assert [type(leaf) for leaf in moved.parameters()] == [nn.Parameter, nn.Parameter]
    assert {leaf.dtype for leaf in held_tensors(moved)} == {torch.float64}
    assert {leaf.dtype for leaf in layer.parameters()} == {torch.float32}


def test_an_object_that_refers_to_itself_is_copied_once() -> None:
    outer = Plain(ONE)
    outer.inner = Plain([outer, outer])  # type: ignore[attr-defined]
    copied = map_held_tensors(outer, lambda leaf: 2 * leaf)
    assert copied is not outer
    assert copied.inner.value == [copied, copied]  # type: ignore[attr-defined]
    assert len(list(held_tensors(copied))) == 1


def test_what_holds_no_tensor_stays_the_same_object() -> None:
    settings = Plain("settings")
    assert map_held_tensors(Plain([settings, ONE]), torch.clone).value[0] is settings
