"""Memory of kernels' tensors: used again once it is free, and never while anything reads it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from econsim.kernels.recycling import Recycled

PATTERNS = [torch.empty(()).expand(5, 3), torch.empty((), dtype=torch.bool).expand(5), torch.empty(0)]


def test_tensors_have_the_given_shapes_and_their_addresses() -> None:
    tensors, addresses = Recycled(PATTERNS).take()
    assert [(each.shape, each.dtype) for each in tensors] == [(each.shape, each.dtype) for each in PATTERNS]
    assert all(each.is_contiguous() for each in tensors)
    assert addresses.tolist() == [tensors[0].data_ptr(), tensors[1].data_ptr(), 0]


def test_memory_is_used_again_once_it_is_free() -> None:
    recycled, seen = Recycled(PATTERNS), set()
    for _ in range(10):
        tensors, addresses = recycled.take()
        seen.add(addresses[0])
        del tensors
    assert len(seen) == 1


HOLDERS: dict[str, Callable[[Tensor], Any]] = {
    "the tensor": lambda tensor: tensor,
    "a view": lambda tensor: tensor[:, 1],
    "a detached view": lambda tensor: tensor.view(-1)[3:].detach(),
    "an array": lambda tensor: tensor[1:].numpy(),
    "its storage": lambda tensor: tensor.untyped_storage(),
    "a graph of gradients": lambda tensor: nn.Linear(3, 2)(tensor).sum(),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_memory_that_anything_reads_is_not_used_again(holder: str) -> None:
    recycled = Recycled(PATTERNS)
    (first, *others), addresses = recycled.take()
    held = HOLDERS[holder](first)
    del first, others
    taken = [recycled.take() for _ in range(7)]  # more than the sets that are kept
    assert len({int(each[0]) for _, each in taken} | {int(addresses[0])}) == 8
    del held, taken
    gc.collect()
    assert int(recycled.take()[1][0]) == int(addresses[0])
