"""Kernel of observations: features, action masks and images, for one environment copy after another."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.gather_trade_build.kernels.arrays import (
    Constants,
    book_at,
    fixed_at,
    ledger_at,
    sizes_of,
    world_at,
)
from econsim.economies.gather_trade_build.kernels.features import (
    planner_features,
    survey_incomes,
    survey_market,
    worker_features,
)
from econsim.economies.gather_trade_build.kernels.masks import planner_mask, worker_mask
from econsim.economies.gather_trade_build.kernels.pictures import CHANNELS, own_picture, picture, survey_map
from econsim.kernels.compiling import array_at, entry


@entry
def observe(
    first: int,
    last: int,
    numbers_of_sizes: Any,
    constants: Constants,
    state: Any,
    outputs: Any,
    planner_outputs: Any,
    planner_lengths: Any,
    bytes_of_work: Any,
    money_of_work: Any,
) -> None:
    """Observe the environment copies ``first`` to ``last - 1``.

    Args:
        first: first environment copy.
        last: one after the last environment copy.
        numbers_of_sizes: the sizes in the order of ``Sizes``, int64.
        constants: constants of the economy.
        state: addresses of the tensors of the state, int64, in the order of ``arrays``.
        outputs: addresses of workers' features ``[B, N, F]``, masks ``[B, N, A]`` and images ``[B, N, 9, h * w]``, of
            planners' masks ``[B, L, A]`` and of which planners act ``[B]``, and of the image of the whole map
            ``[B, 9, H * W]`` for planners, zero for none.
        planner_outputs: addresses of the features ``[B, F]`` of each planner, int64.
        planner_lengths: the number ``F`` of each planner's features, int64.
        bytes_of_work: scratch memory ``[B, 3, P]`` uint8.
        money_of_work: scratch memory ``[B, 7, max(N, prices, 2)]`` in the precision of the economy.
    """
    sizes, money = sizes_of(numbers_of_sizes), constants.numbers.dtype
    fixed, world = fixed_at(state, sizes, money), world_at(state, sizes, money)
    book, ledger = book_at(state, sizes, money), ledger_at(state, sizes, money)
    copies, n_workers, pixels = sizes.copies, sizes.workers, sizes.view_height * sizes.view_width
    features = array_at(outputs[0], (copies, n_workers, sizes.worker_features), money)
    masks = array_at(outputs[1], (copies, n_workers, sizes.worker_choices), np.bool_)
    images = array_at(outputs[2], (copies, n_workers, CHANNELS, pixels), np.uint8)
    planner_masks = array_at(outputs[3], (copies, sizes.planners, sizes.planner_choices), np.bool_)
    acting = array_at(outputs[4], (copies,), np.bool_)
    maps = array_at(outputs[5], (copies, CHANNELS, sizes.height * sizes.width), np.uint8)
    tiles, window = bytes_of_work[first, 0], bytes_of_work[first, 1:]
    market, workers = money_of_work[first, :5], money_of_work[first, 5:]
    for b in range(first, last):
        survey_market(b, market, sizes, book)
        if sizes.planners > 0:
            survey_incomes(b, workers, sizes, constants, world, ledger)
        survey_map(b, tiles, sizes, constants, world)
        for n in range(n_workers):
            worker_features(b, n, features[b, n], market, workers, sizes, constants, fixed, world, book, ledger)
            worker_mask(b, n, masks[b, n], sizes, constants, world, book)
            own_picture(b, n, images[b, n], tiles, window, sizes, world)
        for planner in range(sizes.planners):
            length = planner_lengths[planner]
            own_features = array_at(planner_outputs[planner], (copies, length), money)[b]
            planner_features(b, planner, own_features, market, workers, sizes, constants, world, book, ledger)
            planner_mask(b, planner_masks[b, planner], sizes, constants, world)
        acting[b] = world.time[b] % sizes.period == 0
        if outputs[5] != 0:
            top = left = sizes.margin
            picture(b, -1, top, left, sizes.height, sizes.width, maps[b], tiles, window, sizes, world)
