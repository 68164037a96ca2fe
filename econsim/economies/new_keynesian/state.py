"""State of the economy."""

from __future__ import annotations

from torch import Tensor

from econsim.game import tensors

__all__ = ["Flows", "State"]


@tensors
class Flows:
    """What happened in the last period, float64; amounts are in units of output per period.

    Before the first period: prices and output of the stationary equilibrium, and zero for all that households do.
    """

    mass: Tensor  # [B, N] share of the population, at the start of the period
    productivity: Tensor  # [B, N]
    assets: Tensor  # [B, N] at the end of the period
    consumption: Tensor  # [B, N]
    hours: Tensor  # [B, N]
    earnings: Tensor  # [B, N] wages
    transfer: Tensor  # [B, N] profit less taxes
    utility: Tensor  # [B, N]
    output: Tensor  # [B] per household, as all below
    wage: Tensor  # [B] of a unit of effective labour
    inflation: Tensor  # [B] from the period before
    interest_rate: Tensor  # [B] real, on debt that fell due in the period
    profit: Tensor  # [B] after costs of changing prices
    costs: Tensor  # [B] of changing prices
    unmet: Tensor  # [B] share of demand that was not served
    shock: Tensor  # [B] to the Taylor rule


@tensors
class State:
    """Complete state of the economy, float64 where nothing else is said."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, periods so far
    rule: Tensor  # [B, 2] in force in this period: responses of the nominal rate to inflation and to output
    size: Tensor  # [B] of the shock that arrives in period 1
    productivity: Tensor  # [B, N] int64, index of the state of the chain
    assets: Tensor  # [B, N] public debt at the start of the period, before interest
    mass: Tensor  # [B, N] share of the population
    debt: Tensor  # [B] real, per household, constant
    nominal_rate: Tensor  # [B] of debt from the last period to this one
    last: Flows
