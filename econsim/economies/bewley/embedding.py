r"""Embedding of the population: a learned function of a household's state, added up over households by their weights.

What networks observe are the shares $\sum_i m_i \, 1[s_i = s] \, b_k(x_i)$ for the states $s$ of productivity and hat
functions $b_k$ between $K$ equally spaced knots of log wealth $x$, which add up to one. The first layer of a network
multiplies them by weights $w_{sk}$, one vector for each of its units, so that it reads
$\sum_i m_i \, \varphi(s_i, x_i)$ with $\varphi(s, x) = \sum_k w_{sk} b_k(x)$: a sum over households of a function that
is learned with the objective of the network, piecewise linear in log wealth. It does not depend on the order of
households, a household counts as much as several that share its weight, and a sample is read as the distribution that
it is drawn from. For piecewise linear functions this is the architecture of Zaheer et al. (2017).

Sources: Zaheer, Kottur, Ravanbakhsh, Poczos, Salakhutdinov and Smola (2017), "Deep Sets", NeurIPS; Kahou,
Fernández-Villaverde, Perla and Sood (2021) and Han, Yang and E (2021) for learned moments of households.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from econsim.economies.bewley.parameters import Parameters
from econsim.economies.bewley.population import quantiles
from econsim.economies.bewley.state import State

__all__ = ["KNOTS", "QUANTILES", "embedded", "embedding_features", "observed_distribution"]

QUANTILES = (0.1, 0.5, 0.9, 0.99)
"""Levels of the quantiles of assets that all observe with ``aggregates: quantiles``."""
KNOTS = 12
"""Number of knots of log wealth, from the borrowing limit to the largest assets."""


def embedding_features(parameters: Parameters) -> list[str]:
    """Return the names of the shares, state by state of productivity."""
    return [f"state_{state}_wealth_{knot}" for state in range(_states(parameters)) for knot in range(KNOTS)]


def observed_distribution(
    parameters: Parameters, state: State, takes_prices: bool, log_wealth: Callable[[Tensor], Tensor]
) -> Sequence[Tensor]:
    """Return what all observe of the distribution of assets beyond its mean, ``[B]`` each.

    Where households take prices as given, it has no derivative with respect to their assets.
    """
    assets = state.assets.detach() if takes_prices else state.assets
    if parameters.aggregates == "quantiles":
        levels = torch.tensor(QUANTILES, dtype=assets.dtype, device=assets.device)
        return log_wealth(quantiles(assets, state.mass, levels)).unbind(-1)
    if parameters.aggregates == "embedding":
        most = parameters.largest_assets
        wealth, highest = log_wealth(assets), float(log_wealth(torch.tensor(most, dtype=torch.float64)))
        shares = embedded(state.productivity, wealth, state.mass, highest, _states(parameters))
        return shares.unbind(-1)
    return ()


def embedded(productivity: Tensor, wealth: Tensor, mass: Tensor, highest: float, states: int) -> Tensor:
    """Return the shares ``[B, S * K]``.

    Args:
        productivity: states ``[B, N]`` int64.
        wealth: logarithmic, ``[B, N]``, from zero.
        mass: shares of the population, ``[B, N]``.
        highest: the wealth of the last knot.
        states: their number ``S``.
    """
    place = (wealth / highest * (KNOTS - 1)).clamp(max=KNOTS - 1)
    knots = torch.arange(KNOTS, dtype=wealth.dtype, device=wealth.device)[:, None]
    hats = (1 - (place[:, None] - knots).abs()).clamp(min=0)  # [B, K, N]
    # Sums, not a product of matrices, whose rounding depends on the number of copies.
    sums = [((mass * (productivity == state))[:, None] * hats).sum(-1) for state in range(states)]
    return torch.cat(sums, -1)


def _states(parameters: Parameters) -> int:
    return parameters.productivity.count if parameters.aggregate_shocks is None else 2
