"""Order matching of a continuous double auction: best bids first, each against the best ask of another worker.

Before new orders are placed, no open orders cross, so every trade uses up at least one new order. A worker places at
most one order per step; hence there are at most ``N`` trades per good and step, and ``N`` rounds suffice.
"""

from __future__ import annotations

import torch
from torch import Tensor

from econsim.game import tensors


@tensors
class Settlement:
    """Trades of a step; whole units and coins, int32."""

    bought: Tensor  # [B, 2, N] units
    sold: Tensor  # [B, 2, N] units
    pledged: Tensor  # [B, 2, N] coin held by the buyer's bids
    paid: Tensor  # [B, 2, N] coin
    earned: Tensor  # [B, 2, N] coin
    by_price: Tensor  # [B, 2, prices] trades


def settle(
    bids: Tensor, asks: Tensor, age_bits: int, prices: int, precedence: Tensor
) -> tuple[Tensor, Tensor, Settlement]:
    """Return the bids and asks ``[B, 2, N, O]`` that remain open, and the trades.

    Args:
        bids: open bids, ``1 + (price << age_bits) + age``; zero: no order.
        asks: open asks, ``1 + (highest - price << age_bits) + age``.
        age_bits: number of bits of an age.
        prices: number of prices, starting at zero.
        precedence: ``[N]`` int32, among equal orders the larger goes first.
    """
    levels = torch.arange(prices, dtype=bids.dtype, device=bids.device)
    nothing = torch.zeros_like(bids[..., 0])
    by_price = nothing.new_zeros((*bids.shape[:2], prices))
    done = Settlement(nothing, nothing, nothing, nothing, nothing, by_price)
    for _ in range(bids.shape[2]):
        best_bid, best_ask = bids.amax(-1), asks.amax(-1)  # [B, 2, N]
        buys, sells = _pair(best_bid, best_ask, age_bits, prices, precedence)
        if _no_trade(buys):
            break
        bid, ask = (best_bid * buys).sum(-1, dtype=bids.dtype), (best_ask * sells).sum(-1, dtype=asks.dtype)
        bids = torch.where(buys[..., None] & (bids == bid[..., None, None]), 0, bids)
        asks = torch.where(sells[..., None] & (asks == ask[..., None, None]), 0, asks)
        done = _record(done, buys, sells, bid, ask, age_bits, levels)
    return bids, asks, done


def _pair(best_bid: Tensor, best_ask: Tensor, age_bits: int, prices: int, precedence: Tensor) -> tuple[Tensor, Tensor]:
    """Return the next buyer and seller, ``[B, 2, N]`` bool: one true entry per good, or none if no orders cross."""
    bits = (precedence.shape[0] - 1).bit_length()
    bid = (best_bid << bits) + precedence * (best_bid > 0)  # no two are equal
    ask = (best_ask << bits) + precedence * (best_ask > 0)
    first = ask.amax(-1, keepdim=True)
    holds_first = (ask == first) & (ask > 0)
    second = torch.where(holds_first, 0, ask).amax(-1, keepdim=True)
    offered = torch.where(holds_first, second, first)  # the best ask of another worker
    # A bid's level is its price and an ask's is the highest price less its own.
    bid_level, ask_level = ((order >> bits) - 1 >> age_bits for order in (bid, offered))
    crosses = (bid > 0) & (offered > 0) & (bid_level + ask_level >= prices - 1)
    candidate = torch.where(crosses, bid, 0)
    buys = (candidate == candidate.amax(-1, keepdim=True)) & crosses
    met = torch.where(buys, offered, 0).amax(-1, keepdim=True)
    return buys, (ask == met) & (met > 0)


def _record(
    done: Settlement, buys: Tensor, sells: Tensor, bid: Tensor, ask: Tensor, age_bits: int, levels: Tensor
) -> Settlement:
    """Add at most one trade per good, at the price of the older order, or of the ask if both are of the same age."""
    traded = bid > 0
    ages = (1 << age_bits) - 1
    bid_price, bid_age = bid - 1 >> age_bits, bid - 1 & ages
    ask_price, ask_age = levels.shape[0] - 1 - (ask - 1 >> age_bits), ask - 1 & ages
    price = torch.where(bid_age <= ask_age, ask_price, bid_price)
    bought, sold = buys.int(), sells.int()
    return Settlement(
        bought=done.bought + bought,
        sold=done.sold + sold,
        pledged=done.pledged + bought * bid_price[..., None],
        paid=done.paid + bought * price[..., None],
        earned=done.earned + sold * price[..., None],
        by_price=done.by_price + ((price[..., None] == levels) & traded[..., None]),
    )


def _no_trade(buys: Tensor) -> bool:
    """Return whether matching is complete; checked on CPUs only, since elsewhere the check would cost a sync."""
    return not torch.compiler.is_compiling() and buys.device.type == "cpu" and not bool(buys.any())
