"""State of the economy."""

from __future__ import annotations

from torch import Tensor

from econsim.game import tensors

__all__ = ["Flows", "State"]


@tensors
class Flows:
    """What happened in the last period; amounts are in units of output per period, zero before the first."""

    mass: Tensor  # [B, N] share of the population, at the start of the period
    age: Tensor  # [B, N] int64, periods since birth, as in the state
    productivity: Tensor  # [B, N] of the chain, without that of the age
    assets: Tensor  # [B, N] at the end of the period
    consumption: Tensor  # [B, N]
    hours: Tensor  # [B, N] share of the time endowment
    income: Tensor  # [B, N] labour income and interest before taxes
    tax: Tensor  # [B, N] all taxes
    utility: Tensor  # [B, N]
    output: Tensor  # [B] per household, as all below
    capital: Tensor  # [B] at the start of the period
    interest_rate: Tensor  # [B]
    wage: Tensor  # [B] of a unit of effective labour
    mean_consumption: Tensor  # [B]
    spending: Tensor  # [B]
    transfer: Tensor  # [B]
    debt: Tensor  # [B] public, at the start of the period
    labour_level: Tensor  # [B] share of mean labour income that a household who earns it keeps
    contribution: Tensor  # [B] rate, to the pension; zero without a life cycle, as the two below
    pension: Tensor  # [B] of a retired household
    bequest: Tensor  # [B] received by every household


@tensors
class State:
    """Complete state of the economy."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, periods so far
    policy: Tensor  # [B, P] in force in this period: six rates, and that of the pension where it is an instrument
    announced: Tensor  # [B, P] the policy that will be in force next; the same where none is announced
    until: Tensor  # [B] int64, periods until then; zero where none is announced
    times: Tensor  # [B] int64, bad (0) or good (1) times; zero without aggregate shocks
    age: Tensor  # [B, N] int64, periods since birth; zero without a life cycle
    productivity: Tensor  # [B, N] int64, index of the state of the chain
    assets: Tensor  # [B, N] at the start of the period, before bequests
    mass: Tensor  # [B, N] share of the population
    capital: Tensor  # [B] float64, per household
    debt: Tensor  # [B] float64, public, per household
    bequest: Tensor  # [B] float64, to every household; zero without a life cycle, as growth
    growth: Tensor  # [B] float64, of the population since the period before
    last: Flows
