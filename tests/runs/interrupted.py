"""Runs that are stopped on the way, as a user stops them."""

from __future__ import annotations

from pathlib import Path

import pytest

from econsim.runs import RunInterrupted, execute
from econsim.runs.recorder import StageRecorder
from econsim.scenario import Scenario


def interrupted(scenario: Scenario, path: Path, step: int = 4, backend: str = "tensors") -> Path:
    """Execute a scenario with training, stop it with Ctrl-C at a step of its training; return its folder."""
    log = StageRecorder.log

    def stopping(self: StageRecorder, name: str, value: float, *, step: int, role: str = "", at: int = step) -> None:
        if name == "training/return" and step == at:
            raise KeyboardInterrupt
        log(self, name, value, step=step, role=role)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StageRecorder, "log", stopping)
        with pytest.raises(RunInterrupted):
            execute(scenario, path, quiet=True, backend=backend)
    return path


def flip(path: Path, bit: int) -> None:
    """Flip one bit of a file."""
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
