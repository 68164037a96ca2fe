"""What every test shares: one thread a process, no display, and no plug-in left behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

# Before torch is imported, and for every process that a test starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
import torch
from forked_commands import Commands
from hypothesis import settings

from econsim import kinds

torch.set_num_threads(1)
settings.register_profile("econsim", deadline=None, derandomize=True)
settings.load_profile("econsim")


@pytest.fixture(autouse=True)
def _no_plugins_left_behind() -> Iterator[None]:
    added, path = list(kinds._added_plugins), list(sys.path)
    yield
    kinds._added_plugins[:] = added
    sys.path[:] = path


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """Run commands of econsim in processes that start in milliseconds."""
    server = Commands()
    yield server
    server.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked ``gpu`` where there is no device."""
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
