"""Turning an amount (hours, effort) into an action of whatever space the role has."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from econsim.errors import UserError
from econsim.game import Box, Discrete, Game, Role, Solvable


def solvable(game: Game[Any], role: Role, kind: str) -> Solvable:
    """Return ``game`` as one that knows its exact answers.

    Raises:
        UserError: the game does not offer them for this kind of agent.
    """
    if not isinstance(game, Solvable):
        raise UserError(
            f"agents.{role.name}: kind {kind} needs a game that knows its exact answers (best_response, choices and"
            f" choice_values); {type(game).__name__} does not"
        )
    return game


def action_of(amount: Tensor, game: Game[Any], role: Role) -> Tensor:
    """Return the action that comes nearest to ``amount`` ``[B, N]``: the amount itself, or the index of a choice."""
    if isinstance(role.action, Box):
        return amount.clamp(role.action.low, role.action.high)
    choices = solvable(game, role, "an amount").choices(role.name).to(amount)
    return (amount[..., None] - choices).abs().argmin(-1)


def check_amount(amount: float, role: Role, what: str) -> None:
    """Raise :class:`UserError` where a constant amount lies outside the role's box."""
    if isinstance(role.action, Box) and not role.action.low <= amount <= role.action.high:
        raise UserError(f"agents.{role.name}: {what} {amount:g} is outside [{role.action.low:g}, {role.action.high:g}]")


def check_discrete(role: Role, kind: str) -> None:
    """Raise :class:`UserError` where a role's actions have no list of probabilities."""
    if not isinstance(role.action, Discrete):
        raise UserError(f"agents.{role.name}: kind {kind} states probabilities of one discrete choice only")


def chosen(index: Tensor, game: Game[Any], role: Role) -> Tensor:
    """Return the action for an ``index`` ``[B, N]`` into the game's choices."""
    if isinstance(role.action, Box):
        return solvable(game, role, "a choice").choices(role.name)[index]
    return index
