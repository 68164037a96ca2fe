from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from toy_kinds import write_plugin

import econsim

CHECKOUT = Path(econsim.__file__).resolve().parent.parent
Econsim = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def pond_plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plugin(tmp_path_factory.mktemp("plugin"))


@pytest.fixture
def econsim_command(tmp_path: Path) -> Econsim:
    """Run the command line in a process of its own, in an empty working directory."""

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "120"}
        return subprocess.run(
            [sys.executable, "-m", "econsim", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return command
