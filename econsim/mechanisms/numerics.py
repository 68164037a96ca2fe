"""Powers that do not depend on the place of a number in a batch."""

from __future__ import annotations

import torch
from torch import Tensor


def power(base: Tensor, exponent: Tensor | float) -> Tensor:
    """Return ``base^exponent`` for ``base >= 0``, elementwise; zero at a base of zero, with slope zero.

    torch's own power takes another routine for the last few elements of an array than for the rest, so that one number
    may round differently alone and in a batch; its logarithm and exponential do not.
    """
    positive = base > 0
    logarithm = torch.where(positive, base, 1.0).log()
    return torch.where(positive, (exponent * logarithm).exp(), 0.0)
