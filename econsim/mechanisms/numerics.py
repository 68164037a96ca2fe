"""Numerical functions whose rounding does not depend on the position of an element in a batch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.autograd import forward_ad


def power(base: Tensor, exponent: Tensor | float) -> Tensor:
    """Return ``base^exponent`` for ``base >= 0``, elementwise; zero, with derivative zero, at a base of zero.

    ``torch.pow`` uses a different routine for the last few elements of an array than for the others, so an element may
    be rounded differently alone and in a batch. This does not happen with ``torch.log`` and ``torch.exp``.
    """
    positive = base > 0
    logarithm = torch.where(positive, base, 1.0).log()
    return torch.where(positive, (exponent * logarithm).exp(), 0.0)


def ascending(values: Tensor) -> Tensor:
    """Return ``values`` in ascending order along the last axis.

    On a CPU they are sorted by numpy, which takes a third of the time of torch and less, since torch also finds the
    position of each value; torch sorts where derivatives are taken and in compiled graphs.
    """
    is_plain = values.device.type == "cpu" and not values.requires_grad and not torch.compiler.is_compiling()
    if is_plain and forward_ad.unpack_dual(values).tangent is None:  # type: ignore[no-untyped-call]
        return torch.from_numpy(np.sort(values.numpy(), -1))
    return values.sort(-1).values
