"""Kernel of observations: features, action masks and images, for one environment copy after another."""

from __future__ import annotations

from typing import Any

import numpy as np

from econsim.economies.gather_trade_build.kernels.arrays import (
    Constants,
    book_at,
    constants_of,
    fixed_at,
    ledger_at,
    sizes_of,
    world_at,
)
from econsim.economies.gather_trade_build.kernels.features import (
    common_features,
    planner_features,
    worker_features,
)
from econsim.economies.gather_trade_build.kernels.masks import planner_mask, worker_mask
from econsim.economies.gather_trade_build.kernels.pictures import (
    BITS,
    CHANNELS,
    NOBODY,
    copy_window,
    corner_of,
    picture,
    survey_map,
)
from econsim.kernels.compiling import entry, part, row_at
from econsim.kernels.threads import SMALLEST_SLICE


@entry
def observe(
    first: int,
    last: int,
    numbers_of_sizes: Any,
    constants: Constants,
    state: Any,
    outputs: Any,
    planner_lengths: Any,
    bytes_of_work: Any,
    money_work: Any,
    orders_work: Any,
) -> None:
    """Observe the environment copies ``first`` to ``last - 1``.

    Args:
        first: first environment copy.
        last: one after the last environment copy.
        numbers_of_sizes: the sizes in the order of ``Sizes``, int64.
        constants: constants of the economy.
        state: addresses of the tensors of the state, int64, in the order of ``arrays``.
        outputs: addresses of workers' features ``[B, N, F]``, masks ``[B, N, A]`` and images ``[B, N, 9, h * w]``, of
            planners' masks ``[B, L, A]`` and of which planners act ``[B]``, of the image of the whole map
            ``[B, 9, H * W]`` for planners, zero for none, and of the features ``[B, F]`` of each planner.
        planner_lengths: the number ``F`` of each planner's features, int64.
        bytes_of_work: scratch memory ``[slices, 7, P + BLOCK]`` uint8.
        money_work: scratch memory ``[slices, F + N]`` in the precision of the economy.
        orders_work: scratch memory ``[slices, N, 2, 2 prices]`` in the same precision.
    """
    sizes, money = sizes_of(numbers_of_sizes), constants.numbers.dtype
    own_slice = first // SMALLEST_SLICE
    layers, window, drawn = bytes_of_work[own_slice, :3], bytes_of_work[own_slice, 3:6], bytes_of_work[own_slice, 6]
    common = part(money_work[own_slice], 0, sizes.worker_features)
    marginal, orders = part(money_work[own_slice], sizes.worker_features, sizes.workers), orders_work[own_slice]
    height, width = sizes.view_height, sizes.view_width
    for b in range(first, last):
        own, fixed = constants_of(constants, b), fixed_at(state, b, sizes, money)
        world = world_at(state, b, sizes, money)
        book, ledger = book_at(state, b, sizes, money), ledger_at(state, b, sizes, money)
        survey_map(layers, sizes, own, world)
        common_features(common, marginal, orders, sizes, own, world, book, ledger)
        features = row_at(outputs[0], b, (sizes.workers, sizes.worker_features), money)
        masks = row_at(outputs[1], b, (sizes.workers, sizes.worker_choices), np.bool_)
        images = row_at(outputs[2], b, (sizes.workers, CHANNELS * height * width), np.uint8)
        for n in range(sizes.workers):
            row, column = world.position[n] // sizes.row_length, world.position[n] % sizes.row_length
            # Well before the image is drawn, since memory just written in small pieces is slow to read in large ones.
            copy_window(*corner_of(row, column, sizes), height, width, window, layers, sizes)
            worker_features(n, row, column, features[n], common, marginal, orders, sizes, own, fixed, world, ledger)
            worker_mask(n, masks[n], layers[BITS], sizes, own, world, book)
            picture(n, height, width, images[n], window, drawn)
        planner_masks = row_at(outputs[3], b, (sizes.planners, sizes.planner_choices), np.bool_)
        for planner in range(sizes.planners):
            of_planner = row_at(outputs[6 + planner], b, (planner_lengths[planner],), money)
            planner_features(planner, of_planner, common, marginal, sizes, own, world, ledger)
            planner_mask(planner_masks[planner], sizes, own, world)
        row_at(outputs[4], b, (1,), np.bool_)[0] = world.time[0] % sizes.period == 0
        if outputs[5] != 0:
            whole = row_at(outputs[5], b, (CHANNELS * sizes.height * sizes.width,), np.uint8)
            copy_window(sizes.margin, sizes.margin, sizes.height, sizes.width, window, layers, sizes)
            picture(NOBODY, sizes.height, sizes.width, whole, window, drawn)
