"""Aligned play in econsim: its states and observations, and the actions and random draws that Foundation replays.

Play is in float64. One action in five is drawn from all actions, legal or not, the others from the legal ones. A random
planner draws from all of its options in every step, although only those at the start of a tax period take effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
import torch
from _foundation_configuration import FEDERAL_RATES
from numpy.typing import NDArray
from torch import Tensor

from econsim import random
from econsim.game import Game

Array = NDArray[Any]
Arrays = dict[str, Array]

BRACKETS, OPTIONS, AGE_UNITS = 7, 22, 100
ILLEGAL_SHARE = 0.2


def play(game: Game[Any], key: Tensor, taxes: str) -> tuple[Arrays, Arrays]:
    """Return the job for Foundation, and econsim's states and observations, ``[B, T + 1, ...]`` by name."""
    state = game.reset(key)
    rows, job = [snapshot(game, state)], []
    first = {
        "position": rows[0]["position"],
        "payment": state.world.build_payment.numpy(),
        "bonus_chance": state.world.gather_bonus.numpy(),
    }
    for time in range(game.horizon):
        actions, entries = _actions(game, state, key, time, taxes)
        job.append({**_chance(game, state, time), **entries})
        after = game.step(state, actions)
        rows.append(snapshot(game, after.state))
        rewards = torch.cat([after.rewards["worker"], after.rewards["planner"]], 1)
        rows[-1]["rewards"] = rewards.numpy()
        state = after.state
    ours = {name: numpy.stack([row[name] for row in rows], 1) for name in rows[0]}
    ours["rewards"] = numpy.stack([row["rewards"] for row in rows[1:]], 1)
    return {**first, **{name: numpy.stack([entry[name] for entry in job], 1) for name in job[0]}}, ours


def _chance(game: Any, state: Any, time: int) -> Arrays:
    """Return econsim's random draws in this step."""
    key, workers, sources = state.world.key, game.workers, state.world.stock.shape[1]
    return {
        "order": random.permutation(key, time, "gather/order", workers).numpy(),
        "bonus": random.uniform(key, time, "gather/bonus", (workers,)).double().numpy(),
        "regrowth": random.uniform(key, time, "regrowth", (sources,)).double().numpy(),
    }


def _actions(game: Game[Any], state: Any, key: Tensor, time: int, taxes: str) -> tuple[dict[str, Tensor], Arrays]:
    """Return actions for econsim, and the same actions for Foundation."""
    mask = game.observe(state)["worker"].action_mask
    assert mask is not None
    anything = random.uniform(key, time, "parity/anything", (mask.shape[1], 1)) < ILLEGAL_SHARE
    draw = random.uniform(key, time, "parity/action", tuple(mask.shape[1:]))
    chosen = torch.where(mask | anything, draw, -1.0).argmax(-1)
    options = random.integers(key, time, "parity/rates", OPTIONS, (1, BRACKETS))
    fixed = torch.tensor(FEDERAL_RATES if taxes == "us_federal" else (0.0,) * BRACKETS, dtype=torch.float64)
    planner = options if taxes == "random_planner" else fixed.expand(len(key), 1, -1)
    return {"worker": chosen, "planner": planner}, {"actions": chosen.numpy(), "rates": options[:, 0].numpy()}


def snapshot(game: Any, state: Any) -> Arrays:
    """Return the state and its observations in the names and layout of ``_foundation_replay.snapshot``."""
    world, book, ledger = state.world, state.parts["trade"], state.parts["tax"]
    side = game.row_length
    row, column = world.position // side - game.margin, world.position % side - game.margin
    inner = slice(game.margin, -game.margin)
    values = {
        "position": torch.stack([row, column], -1),
        "owner": world.owner.unflatten(1, (-1, side))[:, inner, inner],
        "welfare": state.welfare[:, 0],
        "utility": state.utility,
        "income": world.endowment - ledger.at_start,
        "rates_in_force": ledger.rates[:, 0],
        "tax": ledger.tax.sum(-1),
        "rebate": ledger.rebate.sum(-1),
        "houses": world.built,
        "payment": world.build_payment,
    }
    kept = ("coin", "coin_in_escrow", "goods", "goods_in_escrow", "labour", "stock")
    values |= {name: getattr(world, name) for name in kept}
    values |= {name: getattr(book, name) for name in ("bought", "sold", "spent", "earned")}
    values |= {name: getattr(ledger, name) for name in ("last_income", "last_marginal_rate")}
    values |= dict(_orders(game, book))
    values |= _observations(game, state)
    return {name: value.numpy() for name, value in values.items()}


def _orders(game: Any, book: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield open orders as ``1 + 100 price + age``, in ascending order for each worker, with zeros for no order."""
    trade = next(component for component in game.components if component.name == "trade")
    for name, orders in (("bids", book.bids), ("asks", book.asks)):
        level, age = (orders - 1) // trade.ages, (orders - 1) % trade.ages
        price = level if name == "bids" else trade.prices - 1 - level
        yield name, torch.where(orders > 0, 1 + AGE_UNITS * price + age, 0).sort(-1).values


def _observations(game: Game[Any], state: Any) -> dict[str, Tensor]:
    observations = game.observe(state)
    worker, planner = observations["worker"], observations["planner"]
    assert worker.view is not None
    assert worker.action_mask is not None
    assert planner.action_mask is not None
    count = worker.alive.shape[1]
    shared = sum("_of_worker_" not in name for name in game.roles["planner"].features)
    features = planner.features[:, 0]
    return {
        "features": worker.features,
        "map": worker.view[:, :, :7],
        "idx_map": worker.view[:, :, 7:],
        "mask": worker.action_mask,
        "planner_features": features[:, :shared],
        "of_workers": features[:, shared:].unflatten(1, (count, -1)),
        "planner_mask": planner.action_mask[:, 0],
    }
