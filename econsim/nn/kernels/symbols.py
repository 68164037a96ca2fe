"""Kernels of the first convolution over a view: sums of rows of a table, one for each tile under the filters.

The symbols, tables and arrays are those of :mod:`econsim.nn.symbols`: ``M`` views, ``C`` channels and ``P`` tiles of a
view, ``S`` symbols in ``Q`` parts, ``O`` outputs of each of ``D`` filters, a multiple of ``BLOCK``, and ``K`` tiles
under a filter.
"""

from __future__ import annotations

from typing import Any

from econsim.kernels.compiling import BLOCK, add_block, entry

__all__ = ["add_gradients", "add_rows", "name_symbols"]


@entry
def name_symbols(first: int, last: int, view: Any, part_of: Any, most: Any, unit: Any, start: Any, named: Any) -> None:
    """Write the symbols of the views ``first`` to ``last - 1``.

    Args:
        first: first view.
        last: one after the last view.
        view: integers ``[M, C, P]``.
        part_of: the part of each channel, ``[C]``.
        most: the largest value of each channel that is distinguished, ``[C]``.
        unit: what a value of one adds to the symbol, ``[C]``.
        start: the first symbol of each part, ``[Q]``.
        named: int16 ``[M, Q, P]``, for the result.
    """
    for m in range(first, last):
        for part in range(start.shape[0]):
            for tile in range(view.shape[2]):
                named[m, part, tile] = start[part]
        for channel in range(view.shape[1]):
            symbols, highest, factor = named[m, part_of[channel]], most[channel], unit[channel]
            for tile in range(view.shape[2]):
                symbols[tile] += min(view[m, channel, tile], highest) * factor


@entry
def add_rows(first: int, last: int, named: Any, reads: Any, table: Any, filters: int, outputs: Any) -> None:
    """Write the outputs for the views ``first`` to ``last - 1``: the sum of the table over the symbols that each reads.

    Args:
        first: first view.
        last: one after the last view.
        named: symbols, int16 ``[M, Q * P]``.
        reads: positions of the symbols that an output reads, uint32 ``[O, Q, K]``.
        table: the numbers of every symbol, ``[S * K * D]``.
        filters: the number ``D`` of filters.
        outputs: ``[M * O * D]``, for the result.
    """
    places = reads.shape[2]
    for m in range(first, last):
        symbols = named[m]
        for output in range(reads.shape[0]):
            for block in range(0, filters, BLOCK):
                at = (m * reads.shape[0] + output) * filters + block
                for number in range(BLOCK):
                    outputs[at + number] = 0.0
                for part in range(reads.shape[1]):
                    for place in range(places):
                        symbol = symbols[reads[output, part, place]]
                        add_block(outputs, at, table, (symbol * places + place) * filters + block)


@entry
def add_gradients(
    first: int, last: int, views: int, named: Any, reads: Any, gradient: Any, filters: int, tables: Any
) -> None:
    """Add the gradients of the tables in the groups of views ``first`` to ``last - 1``; see :func:`add_rows`.

    Args:
        first: first group.
        last: one after the last group.
        views: views in a group.
        named: as for :func:`add_rows`.
        reads: as for :func:`add_rows`.
        gradient: gradient of the outputs, ``[M * O * D]``.
        filters: as for :func:`add_rows`.
        tables: zeros ``[groups, S * K * D]``, for the result.
    """
    places = reads.shape[2]
    for group in range(first, last):
        table = tables[group]
        for m in range(group * views, min((group + 1) * views, named.shape[0])):
            symbols = named[m]
            for output in range(reads.shape[0]):
                for block in range(0, filters, BLOCK):
                    start = (m * reads.shape[0] + output) * filters + block
                    for part in range(reads.shape[1]):
                        for place in range(places):
                            symbol = symbols[reads[output, part, place]]
                            add_block(table, (symbol * places + place) * filters + block, gradient, start)
