"""The first convolution over a view as sums of rows of a table, by kernels on the CPU.

A tile of a view has one of few contents, such as "a house of another on grass". The *symbol* of a tile is the number of
its content. A convolution adds up, for every tile under a filter, a number that depends on the tile's symbol and on its
place alone: with a table of these numbers, eight filters take one addition per tile, instead of a multiplication for
each channel and filter. Most of a view need not be read either, since a symbol takes two bytes. Contents of which there
are too many are divided into parts, each with symbols and rows of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from econsim.kernels.threads import over_copies

__all__ = ["Symbols", "compile_for"]

MOST_SYMBOLS = 2048  # of a part: tables of more would not stay in the cache of a CPU
VIEWS_AT_ONCE = 2048  # whose gradients are added up in float32, in a table of their own


class Symbols:
    """The symbols of a view ``[C, h, w]``, and a convolution over it.

    Args:
        counts: the number of values of each channel that are distinguished; larger values count as the largest.
        size: height and width of a view in tiles.
        layers: kernel size and stride of the convolution, and of the next one, if there is one. For the next one, the
            outputs are arranged as its inputs, ``[h', w', k, k]``, so that it is a product with a matrix.
    """

    def __init__(self, counts: Sequence[int], size: Sequence[int], layers: Sequence[tuple[int, int]]) -> None:
        height, width = size
        self.parts = _parts(counts)
        self.sizes = [math.prod(counts[channel] for channel in part) for part in self.parts]
        self.start, self.count = np.cumsum([0, *self.sizes[:-1]]), sum(self.sizes)
        self.most = np.array(counts, np.int16) - np.int16(1)
        self.part_of, self.unit = np.zeros(len(counts), np.int64), np.zeros(len(counts), np.int16)
        for number, part in enumerate(self.parts):
            for place, channel in enumerate(part):
                self.part_of[channel] = number
                self.unit[channel] = math.prod(counts[before] for before in part[:place])
        tiles = np.arange(len(self.parts) * height * width, dtype=np.uint32).reshape(-1, height, width)
        reads = _windows(tiles, *layers[0])  # [Q, h, w, k, k]
        for layer in layers[1:]:
            reads = _windows(reads, *layer).transpose(0, 1, 2, 5, 6, 3, 4)  # [Q, h', w', k', k', k, k]
        self.size = reads.shape[1:-2]
        read = reads.reshape(len(self.parts), math.prod(self.size), layers[0][0] ** 2).swapaxes(0, 1)
        self.reads = read.copy(order="C")  # that can be written, although no kernel does: numba compiles for either

    def of(self, view: Tensor) -> Tensor:
        """Return the symbols of views ``[..., C, h, w]``, int16 ``[..., Q, h, w]``."""
        from econsim.nn.kernels.symbols import name_symbols

        *leading, _, height, width = view.shape
        named = torch.empty((*leading, len(self.parts), height, width), dtype=torch.int16)
        views, results = (each.contiguous().view(-1, each.shape[-3], height * width).numpy() for each in (view, named))
        over_copies(name_symbols, len(views), views, self.part_of, self.most, self.unit, self.start, results)
        return named

    def contents(self) -> Tensor:
        """Return a view of one tile per symbol, int64 ``[S, C, 1, 1]``; -1 for channels of other parts."""
        contents = torch.full((self.count, len(self.most)), -1)
        for first, part in zip(self.start.tolist(), self.parts, strict=True):
            values = torch.cartesian_prod(*(torch.arange(self.most[channel] + 1) for channel in reversed(part)))
            contents[first : first + len(values), list(reversed(part))] = values.view(len(values), -1)
        return contents[..., None, None]

    def convolved(self, named: Tensor, indicators: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Return a convolution of views given by their symbols, ``[M, *size, D]``; ``D - O`` channels more are zero.

        Args:
            named: symbols ``[M, Q, h, w]``.
            indicators: the planes that the filters read, for a tile with each symbol, and whether the symbol is one of
                the first part, ``[S, C' + 1]``.
            weight: weights of the filters, ``[O, C', k, k]``.
            bias: biases of the filters, ``[O]``.
        """
        from econsim.kernels.compiling import BLOCK

        assert bias is not None
        by_place = nn.functional.pad(weight.permute(1, 2, 3, 0), (0, -len(bias) % BLOCK)).flatten(1)
        once = nn.functional.pad(bias, (0, by_place.shape[1] - len(bias)))  # with the tile at the first place
        table = indicators @ torch.cat([by_place, once[None]])
        sums: Tensor = _Sums.apply(table, named, self)  # type: ignore[no-untyped-call]
        return sums


@torch.enable_grad()
def compile_for(views: torch.dtype) -> None:
    """Compile the kernels for views of a data type, or load their machine code, by one convolution and its gradient."""
    symbols = Symbols((2, 2), (2, 2), [(2, 1)])
    named = symbols.of(torch.zeros(1, 2, 2, 2, dtype=views))
    indicators = torch.ones(symbols.count, 3)
    weight = torch.ones(1, 2, 2, 2, requires_grad=True)
    torch.autograd.grad(symbols.convolved(named, indicators, weight, torch.zeros(1)).sum(), weight)


class _Sums(torch.autograd.Function):
    """The sums of a table ``[S, K * D]`` over the symbols that each output reads, ``[M, *size, D]``."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, named: Tensor, symbols: Symbols) -> Tensor:
        from econsim.nn.kernels.symbols import add_rows

        ctx.save_for_backward(named)
        ctx.symbols, ctx.shape = symbols, table.shape
        filters = table.shape[1] // symbols.reads.shape[2]
        sums = torch.empty((len(named), *symbols.size, filters))
        arguments = (_rows(named), symbols.reads, table.detach().view(-1).numpy(), filters, sums.view(-1).numpy())
        over_copies(add_rows, len(named), *arguments)
        return sums

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        from econsim.nn.kernels.symbols import add_gradients

        (named,), reads = ctx.saved_tensors, ctx.symbols.reads
        tables = torch.zeros((-(-len(named) // VIEWS_AT_ONCE), ctx.shape.numel()))
        arguments = (_rows(named), reads, gradient.contiguous().view(-1).numpy(), gradient.shape[-1], tables.numpy())
        over_copies(add_gradients, len(tables), VIEWS_AT_ONCE, *arguments, smallest=1)
        return tables.sum(0).view(ctx.shape), None, None


def _rows(named: Tensor) -> Any:
    return named.contiguous().view(len(named), -1).numpy()


def _windows(tiles: Any, kernel: int, stride: int) -> Any:
    """Return the windows of a filter over the axes 1 and 2, as two more axes at the end."""
    windows = np.lib.stride_tricks.sliding_window_view(tiles, (kernel, kernel), (1, 2))
    return windows[:, ::stride, ::stride]


def _parts(counts: Sequence[int]) -> list[list[int]]:
    """Return the channels of each part: successive ones, as long as there are few enough contents."""
    parts: list[list[int]] = [[]]
    for channel, count in enumerate(counts):
        if parts[-1] and count * math.prod(counts[other] for other in parts[-1]) > MOST_SYMBOLS:
            parts.append([])
        parts[-1].append(channel)
    return parts
