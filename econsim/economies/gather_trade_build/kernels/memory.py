"""Memory of states as kernels see it: their tensors in the order of ``arrays``, and the addresses of these."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from econsim.economies.gather_trade_build.kernels import arrays
from econsim.economies.gather_trade_build.world import State
from econsim.kernels.allocation import contiguous

__all__ = ["TIME", "LastState", "Memory", "memory_of", "row_bytes", "tensors_of", "with_tensors"]

_OF_WORLD = arrays.World._fields[:-2]  # without utility and welfare, which belong to the state
_NO_BOOK = [0] * len(arrays.Book._fields)
TIME = arrays.WORLD + _OF_WORLD.index("time")


class Memory(NamedTuple):
    """The memory of the tensors of a state, all of them contiguous."""

    addresses: Any  # int64, in the order of ``arrays``; zero for a component that is left out
    copies: list[Tensor]  # contiguous copies of tensors that are not, to be kept until the kernel has returned


class LastState:
    """The addresses of the state that the last step made, so that the next calls need not ask each of its tensors."""

    def __init__(self) -> None:
        self._last: tuple[weakref.ref[State], Any] | None = None

    def memory(self, state: State) -> Memory:
        """Return the memory of a state."""
        last = self._last
        return Memory(last[1], []) if last is not None and last[0]() is state else memory_of(state)

    def keep(self, state: State, addresses: Any) -> None:
        """Keep the addresses of a state's own tensors, which never change, for as long as the state exists."""
        self._last = weakref.ref(state), addresses


def memory_of(state: State) -> Memory:
    """Return the memory of a state, with copies of tensors that are not contiguous."""
    own = [tensor for tensors in tensors_of(state) for tensor in tensors]
    read = contiguous(own)
    addresses = _in_order([tensor.data_ptr() for tensor in read], "trade" in state.parts)
    return Memory(addresses, [tensor for tensor, given in zip(read, own, strict=True) if tensor is not given])


def row_bytes(state: State) -> Any:
    """Return the bytes of one environment copy in each tensor of a state, in the order of ``arrays``."""
    sizes = [tensor[:1].nbytes for tensors in tensors_of(state) for tensor in tensors]
    return _in_order(sizes, "trade" in state.parts)


def with_tensors(state: State, new: list[Tensor]) -> State:
    """Return the state with new tensors of what changes; without those of the ledger, it stays."""
    remaining, parts = iter(new), dict(state.parts)
    world = _with(state.world, dict(zip(_OF_WORLD, remaining, strict=False)))
    utility, welfare = next(remaining), next(remaining)
    for name, kind in (("trade", arrays.Book), ("tax", arrays.Ledger)):
        fields = dict(zip(kind._fields, remaining, strict=False)) if parts.get(name) is not None else {}
        if fields:
            parts[name] = _with(parts[name], fields)
    return State(world, parts, utility, welfare)


def _in_order(numbers: list[int], trades: bool) -> Any:
    return np.array(numbers if trades else [*numbers[: arrays.BOOK], *_NO_BOOK, *numbers[arrays.BOOK :]], np.int64)


def tensors_of(state: State) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Return the tensors of a state in the order of ``arrays``.

    They are those that no step changes, those that every step changes, and those of the component tax, which change in
    the first and last step of a period.
    """
    world, book, ledger = vars(state.world), state.parts.get("trade"), state.parts.get("tax")
    changing = [*(world[name] for name in _OF_WORLD), state.utility, state.welfare]
    if book is not None:
        changing += vars(book).values()
    fixed = [world[name] for name in arrays.Fixed._fields]
    return fixed, changing, [] if ledger is None else [*vars(ledger).values()]


def _with(instance: Any, fields: Mapping[str, Tensor]) -> Any:
    """Return a frozen dataclass with other fields, as ``dataclasses.replace`` does in several times the time."""
    other = object.__new__(type(instance))
    other.__dict__.update(vars(instance))
    other.__dict__.update(fields)
    return other
