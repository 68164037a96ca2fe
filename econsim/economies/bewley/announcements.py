"""Policies that are announced some periods before they come into force, and what all observe of them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from econsim.economies.bewley.parameters import Parameters
from econsim.economies.bewley.state import State

__all__ = ["News", "announced_entries", "announced_units", "known_policies", "news_after"]

_PREFIX, _UNTIL = "announced_", "announced_until"


def announced_units(parameters: Parameters) -> dict[str, str]:
    """Return the units of what all observe of an announced policy, which is that in force where there is none."""
    if not parameters.announced:
        return {}
    rates = {f"{_PREFIX}{name}": "fraction" for name in parameters.status_quo_rates}
    return {**rates, _UNTIL: "periods until it is in force, share of the longest time"}


class News(NamedTuple):
    """The policy of a period and the one that will follow it."""

    policy: Tensor  # [B, P] in force
    announced: Tensor  # [B, P] the next one; the same where none is announced
    until: Tensor  # [B] int64, periods until the next one is in force; zero where none is announced


def news_after(state: State, due: Tensor, chosen: Tensor, delay: int) -> News:
    """Return the policies of the next period.

    Args:
        state: of this period.
        due: ``[B, 1]``, whether the government acts in it; then no policy is announced that is not yet in force.
        chosen: ``[B, P]``, what it chooses where it acts.
        delay: the number of periods between the announcement and the policy, beginning with the next period.
    """
    left = (state.until - 1).clamp(min=0)
    policy = torch.where((left == 0)[:, None], state.announced, state.policy)
    if not delay:
        policy = torch.where(due, chosen, policy)
        return News(policy, policy, left)
    return News(policy, torch.where(due, chosen, state.announced), torch.where(due[:, 0], delay, left))


def announced_entries(state: State, delay: int) -> list[Tensor]:
    """Return the entries of :func:`announced_units`, ``[B]`` each; none without a delay."""
    return [*state.announced.unbind(-1), state.until / delay] if delay else []


def known_policies(parameters: Parameters, names: tuple[str, ...], shared: Tensor) -> Tensor:
    """Return the policy in force, the one to come and the periods until then, ``[..., 2 P + 1]``, of what all observe.

    Args:
        parameters: of the economy.
        names: of the entries of ``shared``.
        shared: ``[..., G]``.
    """
    policy = shared[..., : len(parameters.status_quo_rates)]
    if not parameters.announced:
        return torch.cat([policy, policy, torch.zeros_like(policy[..., :1])], -1)
    units = announced_units(parameters)
    first = names.index(next(iter(units)))
    entries = shared[..., first : first + len(units)]
    until = (entries[..., -1:] * parameters.announced).round()
    return torch.cat([policy, entries[..., :-1], until], -1)
