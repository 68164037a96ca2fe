"""Social welfare functions of Gather-Trade-Build, for planners' rewards and for reports."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.economies.gather_trade_build.parameters import WelfareName
from econsim.mechanisms import welfare
from econsim.mechanisms.numerics import power


def social_welfare(name: WelfareName, coin: Tensor, utility: Tensor, equality_weight: float = 1.0) -> Tensor:
    r"""Return social welfare ``[B]`` float64 of workers with ``coin`` and ``utility`` ``[B, N]``.

    ``equality_times_productivity`` is $(m \, \text{equality} + 1 - m)$ times coin per capita, where $m$ is
    ``equality_weight``. The inverse-income functions use normalised weights proportional to $1 / \max(C, 1)$, where
    $C$ is a worker's coin (Zheng et al. 2020).
    """
    coin, utility = coin.double(), utility.double()
    match name:
        case "equality_times_productivity":
            return (equality_weight * welfare.equality(coin) + 1.0 - equality_weight) * coin.mean(-1)
        case "inverse_income_utility":
            return welfare.inverse_income_weighted_utility(utility, coin)
        case "inverse_income_coin":
            return welfare.weighted(coin, welfare.inverse_income_weights(coin))
        case "utilitarian":
            return welfare.utilitarian(utility)
        case "rawlsian":
            return welfare.rawlsian(utility)


def marginal_social_weights(
    name: WelfareName, coin: Tensor, utility: Tensor, risk_aversion: Tensor, equality_weight: float = 1.0
) -> Tensor:
    r"""Return the rise of social welfare per coin given to each worker, ``[B, N]`` float64.

    Marginal utility is $\max(C, 1)^{-\eta}$, with risk aversion $\eta$ ``[1 | B, 1 | N]``. The inverse-income weights
    count as given: they do not fall when a worker receives a coin.
    """
    coin, utility = coin.double(), utility.double()
    marginal_utility = power(coin.clamp(min=1.0), -risk_aversion.double())
    if name == "inverse_income_coin":
        return welfare.inverse_income_weights(coin)
    if name == "inverse_income_utility":
        return welfare.inverse_income_weights(coin) * marginal_utility
    return welfare.marginal_weights(
        lambda coins: social_welfare(name, coin + coins, utility + marginal_utility * coins, equality_weight), coin
    )


def effort_values(
    name: WelfareName, coin: Tensor, utility: Tensor, kept: Tensor, equality_weight: float = 1.0
) -> Tensor:
    """Return the rise of social welfare per coin earned at constant utility, ``[B, N]`` float64.

    ``kept`` ``[B, N]`` is one minus the marginal tax rate. The inverse-income weights count as given.
    """
    if name == "inverse_income_coin":
        return welfare.inverse_income_weights(coin.double()) * kept.double()
    if name != "equality_times_productivity":
        return torch.zeros_like(coin, dtype=torch.float64)
    return welfare.marginal_weights(
        lambda earned: social_welfare(name, coin.double() + kept.double() * earned, utility, equality_weight),
        coin.double(),
    )
