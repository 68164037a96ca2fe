"""Fixed action: tax rates, or the setting of any other instrument, given in the scenario."""

from __future__ import annotations

from typing import Annotated, Any, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.actions import check_leads, check_rates, sets_tax_brackets, tax_thresholds
from econsim.economics import LOWEST_RATE, GivenRate
from econsim.errors import UserError
from econsim.game import Box, Discrete, Game, MultiDiscrete, Role
from econsim.parameters import Model
from econsim.play import ConstantPolicy

__all__ = ["Fixed", "Parameters"]


class Parameters(Model):
    """Parameters of a fixed action: ``rates`` for tax brackets, ``action`` for any other instrument."""

    rates: tuple[Annotated[float, Field(ge=LOWEST_RATE, le=1), GivenRate()], ...] | None = Field(None, min_length=1)
    """Marginal tax rate of each of the game's brackets, lowest bracket first. Negative rates need an economy that
    allows them (``economy.lowest_rate``)."""
    action: float | tuple[float, ...] | None = None
    """Setting of an instrument other than tax brackets: one number per entry, or one for all entries; options are given
    by index from 0."""

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.rates is None) == (self.action is None):
            raise ValueError("expected either rates, one per tax bracket, or action, the setting of another instrument")
        return self


class Fixed(ConstantPolicy):
    """Announces the given action."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the action ``[*shape]``.

        Raises:
            UserError: the role is not a leader, the number of entries is wrong, or an entry is out of range.
        """
        check_leads(role, "fixed")
        rates, setting = self.parameters.rates, self.parameters.action
        if sets_tax_brackets(game, role):
            if rates is None:
                raise UserError(f"planner.action: role {role.name} sets tax brackets; give planner.rates instead")
            return _rates(rates, game, role)
        if setting is None:
            raise UserError(f"planner.rates: role {role.name} does not set tax brackets; give planner.action instead")
        return _setting(torch.tensor(setting, dtype=torch.float64), role)


def _rates(rates: tuple[float, ...], game: Game[Any], role: Role) -> Tensor:
    thresholds = tax_thresholds(game, role, "fixed")
    if len(rates) != len(thresholds):
        raise UserError(f"planner.rates: expected {len(thresholds)} rates, one per bracket, found {len(rates)}")
    given = torch.tensor(rates, dtype=torch.float64)
    check_rates(given, game, role, "planner.rates")
    return given


def _setting(numbers: Tensor, role: Role) -> Tensor:
    """Return ``numbers`` (a scalar for all entries, or one number per entry) as an action ``[*shape]`` of the role."""
    shape = torch.Size(role.action.shape)
    if numbers.ndim and numbers.numel() != shape.numel():
        raise UserError(
            f"planner.action: expected one number per entry, {shape.numel()} in all, found {numbers.numel()}"
        )
    action = numbers.reshape(shape) if numbers.ndim else numbers.expand(shape)
    low, high = _bounds(role.action)
    outside = action[(action < low) | (action > high)]
    if len(outside):
        raise UserError(f"planner.action: {outside[0]:g} is out of range for role {role.name}: {role.action}")
    if isinstance(role.action, Box):
        return action
    if not torch.equal(action, action.round()):
        raise UserError(
            f"planner.action: role {role.name} chooses among options; give the indices of options, as whole numbers"
        )
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
