from __future__ import annotations

from pathlib import Path

import pytest
from toy_kinds import write_plugin

from econsim import kinds


@pytest.fixture(scope="session")
def pond_plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plugin(tmp_path_factory.mktemp("plugin"))


@pytest.fixture
def workspace(pond_plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory in which the pond plug-in is known."""
    kinds.add_plugin(str(pond_plugin))
    monkeypatch.chdir(tmp_path)
    return tmp_path
