"""The speed benchmarks of Gather-Trade-Build run, on sizes that prove no speed."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def speed(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("gather_trade_build_speed")


def test_legal_options_are_legal_and_uniform(speed: Any) -> None:
    mask = torch.tensor([[True, False, True, True, False]]).expand(3000, 1, 5)
    key = torch.arange(3000)
    drawn = speed.legal(mask, key, torch.zeros_like(key), "test")
    shares = torch.bincount(drawn.flatten(), minlength=5) / 3000
    # A third each, to four standard errors of 0.0086.
    assert torch.allclose(shares, torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0]) / 3, atol=0.035)


def test_play_goes_on_over_the_end_of_an_episode(speed: Any) -> None:
    play = speed.Play(4, 2)
    play.run(1001)
    assert play.episode == 1
    assert play.state.world.time.tolist() == [1, 1]
    sizes = play.bytes_a_copy()
    assert sizes["observations"] == 4 * (136 * 4 + 50 + 2 + 9 * 121) + 110 * 4 + 154 + 2
    assert 3000 < sizes["state"] < 4000


def test_a_trial_without_a_gpu_writes_nothing() -> None:
    script = str(BENCHMARKS / "gather_trade_build_gpu.py")
    before = set((BENCHMARKS / "results").iterdir())
    trial = subprocess.run([sys.executable, script, "--device", "cpu", "--tiny"], capture_output=True, text=True)
    assert trial.returncode == 0, trial.stderr
    assert "workers_100_copies_2_eager" in trial.stdout
    assert set((BENCHMARKS / "results").iterdir()) == before
    if not torch.cuda.is_available():
        refused = subprocess.run([sys.executable, script], capture_output=True, text=True)
        assert refused.returncode == 2
        assert "no CUDA device" in refused.stderr
