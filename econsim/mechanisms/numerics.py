"""Numerical functions whose rounding does not depend on the position of an element in a batch."""

from __future__ import annotations

import torch
from torch import Tensor


def power(base: Tensor, exponent: Tensor | float) -> Tensor:
    """Return ``base^exponent`` for ``base >= 0``, elementwise; zero, with derivative zero, at a base of zero.

    ``torch.pow`` uses a different routine for the last few elements of an array than for the others, so an element may
    be rounded differently alone and in a batch. This does not happen with ``torch.log`` and ``torch.exp``.
    """
    positive = base > 0
    logarithm = torch.where(positive, base, 1.0).log()
    return torch.where(positive, (exponent * logarithm).exp(), 0.0)
