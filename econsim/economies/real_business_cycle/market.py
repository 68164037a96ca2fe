"""Markets of a quarter as functions of tensors: purchases under budgets and scarcity, exports, production, profits.

Axes: ``C`` consumers, ``F`` firms, each of which sells one good. Numeric parameters are scalars or have axes that
broadcast. Money is in coin, goods in units.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["exported", "invested", "produced", "purchases", "with_interest"]


def purchases(demand: Tensor, prices: Tensor, money: Tensor, stock: Tensor) -> tuple[Tensor, Tensor]:
    """Return the units that consumers buy ``[B, C, F]``, and which goods are scarce ``[B, F]`` bool.

    A consumer whose demand ``[B, C, F]`` costs more than its money ``[B, C]`` scales it down to what it can pay. Buyers
    of a good of which more is demanded than is in stock ``[B, F]`` all get the same share of their demand. Balances and
    stocks that rounding has left slightly below zero count as zero.
    """
    cost = (demand * prices[:, None]).sum(-1)
    money, stock = money.clamp(min=0.0), stock.clamp(min=0.0)
    affordable = torch.where(cost > money, money / cost, 1.0)
    wanted = demand * affordable[..., None]
    total = wanted.sum(1)
    scarce = total > stock
    return wanted * torch.where(scarce, stock / total, 1.0)[:, None], scarce


def exported(left: Tensor, prices: Tensor, lowest_price: Tensor, most: Tensor) -> Tensor:
    """Return the units that the world market buys of what is left ``[B, F]``, where the price is high enough for it."""
    return torch.where(prices >= lowest_price, torch.minimum(left.clamp(min=0.0), most), 0.0)


def produced(technology: Tensor, capital: Tensor, labour: Tensor, labour_shares: Tensor) -> Tensor:
    r"""Return output $A K^{1 - \alpha} L^\alpha$ in units, ``[B, F]``; ``labour`` is in hours.

    Source: Curry et al. 2022, production of firms; nothing is produced without labour if its share is above zero.
    """
    return technology * capital ** (1.0 - labour_shares) * labour**labour_shares


def invested(earnings: Tensor, share: Tensor) -> Tensor:
    """Return what firms invest, a share ``[B, F]`` of positive earnings, in coin."""
    return share * earnings.clamp(min=0.0)


def with_interest(money: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
    """Return balances with interest on those above zero, and the interest, in coin."""
    interest = rate * money.clamp(min=0.0)
    return money + interest, interest
