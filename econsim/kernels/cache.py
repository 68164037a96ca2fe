"""Machine code of kernels: the folders in which numba keeps it, and a checksum of what it is made of."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["cache_folders", "made_of"]


def cache_folders(package: str) -> list[Path]:
    """Return the folders that keep the machine code of the kernels of ``package`` that this process has used.

    There is none if the code is in memory only.
    """
    from numba.core.dispatcher import Dispatcher

    modules = [module for name, module in list(sys.modules.items()) if f"{name}.".startswith(f"{package}.")]
    held = [value for module in modules for value in list(vars(module).values())]
    kernels: list[Any] = [value for value in held if issubclass(type(value), Dispatcher)]
    return sorted(
        {Path(kernel.stats.cache_path) for kernel in kernels if kernel.signatures and kernel.stats.cache_path}
    )


def made_of(kernel: Callable[..., Any], *files: str) -> str:
    """Return a SHA-256 checksum of what the machine code of a kernel depends on.

    These are the instructions of the kernel and of all functions that it calls, the constants that they read from their
    modules, and the content of ``files``. Other functions, comments and docstrings do not count.

    Args:
        kernel: a Python function whose module has defined everything that it reads.
        files: modules on which the compilation itself depends.
    """
    digest = hashlib.sha256()
    for file in files:
        digest.update(Path(file).read_bytes())
    waiting: list[Any] = [kernel]
    seen: set[Any] = set()
    while waiting:
        function = waiting.pop()
        if function not in seen:
            seen.add(function)
            constants = {name: getattr(value, "py_func", value) for name, value in _read(function).items()}
            waiting += [value for value in constants.values() if isinstance(value, FunctionType)]
            texts = [f"{name}={_text(value)}" for name, value in constants.items()]
            digest.update(repr((_instructions(function), texts)).encode())
    return digest.hexdigest()


def _read(function: Any) -> dict[str, Any]:
    """Return what a function may read of its module by name: all names in its code, and all named tuples."""
    names = set(function.__code__.co_names)
    return {
        name: value
        for name, value in sorted(function.__globals__.items(), key=itemgetter(0))
        if name in names or (isinstance(value, type) and hasattr(value, "_fields"))
    }


def _instructions(function: Any) -> tuple[Any, ...]:
    code = function.__code__
    constants = [value for value in code.co_consts if value is not function.__doc__]
    if code.co_freevars or any(isinstance(value, CodeType) for value in constants):
        raise TypeError(f"{function.__qualname__}: functions of kernels are defined at the level of a module")
    return function.__qualname__, code.co_code, constants, code.co_names, code.co_varnames, function.__defaults__


def _text(value: Any) -> str:
    """Return a text that changes with a constant; of functions and modules, their name."""
    if isinstance(value, type):
        return f"{value.__qualname__}{getattr(value, '_fields', ())}"
    return value.__name__ if isinstance(value, FunctionType | ModuleType) else repr(value)
