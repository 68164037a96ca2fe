"""Conversion of numbers into actions: amounts and choices of followers, instruments of leaders."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from econsim.economics import LOWEST_RATE, rate_too_low
from econsim.errors import UserError
from econsim.game import Box, Discrete, Game, MultiDiscrete, Observation, Role, Solvable, TaxSchedules

__all__ = [
    "GivesBestResponses",
    "LimitsInstruments",
    "action_of_amount",
    "action_of_choice",
    "check_amount",
    "check_discrete",
    "check_instruments",
    "check_leads",
    "check_rates",
    "given_action",
    "lowest_rate",
    "real_instrument",
    "sets_tax_brackets",
    "solvable",
    "tax_thresholds",
]


@runtime_checkable
class GivesBestResponses(Protocol):
    """A game that computes best responses, also one that does not list its actions as :class:`Solvable` games do."""

    def best_response(self, role: str, observation: Observation) -> Tensor:
        """Return each player's best action given its observation, in the shape of an action."""


@runtime_checkable
class LimitsInstruments(Protocol):
    """A game with limits on what leaders may set that the range of an action does not state."""

    def check_instruments(self, role: str, action: Tensor) -> None:
        """Raise :class:`UserError` if a leader may not set this action ``[*shape]``."""


def solvable(game: Game[Any], role: Role, kind: str) -> Solvable:
    """Return ``game`` as a game that computes exact best responses.

    Raises:
        UserError: the game does not compute them; this kind of agent needs them.
    """
    if not isinstance(game, Solvable):
        raise UserError(
            f"agents.{role.name}: kind {kind} needs a game that computes exact best responses (best_response, choices"
            f" and choice_values); {type(game).__name__} does not"
        )
    return game


def action_of_amount(amount: Tensor, game: Game[Any], role: Role) -> Tensor:
    """Return the action that is closest to ``amount`` ``[B, N]``: the amount itself, or the index of a choice."""
    if isinstance(role.action, Box):
        return amount.clamp(role.action.low, role.action.high)
    choices = solvable(game, role, "an amount").choices(role.name).to(amount)
    return (amount[..., None] - choices).abs().argmin(-1)


def action_of_choice(index: Tensor, game: Game[Any], role: Role) -> Tensor:
    """Return the action for an ``index`` ``[B, N]`` into the game's choices."""
    if isinstance(role.action, Box):
        return solvable(game, role, "a choice").choices(role.name)[index]
    return index


def check_amount(amount: float, role: Role, what: str) -> None:
    """Raise :class:`UserError` unless a constant amount lies within the bounds of the role's action."""
    if isinstance(role.action, Box) and not role.action.low <= amount <= role.action.high:
        raise UserError(f"agents.{role.name}: {what} {amount:g} is outside [{role.action.low:g}, {role.action.high:g}]")


def check_discrete(role: Role, kind: str) -> None:
    """Raise :class:`UserError` unless a role's action is one discrete choice, whose probabilities can be listed."""
    if not isinstance(role.action, Discrete):
        raise UserError(f"agents.{role.name}: kind {kind} gives probabilities only for a single discrete choice")


def check_leads(role: Role, kind: str) -> None:
    """Raise :class:`UserError` where a planner is assigned to a following role."""
    if not role.leads:
        raise UserError(f"agents.{role.name}: kind {kind} is a planner, and this is a following role")


def sets_tax_brackets(game: Game[Any], role: Role) -> bool:
    """Return whether the action of ``role`` is a schedule of the game's tax brackets, with one entry per bracket."""
    if not role.leads or not isinstance(game, TaxSchedules):
        return False
    shape = tuple(game.thresholds.shape)
    box = role.action
    options = isinstance(box, MultiDiscrete) and box.shape == shape
    rates = isinstance(box, Box) and box.shape == shape and LOWEST_RATE <= box.low <= 0.0 and box.high == 1.0
    return shape != (0,) and (options or rates)


def tax_thresholds(game: Game[Any], role: Role, kind: str) -> Tensor:
    """Return the thresholds of the game's tax brackets, ``[K]`` float64 in money.

    Raises:
        UserError: the game has no tax brackets that this role sets; planners of this kind need them.
    """
    if not sets_tax_brackets(game, role) or not isinstance(game, TaxSchedules):
        raise UserError(
            f"planner: kind {kind} sets tax brackets; {type(game).__name__} has none for role {role.name}"
            " (econsim.game.TaxSchedules)"
        )
    return game.thresholds


def lowest_rate(game: Game[Any], role: Role) -> float:
    """Return the lowest marginal tax rate that a role which sets tax brackets may announce, at most zero.

    It is the lower bound of real-valued rates; where options represent rates, the attribute ``lowest_rate`` of the
    game, or zero.
    """
    return role.action.low if isinstance(role.action, Box) else float(getattr(game, "lowest_rate", 0.0))


def check_rates(rates: Tensor, game: Game[Any], role: Role, key: str) -> None:
    """Check given rates ``[K]`` of a role that sets tax brackets.

    Raises:
        UserError: a rate is below the lowest rate of the game; the message names ``key``.
    """
    lowest, given = lowest_rate(game, role), float(rates.min())
    if given < lowest:
        raise UserError(f"{key}: {rate_too_low(given, lowest)}")


def real_instrument(game: Game[Any], role: Role, user: str) -> Box:
    """Return the real-valued instrument of a leader: its action, or the tax rates that its options represent.

    Raises:
        UserError: its action is neither bounded real numbers nor a tax schedule; ``user`` needs one of the two.
    """
    box = role.action
    if isinstance(box, Box) and role.leads and max(abs(box.low), abs(box.high)) < float("inf"):
        return box
    if sets_tax_brackets(game, role):
        return Box(lowest_rate(game, role), 1.0, role.action.shape)
    raise UserError(
        f"{user} needs an action of bounded real numbers or tax rates; role {role.name} of {type(game).__name__}"
        f" has {box}"
    )


def given_action(numbers: Tensor, role: Role, key: str) -> Tensor:
    """Return ``numbers`` (a scalar for all entries, or one number per entry) as an action ``[*shape]`` of the role.

    Raises:
        UserError: their number is wrong, one is out of range, or one is no index of an option; the message names
            ``key``.
    """
    shape = torch.Size(role.action.shape)
    if numbers.ndim and numbers.numel() != shape.numel():
        raise UserError(f"{key}: expected one number per entry, {shape.numel()} in all, found {numbers.numel()}")
    action = numbers.reshape(shape) if numbers.ndim else numbers.expand(shape)
    low, high = _bounds(role.action)
    outside = action[(action < low) | (action > high)]
    if len(outside):
        raise UserError(f"{key}: {outside[0]:g} is out of range for role {role.name}: {role.action}")
    if isinstance(role.action, Box):
        return action
    if not torch.equal(action, action.round()):
        raise UserError(f"{key}: role {role.name} chooses among options; give the indices of options, as whole numbers")
    return action.long()


def _bounds(space: Box | Discrete | MultiDiscrete) -> tuple[Tensor, Tensor]:
    """Return the lowest and the highest action, scalars or ``[*shape]``."""
    match space:
        case Box(low=low, high=high):
            bounds = torch.tensor([low, high], dtype=torch.float64)
        case Discrete(count=count):
            bounds = torch.tensor([0, count - 1], dtype=torch.float64)
        case MultiDiscrete(counts=counts):
            bounds = torch.tensor([[0] * len(counts), [count - 1 for count in counts]], dtype=torch.float64)
    return bounds[0], bounds[1]


def check_instruments(action: Tensor, game: Game[Any], role: Role) -> Tensor:
    """Return the action ``[*shape]`` of a leader if the game allows it; raises ``UserError`` otherwise."""
    if isinstance(game, LimitsInstruments):
        game.check_instruments(role.name, action)
    return action
