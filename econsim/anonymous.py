"""Anonymous games: payoffs given by the numbers of players on each option, exact for a thousand players.

A player's payoff depends on its own option and on how many players choose each option, not on who they are. The number
of combinations of choices grows exponentially in the number of players, the number of counts only polynomially.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb, lgamma, log10
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from econsim.game import Game

__all__ = ["MOST_PROFILES", "Anonymous", "are_listed", "is_crowd", "limit_payoffs", "option_payoffs"]

MOST_PROFILES = 1_000_000
"""The largest number of combinations of choices whose payoffs are listed, and of counts over which they are averaged.
"""


@runtime_checkable
class Anonymous(Protocol):
    """A game of one round with one role, whose payoffs depend on a player's own option and on the counts of all."""

    def payoffs_by_counts(self, counts: Tensor) -> Tensor:
        """Return the payoff of a player of each option, float64 ``[C, A]``, where ``counts`` players choose each.

        Args:
            counts: float64 ``[C, A]``, with the player itself. Rows add up to the number of players. They need not be
                whole numbers: shares of a continuum of players, times the number of players.
        """


def are_listed(options: int, players: int) -> bool:
    """Return whether the choices of all players have few enough combinations to list their payoffs."""
    return players * log10(options) <= log10(MOST_PROFILES)


def is_crowd(game: Game[Any]) -> bool:
    """Return whether payoffs are given by counts only, since the choices of all players have too many combinations."""
    if not isinstance(game, Anonymous):
        return False
    (role,) = game.roles.values()
    return not are_listed(len(role.options), role.count)


def option_payoffs(game: Anonymous, strategies: Sequence[Tensor]) -> Tensor | None:
    """Return the exact expected payoff of each option of each player, with the strategies of all others fixed.

    Args:
        game: the game.
        strategies: the strategy ``[A]`` of each of ``P`` players, float64.

    Returns:
        ``[P, A]`` float64; ``None`` unless the strategies are the same, or all of them pure, or where the counts of
        other players have more than a million values.
    """
    played = torch.stack(list(strategies))
    if bool((played == played[0]).all()):
        alike = _against(game, played[0], len(played))
        return None if alike is None else alike.expand(len(played), -1)
    if bool((played.amax(1) < 1).any()):
        return None
    return _deviating(game, played.sum(0, keepdim=True) - played)


def limit_payoffs(game: Anonymous, shares: Tensor, players: int) -> Tensor:
    """Return the payoff of each option ``[A]`` in the limit of many players, where a player does not move the shares.

    Args:
        game: the game.
        shares: the share of players on each option, float64 ``[A]``.
        players: the number of players of the game.
    """
    return game.payoffs_by_counts(shares[None] * players)[0]


def _deviating(game: Anonymous, others: Tensor) -> Tensor:
    """Return the payoff of each option ``[C, A]`` to a player against counts ``[C, A]`` of the others."""
    options = torch.eye(others.shape[1], dtype=others.dtype)
    return torch.stack([game.payoffs_by_counts(others + own)[:, place] for place, own in enumerate(options)], 1)


def _against(game: Anonymous, mix: Tensor, players: int) -> Tensor | None:
    """Return the expected payoff of each option ``[A]`` if all others draw from ``mix``: counts are multinomial."""
    drawn = mix.nonzero()[:, 0]
    others, options = players - 1, len(drawn)
    if comb(others + options - 1, options - 1) > MOST_PROFILES:
        return None
    counts = torch.zeros((comb(others + options - 1, options - 1), len(mix)), dtype=torch.float64)
    counts[:, drawn] = _compositions(others, options)
    of_drawn = counts[:, drawn]
    log_law = lgamma(others + 1) - torch.lgamma(of_drawn + 1).sum(1) + (of_drawn * mix[drawn].log()).sum(1)
    law = log_law.exp()
    return (law / law.sum()) @ _deviating(game, counts)


def _compositions(total: int, parts: int) -> Tensor:
    """Return all ordered sums of ``parts`` whole numbers from 0 that are ``total``, float64 ``[C, parts]``."""
    if parts == 1:
        return torch.tensor([[float(total)]], dtype=torch.float64)
    if parts == 2:
        first = torch.arange(total + 1, dtype=torch.float64)
        return torch.stack([first, total - first], 1)
    bars = torch.tensor(list(combinations(range(total + parts - 1), parts - 1)), dtype=torch.float64)
    ends = torch.cat([bars.new_full((len(bars), 1), -1), bars, bars.new_full((len(bars), 1), total + parts - 1)], 1)
    return ends.diff(dim=1) - 1
