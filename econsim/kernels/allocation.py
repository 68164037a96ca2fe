"""Tensors handed to kernels: many at once, in as few operations of torch as possible, since each takes microseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["addresses_of", "array_of", "contiguous", "like"]


def like(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return a new tensor without content for each of ``tensors``, which are contiguous."""
    return [torch.empty_like(tensor) for tensor in tensors]


def contiguous(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors, each copied if it is not contiguous; keep them until the kernel has returned."""
    return [tensor if tensor.is_contiguous() else tensor.contiguous() for tensor in tensors]


def addresses_of(tensors: Sequence[Tensor]) -> Any:
    """Return the memory addresses of contiguous tensors, int64; zero for one without elements."""
    return np.array([tensor.data_ptr() for tensor in tensors], np.int64)


def array_of(tensor: Tensor) -> Any:
    """Return a contiguous array that shares memory with the tensor if it is contiguous."""
    return tensor.detach().contiguous().numpy()
