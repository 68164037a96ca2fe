from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from forked_commands import Commands
from toy_kinds import write_plugin

Econsim = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def pond_plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plugin(tmp_path_factory.mktemp("plugin"))


@pytest.fixture
def econsim_command(commands: Commands, tmp_path: Path) -> Econsim:
    """Run the command line in a process of its own, in an empty working directory; reports of runs have no figures."""
    return lambda *arguments: commands.run(arguments, tmp_path, drawn=False)
