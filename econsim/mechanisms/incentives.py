"""Incentives: payments for actions and outcomes, out of a budget or balanced among the players.

A payment is positive for a subsidy and negative for a fine or a tax. All functions work on tensors with any leading
axes; money is float64.

References: Pigou (1920); Monderer and Tennenholtz (2004), *K-Implementation*, for payments that make actions dominant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from econsim.game import Game, Observation

__all__ = [
    "AnnouncesGame",
    "AnnouncesPayoffs",
    "BenefitsOthers",
    "PaidOutcomes",
    "balanced_payments",
    "payments_from_budget",
]


@runtime_checkable
class AnnouncesPayoffs(Protocol):
    """A game of one round in normal form whose players observe announced payments before they choose."""

    def announced_payoffs(self, observation: Observation) -> Tensor:
        """Return payoffs with payments, float64 ``[B, P, A_1, ..., A_P]``, from an observation of a following role."""


@runtime_checkable
class AnnouncesGame(Protocol):
    """A game whose players choose after a planner's announcement, which makes it another game of its own."""

    def announced_game(self, payments: Tensor) -> Game[Any]:
        """Return the game of the followers after an announcement ``[K]``, with its exact view.

        It is :class:`~econsim.game.Enumerable`, a :class:`~econsim.markov.MarkovGame` or a
        :class:`~econsim.information_tree.HasInformationTree`.

        Raises:
            UserError: the game has no exact view.
        """


@runtime_checkable
class PaidOutcomes(Protocol):
    """A game with outcomes that a planner can pay for, such as a coin that is taken, instead of actions."""

    def outcome_labels(self, role: str) -> tuple[str, ...]:
        """Return the names of the outcomes of a role's players; none where only actions can be paid."""

    def outcomes(self, before: Any, after: Any) -> Mapping[str, Tensor]:
        """Return how often each outcome occurred in the step between two states, ``{role: [B, N, O]}``."""


@runtime_checkable
class BenefitsOthers(Protocol):
    """A game in which others than its players gain from what players do: an externality."""

    def external_benefit(self, before: Any, after: Any) -> Tensor:
        """Return what others gain in the step between two states, ``[B]``."""


def payments_from_budget(due: Tensor, budget: Tensor) -> tuple[Tensor, Tensor]:
    """Return what each player receives, ``[..., N]``, and the rest of the budget, ``[...]``.

    Fines enter the budget before subsidies leave it. Where subsidies would exceed it, all subsidies are paid at the
    same share, so that the rest is zero and never negative.

    Args:
        due: ``[..., N]``, the announced payments for what each player did, money.
        budget: ``[...]``, what is left, not negative, money.
    """
    fines, subsidies = (-due).clamp(min=0.0), due.clamp(min=0.0)
    available, owed = budget + fines.sum(-1), subsidies.sum(-1)
    share = torch.where(owed > available, available / owed.clamp(min=torch.finfo(owed.dtype).tiny), 1.0)
    received = subsidies * share[..., None] - fines
    return received, budget - received.sum(-1)


def balanced_payments(due: Tensor) -> Tensor:
    """Return what each player receives, ``[..., N]``, where all share the net cost equally, so that the sum is zero.

    Args:
        due: ``[..., N]``, the announced payments for what each player did, money.
    """
    return due - due.mean(-1, keepdim=True)
