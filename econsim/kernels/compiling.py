"""Compilation of kernels with numba: the decorators, arrays at addresses, and loops over environment copies.

This module imports numba; only modules of kernels import it, and these are imported when a game is first played by its
kernels.

A kernel runs over a range of environment copies and releases the lock of the interpreter, so that slices of a batch run
in plain threads. Numba's own parallel loops are not used: its default threading layer fails when two runs in one
process enter it at once, and the one on OpenMP fails after a fork. Results do not depend on the number of threads,
because no copy reads what another wrote.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import types
from numba.core.cgutils import unpack_tuple
from numba.core.typing.npydecl import parse_dtype
from numba.extending import intrinsic
from numba.np.arrayobj import get_itemsize, make_array, populate_array

__all__ = ["array_at", "entry", "rule"]

F = TypeVar("F", bound=Callable[..., Any])
# No fastmath: sums keep their order. A division by zero gives an infinity or NaN, as it does in tensors.
# Kernels allocate nothing: without reference counts, code is smaller, faster and compiled in a fraction of the time.
_OPTIONS: dict[str, Any] = {"fastmath": False, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}


def rule(function: F) -> F:
    """Compile a function that kernels call, such as one rule of a game, as a part of the kernel that calls it.

    It cannot be called from Python: the code for that takes longer to compile than the rule.
    """
    compiled: F = numba.njit(forceinline=True, no_cpython_wrapper=True, **_OPTIONS)(function)
    return compiled


def entry(function: F) -> F:
    """Compile a kernel that Python calls, and keep its machine code in the folder ``__pycache__`` of its module.

    Code is compiled again if any module in the kernel's folder or in ``econsim.kernels`` has changed; numba by itself
    would notice changes of the kernel's own module only.
    """
    kernel: Any = numba.njit(nogil=True, **_OPTIONS)(function)
    try:
        kernel.enable_caching()
    except RuntimeError:  # no folder can be written: compiled in every process
        return kernel  # type: ignore[no-any-return]
    kernel._cache._cache_file._source_stamp = _checksum(Path(function.__code__.co_filename).parent)
    return kernel  # type: ignore[no-any-return]


def _checksum(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.py"), *Path(__file__).parent.glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _array_at(typing_context: Any, address: Any, shape: Any, dtype: Any) -> Any:
    element = parse_dtype(dtype)
    kind = types.Array(element, len(shape), "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = make_array(kind)(context, builder)
        lengths = [
            context.cast(builder, length, shape.dtype, types.intp) for length in unpack_tuple(builder, arguments[1])
        ]
        stride = item = context.get_constant(types.intp, get_itemsize(context, kind))
        strides: list[Any] = []
        for length in reversed(lengths):
            strides.insert(0, stride)
            stride = builder.mul(stride, length)
        data = builder.inttoptr(arguments[0], context.get_data_type(element).as_pointer())
        populate_array(array, data=data, shape=lengths, strides=strides, itemsize=item, meminfo=None)
        return array._getvalue()

    return kind(address, shape, dtype), generate


array_at: Any = intrinsic(_array_at)
"""``array_at(address, shape, dtype)`` is the contiguous array at a memory address; only within kernels.

Kernels take the addresses of tensors in one array of integers, since handing over each tensor as an array costs a
microsecond or more.
"""
