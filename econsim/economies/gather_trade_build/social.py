"""Social welfare functions of Gather-Trade-Build, for planners' rewards and for reports."""

from __future__ import annotations

from torch import Tensor

from econsim.economies.gather_trade_build.parameters import WelfareName
from econsim.mechanisms import welfare


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
