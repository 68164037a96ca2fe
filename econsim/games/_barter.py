"""Barter of two goods between pairs of traders, at the geometric mean of their marginal rates of substitution.

As rule T of Epstein and Axtell (1996, chapter IV), in the form of Mesa's example.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["barter", "log_welfare"]

_EQUAL = 1e-9  # relative difference of two rates of substitution that leaves nothing to trade
_AHEAD = 8  # pairs that are looked at together; it changes the time, and no result
_GAIN = 1e-12  # in logs; less is a rounding error of equal welfare
_WHOLE = 1e-12  # relative; a price that is less below a whole number is that number, and rates that near are equal


def log_welfare(goods: Tensor, metabolism: Tensor) -> Tensor:
    r"""Return $s \log x + p \log y$, ``[...]``, the log of Cobb-Douglas welfare times $s + p$.

    Args:
        goods: ``[..., 2]``, units of sugar $x$ and spice $y$.
        metabolism: ``[..., 2]``, $s$ and $p$.
    """
    terms = metabolism * goods.log()
    return terms[..., 0] + terms[..., 1]


def barter(
    held: Tensor, metabolism: Tensor, pairs: Tensor, count: Tensor, price: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Let pairs trade one after another, each until it gains no more.

    Copies do not wait for each other: each goes on to its next pair when the last one has stopped.

    Args:
        held: ``[B, N, 2]`` float64, units of sugar and spice.
        metabolism: ``[B, N, 2]`` float64.
        pairs: ``[B, K, 2]`` int64, the two traders of each pair, in the order in which pairs meet.
        count: ``[B]`` int64, the number of pairs.
        price: ``[B]``, the last price, in spice for a unit of sugar.

    Returns:
        What is held, the trades ``[B]`` int64, and the geometric mean of their prices, the last one without trades.
    """
    held, copies = held.clone(), torch.arange(len(held), device=held.device)
    at, trades, logs = torch.zeros_like(count), torch.zeros_like(count), torch.zeros_like(price)
    ahead = torch.arange(_AHEAD, device=held.device)
    while bool((at < count).any()):
        slot = at[:, None] + ahead
        pair = pairs.gather(1, slot.clamp(max=pairs.shape[1] - 1)[..., None].expand(-1, -1, 2))  # [B, A, 2]
        goods, eats = held[copies[:, None, None], pair], metabolism[copies[:, None, None], pair]  # [B, A, 2, 2]
        asked, after = _exchange(goods, eats)
        agreed = (asked > 0) & (slot < count[:, None])
        sold, next_one = agreed.any(1), agreed.long().argmax(1)  # the first pair that trades; those before do not
        both = pair[copies, next_one][..., None].expand(-1, -1, 2)
        held.scatter_(1, both, torch.where(sold[:, None, None], after[copies, next_one], held.gather(1, both)))
        trades += sold
        logs += torch.where(sold, asked[copies, next_one].log(), 0.0)
        at += torch.where(sold, next_one, _AHEAD)
    mean = (logs / trades.clamp(min=1)).exp()
    return held, trades, torch.where(trades > 0, mean, price)


def _exchange(goods: Tensor, metabolism: Tensor) -> tuple[Tensor, Tensor]:
    """Return the price at which pairs trade, ``[...]``, 0 where they do not, and what both would have after it.

    Args:
        goods: ``[..., 2, 2]``, sugar and spice of both traders.
        metabolism: ``[..., 2, 2]``, of both traders.
    """
    first, second = _substitution(goods, metabolism).unbind(-1)
    price, buys = (first * second).sqrt(), first > second  # whether the first trader buys sugar
    dear = price >= 1 - _WHOLE
    sugar = torch.where(dear, 1.0, ((1 + _WHOLE) / price).floor())
    spice = torch.where(dear, (price * (1 + _WHOLE)).floor(), 1.0)
    bought = torch.stack([sugar, -spice], -1) * torch.where(buys, 1.0, -1.0)[..., None]
    after = goods + torch.stack([bought, -bought], -2)
    # Of less than nothing, logs are NaN, which is no gain.
    gain = log_welfare(after, metabolism) > log_welfare(goods, metabolism) + _GAIN
    own, other = _substitution(after, metabolism).unbind(-1)
    agreed = ((first - second).abs() > _EQUAL * torch.maximum(first, second)) & (after > 0).all(-1).all(-1)
    least = 1 + _WHOLE  # equal rates differ by rounding
    agreed &= gain.all(-1) & torch.where(buys, own > least * other, other > least * own)
    return torch.where(agreed, price, 0.0), after


def _substitution(goods: Tensor, metabolism: Tensor) -> Tensor:
    """Return the spice that a trader gives up for a unit of sugar at most, ``[...]``."""
    scaled = goods / metabolism
    return scaled[..., 1] / scaled[..., 0]
