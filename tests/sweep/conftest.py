"""What tests of sweeps share: a small economy of rules, and sweeps of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_economy import RULES, Here

from econsim.sweep import Options, Sweep, read_request, start_sweep

Make = Callable[..., Sweep]


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Sweep the small economy in this process."""
    monkeypatch.setattr("econsim.sweep.launch.launcher_for", lambda *how: Here())

    def make(axes: dict[str, Any], name: str = "sweep", **options: Any) -> Sweep:
        request = read_request("one_step", RULES | axes)
        return start_sweep(request, tmp_path / name, Options(**{"workers": 1, **options}), quiet=True)

    return make
