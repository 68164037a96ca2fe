"""Sweeps play their runs, packed or alone, on the backend that was chosen, and say which runs tensors play anyway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_economy import Here
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.economies.gather_trade_build.kernels.playing import Kernels
from econsim.errors import UserError
from econsim.runs import open_run
from econsim.runs.environment import read_environment
from econsim.storage.files import write_json
from econsim.sweep import Options, Sweep, open_sweep, read_request, resume_sweep, start_sweep

RULES: dict[str, Any] = {
    "economy.horizon": 12,
    "economy.base_payment": 20.0,
    "agents.worker.untaxed_hours": 30,
    "episodes": 2,
    "headline": "none",
    "baselines": [[]],
    "seed": [1, 2],
}


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("econsim.sweep.launch.launcher_for", lambda *how: Here())


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of environment copies of all steps that kernels play."""
    counts: list[int] = []
    step = Kernels.step

    def counting(self: Kernels, game: Any, state: Any, actions: Any) -> Any:
        counts.append(state.world.key.shape[0])
        return step(self, game, state, actions)

    monkeypatch.setattr(Kernels, "step", counting)
    return counts


def made(folder: Path, axes: dict[str, Any] | None = None, **options: Any) -> Sweep:
    request = read_request("gather_trade_build", RULES | (axes or {}))
    return start_sweep(request, folder, Options(workers=1, **options))


def values(sweep: Sweep) -> dict[Any, float]:
    return dict(sweep.metrics.set_index(["run", "policy", "name"])["value"])


def test_packed_runs_and_single_runs_are_played_by_kernels(tmp_path: Path, steps: list[int]) -> None:
    tensors = made(tmp_path / "tensors")
    assert steps == []
    packed = made(tmp_path / "packed", backend="kernels")
    assert steps == [1, 1] + 12 * [4]  # two compile; then both runs with two episodes each, in one batch
    alone = made(tmp_path / "alone", backend="kernels", pack=False)
    assert steps[14:] == [1, 1] + 2 * ([1] + 12 * [2])
    for sweep in (packed, alone):
        assert values(sweep) == pytest.approx(values(tensors), rel=1e-4, abs=1e-4, nan_ok=True)
    assert open_run(alone.path / "runs" / "000001").backend == "kernels"
    assert open_sweep(packed.path).options["backend"] == "kernels"


def test_a_sweep_says_which_runs_tensors_play(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout, starts = {"kind": "uniform", "height": 40, "width": 40}, {"kind": "anywhere"}
    wide = {"economy.layout": [layout], "economy.starts": [starts]}
    crowds = {**wide, "economy.workers": [4, [{"count": 255}]], "economy.horizon": 2, "seed": [1]}
    sweep = made(tmp_path / "sweep", crowds, backend="kernels")
    reason = "backend: tensors in 1 of 2 kinds of runs, because the kernels do not cover 255 workers"
    assert capsys.readouterr().out.replace("\n", " ").count(reason) == 1
    assert (sweep.path / "log.txt").read_text().count(reason) == 1


def test_a_sweep_continues_under_another_numba_only_where_the_user_agrees(tmp_path: Path) -> None:
    sweep = made(tmp_path / "sweep", backend="kernels")
    environment = read_environment(sweep.path)
    assert environment["backend"] == "kernels"
    versions = environment["versions"] | {"numba": "0.1"}
    write_json(sweep.path / "environment.json", environment | {"versions": versions})
    with pytest.raises(UserError, match=r"numba 0\.1 -> .*--accept-changed-versions"):
        resume_sweep(sweep.path, quiet=True)


def test_the_command_takes_the_backend_and_refuses_kernels_on_a_gpu(tmp_path: Path) -> None:
    command = ["sweep", "gather_trade_build", "economy.horizon=4", "headline=none", "seed=1,2", "--backend", "kernels"]
    refused = CliRunner().invoke(app, [*command, "--device", "cuda", "--out", str(tmp_path / "refused")])
    assert refused.exit_code == 2
    assert "kernels play on the CPU" in refused.stderr
    assert not (tmp_path / "refused").exists()
    shown = CliRunner().invoke(app, [*command, "--workers", "1", "--dry-run"])
    assert shown.exit_code == 0, shown.stderr
    assert "2 runs: 2 in 1 batch" in shown.stdout
