"""Bilevel gradients: derivatives of a leader's objective through the responses of followers.

In all modules, ``x`` ``[B, D]`` is the leader's action and ``y`` ``[B, N]`` are the followers' actions, in ``B``
independent environment copies; the objectives ``upper(x, y)`` and ``lower(x, y)`` return ``[B]``, and both are
maximised.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

__all__ = ["Objective"]

Objective = Callable[[Tensor, Tensor], Tensor]
