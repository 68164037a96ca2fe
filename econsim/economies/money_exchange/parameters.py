"""Parameters of the money exchange."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["MOST_COINS", "Parameters", "WealthTax"]

MOST_COINS = 2**29
"""Coins of all people together: sums of squares stay whole numbers, and random rounding of taxes is exact."""


class WealthTax(Model):
    """A tax on wealth, whose revenue is paid out equally."""

    brackets: tuple[float, ...] = Field((0.0,), min_length=1)
    """Lower thresholds of the tax brackets in coins, starting at 0."""
    every: int = Field(1, ge=1)
    """Steps between two collections; the planner sets the rates before each."""

    @field_validator("brackets")
    @classmethod
    def _rise_from_zero(cls, brackets: tuple[float, ...]) -> tuple[float, ...]:
        if brackets[0] != 0 or any(low >= high for low, high in pairwise(brackets)):
            raise ValueError(f"expected thresholds that start at 0 and rise, found {list(brackets)}")
        return brackets


class Parameters(Model):
    """Parameters of the money exchange."""

    people: int = Field(1000, ge=2)
    """Number of people."""
    coins: int = Field(1, ge=1)
    """Coins of each person at the start."""
    exchange: Literal["unit", "pooled"] = "unit"
    """What happens when somebody is active. ``unit``: whoever has a coin gives one to a random person; ``pooled``: two
    people pool what they do not save, and divide the pool at random."""
    activation: Literal["synchronous", "sequential"] = "synchronous"
    """Order within a step. ``synchronous``: all act at once, on what they have at the start of the step;
    ``sequential``: one after another, in an order that is drawn for each step."""
    saving_propensity: float = Field(0.0, ge=0, lt=1)
    """Share of their coins that people keep out of a pool; 0 under ``exchange: unit``, where nothing is pooled."""
    network: Annotated[Chosen, FromRoom("networks")] | None = None
    """Who can meet whom: people give to, or pool with, a random neighbour; who has none keeps its coins. Null: anybody
    may meet anybody. Under ``exchange: pooled`` it needs ``activation: sequential``."""
    participation: Literal["compulsory", "voluntary"] = "compulsory"
    """Whether people choose in each step between exchanging and staying out."""
    wealth_tax: WealthTax | None = None
    """Tax on wealth, whose rates the role ``planner`` sets; null: no tax and no planner."""
    horizon: int = Field(300, ge=1)
    """Number of steps of an episode."""
    burn_in: int | None = Field(None, ge=0)
    """First steps of an episode, which the means of flows leave out; null: a third of the horizon."""

    @model_validator(mode="after")
    def _fits_together(self) -> Parameters:
        if self.people * self.coins > MOST_COINS:
            raise ValueError(
                f"people times coins is {self.people * self.coins:,}; expected at most {MOST_COINS:,}, so that sums"
                " stay exact"
            )
        if self.exchange == "unit" and self.saving_propensity > 0:
            raise ValueError("saving_propensity needs exchange: pooled, since under exchange: unit nothing is pooled")
        if self.network is not None and (self.exchange, self.activation) == ("pooled", "synchronous"):
            raise ValueError(
                "exchange: pooled with activation: synchronous pairs people at random, whoever they know; with a"
                " network set activation: sequential"
            )
        if self.burn_in is not None and self.burn_in >= self.horizon:
            raise ValueError(f"burn_in {self.burn_in} leaves no step of horizon {self.horizon}")
        return self
