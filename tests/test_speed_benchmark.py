"""The speed benchmarks of Gather-Trade-Build run, on sizes that prove no speed."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from forked_commands import Commands

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


def test_a_kernel_draws_the_options_that_tensors_draw(speed: Any) -> None:
    shares = torch.tensor([0.02, 0.5, 1.0])[:, None]
    mask = torch.rand((200, 3, 300), generator=torch.Generator().manual_seed(1)) < shares
    mask[..., 100] = True
    key, time = torch.arange(200), torch.arange(200) % 7
    expected = speed.legal(mask, key, time, "play")
    assert torch.equal(speed.play_kernels()[0](mask, key, time, "play"), expected)


def test_play_goes_on_over_the_end_of_an_episode(speed: Any) -> None:
    play = speed.Play(4, 2, horizon=30)
    play.run(31)
    assert play.episode == 1
    assert play.state.world.time.tolist() == [1, 1]
    sizes = play.bytes_a_copy()
    assert sizes["observations"] == 4 * (136 * 4 + 50 + 2 + 9 * 121) + 110 * 4 + 154 + 2
    assert 2000 < sizes["state"] < 3000


def test_tensors_and_kernels_are_measured_in_one_run_and_the_fastest_is_compared(speed: Any) -> None:
    assert list(speed.PLAYS) == ["tensors", "kernels"]
    assert speed.PLAYS["kernels"](4, 2).game._kernels is not None
    rates = {f"econsim {name}": [rate] for name, rate in {"tensors 128": 2.0, "kernels 128": 8.0}.items()}
    row = speed.summary(4, {"tensors": 128, "kernels": 128}, rates | {"foundation": [0.5]})
    assert (row["backend"], row["ratio"]) == ("kernels", 16.0)


def test_ratios_are_those_of_medians_measured_in_one_run(speed: Any) -> None:
    rates = {
        "econsim tensors 2048": [900.0, 1000.0, 5000.0],
        "econsim tensors 128": [400.0, 500.0, 600.0],
        "foundation": [10.0, 20.0, 30.0],
        "econojax published": [100.0, 90.0, 200.0],
        "econojax own": [250.0, 240.0, 260.0],
    }
    row = speed.summary(4, {"tensors": 2048, "published": 256, "own": 64}, rates)
    assert (row["backend"], row["copies"], row["ratio"], row["ratio_with_128_copies"]) == ("tensors", 2048, 50.0, 25.0)
    assert row["over_econojax"] == {"published": 10.0, "own": 4.0}
    assert (row["econsim"], row["foundation"]) == tuple(
        row["systems"][name] for name in ("econsim tensors 2048", "foundation")
    )
    assert row["foundation"]["env_steps_per_cpu_second"] == 20
    alone = speed.summary(100, {"tensors": 2048}, {name: rates[name] for name in list(rates)[:2]})
    assert "ratio" not in alone


@pytest.mark.parametrize(
    ("name", "label"),
    [("gather_trade_build_gpu", "workers_100_copies_2_eager"), ("bewley_gpu", "households_20_copies_2_eager")],
)
def test_a_trial_without_a_gpu_writes_nothing(name: str, label: str, commands: Commands) -> None:
    before = set((BENCHMARKS / "results").iterdir())
    trial = commands.run_script(BENCHMARKS / f"{name}.py", "--device", "cpu", "--tiny")
    assert trial.returncode == 0, trial.stderr
    assert label in trial.stdout
    assert set((BENCHMARKS / "results").iterdir()) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
@pytest.mark.parametrize("name", ["gather_trade_build_gpu", "bewley_gpu", "gpu"])
def test_without_a_gpu_the_scripts_say_so(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setattr(sys, "argv", [name])
    assert import_module(name).main() == 2
    assert "no CUDA device found" in capsys.readouterr().err
