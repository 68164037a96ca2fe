"""State of the published simulators; amounts are float64, in US dollars or the units that they call so."""

from __future__ import annotations

from torch import Tensor

from econsim.game import tensors

__all__ = ["Flows", "State"]


@tensors
class Flows:
    """What happened in the last year; zero before the first."""

    saving: Tensor  # [B, N] the share that was saved, as chosen
    hours: Tensor  # [B, N] the share of hours worked, as chosen
    consumption: Tensor  # [B, N]
    income: Tensor  # [B, N] wages and interest before tax; at the start, what is observed of them
    tax: Tensor  # [B, N] on income, wealth and consumption
    utility: Tensor  # [B, N]
    instruments: Tensor  # [B, 5] as chosen, shares of the highest values
    output: Tensor  # [B] of all households, as the next four
    capital: Tensor  # [B] at the start of the year
    debt: Tensor  # [B] at the start of the year
    assets: Tensor  # [B] at the start of the year
    spending: Tensor  # [B] of the government
    wage: Tensor  # [B] of a unit of effective labour
    wealth_gini: Tensor  # [B]
    income_gini: Tensor  # [B] after tax
    reward: Tensor  # [B] of the government


@tensors
class State:
    """Complete state."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, years so far
    over: Tensor  # [B] bool, cut short
    productivity: Tensor  # [B, N]
    superstar: Tensor  # [B, N] bool
    assets: Tensor  # [B, N]
    capital: Tensor  # [B]
    debt: Tensor  # [B]
    most_hours: Tensor  # [B] hours at a share of one
    last: Flows
