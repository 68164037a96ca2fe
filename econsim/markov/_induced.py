"""Markov decision processes that one player faces, one for each profile of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from econsim.markov.form import MarkovForm


@dataclass(frozen=True)
class Induced:
    """``T`` decision processes of a player whose opponents follow one of ``T`` profiles.

    Attributes:
        others: ``[T, H, S, R]``, the probability of each action profile of all other players.
        rewards: ``[H, T, S, A]``.
        transitions: ``[H, T, S, A, S]``.
        discount: the game's.
    """

    others: Tensor
    rewards: Tensor
    transitions: Tensor
    discount: float

    def option_values(self, period: int, later: Tensor) -> Tensor:
        """Return the value of each option, ``[T, S, A]``, from the values ``[T, S]`` of the next period."""
        expected = torch.einsum("tsaz,tz->tsa", self.transitions[period], later)
        return self.rewards[period] + self.discount * expected

    def values(self, strategies: Tensor) -> Tensor:
        """Return the values ``[T, S]`` of the first period, where strategies ``[T, H, S, A]`` meet their profiles."""
        later = self.rewards.new_zeros(self.rewards.shape[1:3])
        for period in reversed(range(len(self.rewards))):
            later = (strategies[:, period] * self.option_values(period, later)).sum(-1)
        return later

    def best(self) -> Tensor:
        """Return the values of options ``[H, T, S, A]`` under the best policy against each profile."""
        later, by_period = self.rewards.new_zeros(self.rewards.shape[1:3]), []
        for period in reversed(range(len(self.rewards))):
            by_period.append(self.option_values(period, later))
            later = by_period[-1].amax(-1)
        return torch.stack(by_period[::-1])


def induced(form: MarkovForm, profiles: Sequence[Tensor], player: int) -> Induced:
    """Return the decision processes of a player against strategies ``[T, H, S, A_p]`` of all players."""
    others = _product([strategy for number, strategy in enumerate(profiles) if number != player], profiles[player])
    rewards = form.rewards[:, player].movedim(2 + player, 2).flatten(3)  # [H, S, A, R]
    transitions = form.transitions.movedim(2 + player, 2).flatten(3, -2)  # [H, S, A, R, S]
    return Induced(
        others,
        torch.einsum("thsr,hsar->htsa", others, rewards),
        torch.einsum("thsr,hsarz->htsaz", others, transitions),
        form.discount,
    )


def _product(strategies: Sequence[Tensor], like: Tensor) -> Tensor:
    """Return the probability of every profile of independent strategies, ``[T, H, S, R]``; all ones for no players."""
    joint = torch.ones_like(like[..., :1])
    for strategy in strategies:
        joint = (joint[..., None] * strategy[..., None, :]).flatten(-2)
    return joint
