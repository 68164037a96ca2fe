"""Fixed action: tax rates, or the setting of any other instrument, given in the scenario."""

from __future__ import annotations

from typing import Annotated, Any, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim.actions import (
    check_instruments,
    check_leads,
    check_rates,
    given_action,
    sets_tax_brackets,
    tax_thresholds,
)
from econsim.economics import LOWEST_RATE, GivenRate
from econsim.errors import UserError
from econsim.game import Game, Role
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
            UserError: the role is not a leader, the number of entries is wrong, or the game does not allow an entry.
        """
        check_leads(role, "fixed")
        rates, setting = self.parameters.rates, self.parameters.action
        if sets_tax_brackets(game, role):
            if rates is None:
                raise UserError(f"planner.action: role {role.name} sets tax brackets; give planner.rates instead")
            return _rates(rates, game, role)
        if setting is None:
            raise UserError(f"planner.rates: role {role.name} does not set tax brackets; give planner.action instead")
        action = given_action(torch.tensor(setting, dtype=torch.float64), role, "planner.action")
        return check_instruments(action, game, role)


def _rates(rates: tuple[float, ...], game: Game[Any], role: Role) -> Tensor:
    thresholds = tax_thresholds(game, role, "fixed")
    if len(rates) != len(thresholds):
        raise UserError(f"planner.rates: expected {len(thresholds)} rates, one per bracket, found {len(rates)}")
    given = torch.tensor(rates, dtype=torch.float64)
    check_rates(given, game, role, "planner.rates")
    return given
