"""What every test shares: one thread a process, no display, and no plug-in left behind."""

from __future__ import annotations

import compileall
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

# Before torch is imported, and for every process that a test starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
import torch
from forked_commands import Commands
from hypothesis import settings

from econsim import kinds

gc.set_threshold(10_000)  # as econsim.cli does: Python's default searches for garbage during a tenth of the time
torch.set_num_threads(1)
settings.register_profile("econsim", deadline=None, derandomize=True)
settings.load_profile("econsim")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package once, for all processes that tests start, even where Python is told to keep no bytecode."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(kinds.__file__).parent, quiet=2)


@pytest.fixture(autouse=True)
def _no_plugins_left_behind() -> Iterator[None]:
    added, path = list(kinds._added_plugins), list(sys.path)
    yield
    kinds._added_plugins[:] = added
    sys.path[:] = path


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out of reports: drawing them takes seconds, and ``tests/report`` looks at them."""
    monkeypatch.setattr("econsim.report.figures._CAPTIONS", ())


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """Run commands of econsim in processes that start in milliseconds."""
    server = Commands()
    yield server
    server.close()


LONG = (
    "test_shipped_scenarios.py",
    "test_notebooks.py",
    "test_acceleration.py",
    "test_game.py",
    "test_reference.py",
    "test_seeds_together.py",
    "test_backends.py",
    "test_kernels.py",
    "test_two_level_benchmark.py",
    "test_devices.py",
    "test_houses_learned.py",
    "test_retraining.py",
    "test_kill_and_resume.py",
    "test_other_device.py",
    "test_certificate.py",
    "test_several_processes.py",
    "test_bad_input_benchmark.py",
    "test_extension.py",
    "test_tiny.py",
    "test_docs.py",
    "test_training_benchmarks.py",
    "test_mutated_scenarios.py",
    "test_faults.py",
)
"""Files that take some twenty CPU-seconds, the longest first: no process is left alone with one of them at the end.

Those on kernels wait until the first file has compiled them, so that no two processes compile the same code."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with long files, and skip tests marked ``gpu`` where there is no device."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave libraries and tests out of all searches for garbage: they stay to the end."""
    gc.collect()
    gc.freeze()
