"""Compilation of kernels with numba: the decorators, arrays at addresses, and loops over environment copies.

This module imports numba; only modules of kernels import it, and these are imported when a game is first played by its
kernels.

A kernel runs over a range of environment copies and releases the lock of the interpreter, so that slices of a batch run
in plain threads. Numba's own parallel loops are not used: its default threading layer fails when two runs in one
process enter it at once, and the one on OpenMP fails after a fork. Results do not depend on the number of threads,
because no copy reads what another wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
from llvmlite import ir
from numba import types
from numba.core.cgutils import raw_memcpy, unpack_tuple
from numba.core.typing.npydecl import parse_dtype
from numba.extending import intrinsic
from numba.np.arrayobj import get_itemsize, make_array, populate_array

from econsim.kernels import parts
from econsim.kernels.cache import made_of

__all__ = ["BLOCK", "add_block", "copy", "entry", "part", "row_at", "rule"]

BLOCK = 8
"""Numbers that :data:`add_block` adds at once."""
F = TypeVar("F", bound=Callable[..., Any])
# No fastmath: sums keep their order. A division by zero gives an infinity or NaN, as it does in tensors.
# Kernels allocate nothing: without reference counts, code is smaller, faster and compiled in a fraction of the time.
_OPTIONS: dict[str, Any] = {"fastmath": False, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}


def rule(function: F) -> F:
    """Compile a function that kernels call, such as one rule of a game, as a part of the kernel that calls it.

    It cannot be called from Python, and has no machine code of its own; see :mod:`econsim.kernels.parts`.
    """
    part = {"forceinline": True, "no_cpython_wrapper": True, "pipeline_class": parts.PartCompiler}
    compiled: F = numba.njit(**part, **_OPTIONS)(function)
    return compiled


def entry(function: F) -> F:
    """Compile a kernel that Python calls, and keep its machine code in the folder ``__pycache__`` of its module.

    Code is compiled again if the kernel, a function that it calls or a constant that they read has changed; numba by
    itself would notice changes of the kernel's own module only, of whatever kind.
    """
    kernel: Any = numba.njit(nogil=True, **_OPTIONS)(function)
    try:
        kernel.enable_caching()
    except RuntimeError:  # no folder can be written: compiled in every process
        return kernel  # type: ignore[no-any-return]
    kept = kernel._cache._cache_file
    kept._source_stamp = made_of(function, __file__, parts.__file__)
    # Numba reads what it kept before it compares the stamp, which fails where a named tuple is no longer there; the
    # version is compared first.
    kept._version = f"{kept._version} {kept._source_stamp}"
    return kernel  # type: ignore[no-any-return]


def _array(context: Any, builder: Any, kind: Any, data: Any, lengths: list[Any]) -> Any:
    """Return a contiguous array with its first element at the pointer ``data``."""
    array = make_array(kind)(context, builder)
    stride = item = context.get_constant(types.intp, get_itemsize(context, kind))
    strides: list[Any] = []
    for length in reversed(lengths):
        strides.insert(0, stride)
        stride = builder.mul(stride, length)
    populate_array(array, data=data, shape=lengths, strides=strides, itemsize=item, meminfo=None)
    return array._getvalue()


def _row_at(typing_context: Any, address: Any, row: Any, shape: Any, dtype: Any) -> Any:
    element = parse_dtype(dtype)
    kind = types.Array(element, len(shape), "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lengths = [
            context.cast(builder, length, shape.dtype, types.intp) for length in unpack_tuple(builder, arguments[2])
        ]
        start = context.cast(builder, arguments[1], row, types.intp)
        for length in lengths:
            start = builder.mul(start, length)
        first = builder.inttoptr(arguments[0], context.get_data_type(element).as_pointer())
        return _array(context, builder, kind, builder.gep(first, [start]), lengths)

    return kind(address, row, shape, dtype), generate


def _part(typing_context: Any, array: Any, start: Any, length: Any) -> Any:
    kind = types.Array(array.dtype, 1, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = make_array(array)(context, builder, arguments[0]).data
        first, count = (
            context.cast(builder, value, kind_of, types.intp)
            for value, kind_of in zip(arguments[1:], (start, length), strict=True)
        )
        return _array(context, builder, kind, builder.gep(data, [first]), [count])

    return kind(array, start, length), generate


def _copy(typing_context: Any, target: Any, source: Any, count: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        to, of = (
            make_array(kind)(context, builder, value).data
            for kind, value in zip((target, source), arguments[:2], strict=True)
        )
        elements = context.cast(builder, arguments[2], count, types.intp)
        raw_memcpy(builder, to, of, elements, get_itemsize(context, target))
        return context.get_dummy_value()

    return types.void(target, source, count), generate


def _add_block(typing_context: Any, target: Any, at: Any, source: Any, start: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds, numbers = (target, source), ((arguments[1], at), (arguments[3], start))
        block = ir.VectorType(context.get_data_type(target.dtype), BLOCK).as_pointer()
        to, of = (
            builder.bitcast(
                builder.gep(
                    make_array(kind)(context, builder, array).data, [context.cast(builder, *number, types.intp)]
                ),
                block,
            )
            for kind, array, number in zip(kinds, arguments[::2], numbers, strict=True)
        )
        item = get_itemsize(context, target)
        total = builder.fadd(builder.load(to, align=item), builder.load(of, align=item))
        builder.store(total, to, align=item)
        return context.get_dummy_value()

    return types.void(target, at, source, start), generate


row_at: Any = intrinsic(_row_at)
"""``row_at(address, row, shape, dtype)`` is a row of a contiguous tensor at a memory address; only within kernels.

Kernels take the addresses of tensors in one array of integers, since handing over each tensor as an array costs a
microsecond or more.
"""

part: Any = intrinsic(_part)
"""``part(array, start, length)`` is a range of the elements of a contiguous array in one dimension.

A slice would do the same, but checks for negative bounds, which keeps loops over it from being vectorised.
"""

copy: Any = intrinsic(_copy)
"""``copy(target, source, count)`` copies the first elements of a contiguous array to another one of the same type."""

add_block: Any = intrinsic(_add_block)
"""``add_block(target, at, source, start)`` adds ``BLOCK`` numbers of ``source`` from ``start`` on to those of
``target`` from ``at`` on; both are contiguous arrays of floating-point numbers in one dimension.

A loop over so few numbers is unrolled, and numba then adds them one by one.
"""
