"""Parameters of the published simulators, and what differs between their versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from econsim.parameters import Model

__all__ = ["LAWS", "Law", "Parameters", "Task", "Version"]

Version = Literal["taxai_2023", "taxai_2024", "smfg"]
Task = Literal["gdp", "gini", "social_welfare", "gdp_gini"]


@dataclass(frozen=True)
class Law:
    """What a version fixes.

    technology, capital_share: $A$ and the exponent of capital in output.
    closed_goods: whether capital follows the resource constraint; else it follows SMFG's law of motion.
    saves_wealth: whether households save a share of wealth and income, from one half on; else one of income after tax.
    saturated: whether utility is squeezed into (0, 1) by a logistic function.
    ends_at_gini: the Gini index of wealth or income after tax at which an episode ends.
    """

    technology: float
    capital_share: float
    closed_goods: bool
    saves_wealth: bool
    saturated: bool
    ends_at_gini: float


LAWS: dict[str, Law] = {
    "taxai_2023": Law(1.0, 1 / 3, True, True, False, 0.9),
    "taxai_2024": Law(1.0, 1 / 3, True, True, True, 0.9),
    "smfg": Law(10.0, 0.7445, False, False, True, 1.0),
}


class Parameters(Model):
    """Parameters; all others are those that the published programs fix."""

    version: Version = "taxai_2024"
    """``taxai_2023``: that of the TaxAI paper; ``taxai_2024``: the last one of its program; ``smfg``: the economy of
    Stackelberg mean-field games."""
    households: int = Field(100, ge=10, le=1_000_000)
    """Number of households."""
    task: Task = "gdp"
    """Reward of the government. ``gdp``: growth of output per household (of capital, in per cent, in ``smfg``);
    ``gini``: minus the product of the Gini indices of wealth and income (their relative fall through taxes, in per
    cent, in ``smfg``); ``social_welfare``: the sum of utilities; ``gdp_gini``: growth less that product."""
    file: str | None = None
    """Summary extract of the Survey of Consumer Finances, a CSV file, relative to the working directory, whose rows are
    drawn without their weights, as published; null: quantiles of the extracts that the programs ship."""
    periods: int = Field(300, ge=1, le=10_000)
    """Years of an episode that is not cut short."""
