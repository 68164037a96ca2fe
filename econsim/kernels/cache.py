"""The folders in which numba keeps the machine code of kernels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

__all__ = ["cache_folders"]


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
