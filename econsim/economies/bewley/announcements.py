"""Policies that are announced some periods before they come into force, and what all observe of them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from econsim.economies.bewley.parameters import INSTRUMENTS, Parameters
from econsim.economies.bewley.state import State

__all__ = ["ANNOUNCED_UNITS", "News", "announced_entries", "known_policies", "news_after"]

_PREFIX, _UNTIL = "announced_", "announced_until"
ANNOUNCED_UNITS = {
    **{f"{_PREFIX}{name}": "fraction" for name in INSTRUMENTS},
    _UNTIL: "periods until it is in force, share of the longest time",
}
"""Units of the entries that all observe of an announced policy; it is the one in force where there is none."""


class News(NamedTuple):
    """The policy of a period and the one that will follow it."""

    policy: Tensor  # [B, 6] in force
    announced: Tensor  # [B, 6] the next one; the same where none is announced
    until: Tensor  # [B] int64, periods until the next one is in force; zero where none is announced


def news_after(state: State, due: Tensor, chosen: Tensor, delay: int) -> News:
    """Return the policies of the next period.

    Args:
        state: of this period.
        due: ``[B, 1]``, whether the government acts in it; then no policy is announced that is not yet in force.
        chosen: ``[B, 6]``, what it chooses where it acts.
        delay: the number of periods between the announcement and the policy, beginning with the next period.
    """
    left = (state.until - 1).clamp(min=0)
    policy = torch.where((left == 0)[:, None], state.announced, state.policy)
    if not delay:
        policy = torch.where(due, chosen, policy)
        return News(policy, policy, left)
    return News(policy, torch.where(due, chosen, state.announced), torch.where(due[:, 0], delay, left))


def announced_entries(state: State, delay: int) -> list[Tensor]:
    """Return the entries of :data:`ANNOUNCED_UNITS`, ``[B]`` each; none without a delay."""
    return [*state.announced.unbind(-1), state.until / delay] if delay else []


def known_policies(parameters: Parameters, names: tuple[str, ...], shared: Tensor) -> Tensor:
    """Return the policy in force, the one to come and the periods until then, ``[..., 13]``, of what all observe.

    Args:
        parameters: of the economy.
        names: of the entries of ``shared``.
        shared: ``[..., G]``.
    """
    policy = shared[..., : len(INSTRUMENTS)]
    if not parameters.announced:
        return torch.cat([policy, policy, torch.zeros_like(policy[..., :1])], -1)
    first = names.index(next(iter(ANNOUNCED_UNITS)))
    entries = shared[..., first : first + len(ANNOUNCED_UNITS)]
    until = (entries[..., -1:] * parameters.announced).round()
    return torch.cat([policy, entries[..., :-1], until], -1)
