"""The folders in which numba keeps the machine code of kernels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

__all__ = ["cache_folders"]


def cache_folders() -> list[Path]:
    """Return the folders that keep the machine code of the kernels that this process has used; none if in memory."""
    from numba.core.dispatcher import Dispatcher

    held = [value for module in list(sys.modules.values()) for value in list(vars(module).values())]
    kernels: list[Any] = [value for value in held if issubclass(type(value), Dispatcher)]
    return sorted(
        {Path(kernel.stats.cache_path) for kernel in kernels if kernel.signatures and kernel.stats.cache_path}
    )
