"""Gradients of a leader's aim through the answers of those who follow, for plain functions.

Everywhere ``x`` ``[B, D]`` is what the leader does and ``y`` ``[B, N]`` what followers do, in ``B`` copies that do
not depend on each other; ``upper(x, y)`` and ``lower(x, y)`` give ``[B]``, and both levels want more.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

__all__ = ["Objective"]

Objective = Callable[[Tensor, Tensor], Tensor]
