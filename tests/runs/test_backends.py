"""A run on kernels gives the numbers of a run on tensors to rounding, and its backend is part of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from interrupted import interrupted

import econsim
from econsim import kinds
from econsim.economies.gather_trade_build.kernels.playing import Kernels
from econsim.errors import EconsimWarning, UserError
from econsim.report.content import machine_in_words, repeat_commands
from econsim.runs import Run, execute, open_run, resume
from econsim.runs.backend import check_backend
from econsim.runs.certificate import DeviationBudget, certify
from econsim.runs.counterfactual import counterfactual
from econsim.runs.cross_table import cross_table
from econsim.scenario import Scenario, load
from econsim.storage.manifest import record_json

Make = Callable[..., Scenario]
RULES = {"economy.horizon": 30, "economy.base_payment": 20.0, "headline": None, "episodes": 3}
SHARED = [
    {"agent": {"kind": "elastic_rule", "untaxed_hours": 60}, "share": 0.5, "label": "one"},
    {"agent": {"kind": "elastic_rule", "untaxed_hours": 10}, "share": 0.5, "label": "other"},
]
LEARNED = {
    "agents.worker": {"kind": "ppo", "hidden": [8]},
    "planner": "us_federal",
    "baselines": [],
    "training": {"kind": "ppo", "iterations": 3, "copies": 4, "steps": 10, "checkpoint_every": 1},
}
GIFT = '''
"""Gift: a component of a plug-in, without choices."""

from econsim.economies.gather_trade_build.components import Component
from econsim.parameters import Model

__all__ = ["Gift", "Parameters"]


class Parameters(Model):
    """No parameters."""


class Gift(Component):
    """Gives nothing."""

    def __init__(self, parameters):
        self.parameters = parameters
'''


def economy(**changes: Any) -> Scenario:
    return load("gather_trade_build", RULES | changes)


def values(run: Run) -> dict[Any, float]:
    columns = ["policy", "response", "seed", "role", "step", "name"]
    return dict(run.metrics.set_index(columns)["value"])


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


def test_a_run_on_kernels_equals_one_on_tensors(tmp_path: Path, steps: list[int]) -> None:
    scenario = economy(**{"agents.worker": SHARED})  # kernels play groups of workers with agents of their own too
    tensors = execute(scenario, tmp_path / "tensors", quiet=True)
    assert steps == []
    kernels = execute(scenario, tmp_path / "kernels", quiet=True, backend="kernels")
    assert steps == [1] + 2 * 30 * [3]  # the first compiles; then two policies with all episodes at once
    assert (tensors.backend, kernels.backend) == ("tensors", "kernels")
    assert values(kernels) == pytest.approx(values(tensors), rel=1e-4, abs=1e-4, nan_ok=True)
    assert len(values(kernels)) > 20


def test_the_backend_and_the_version_of_numba_are_part_of_a_run(tmp_path: Path) -> None:
    run = econsim.run(
        economy(), out=tmp_path / "run", quiet=True, threads=2, backend="kernels", report=False, baselines=[]
    )
    numba = run.environment["versions"]["numba"]
    assert run.environment["backend"] == "kernels"
    assert numba[0].isdigit()
    assert f"backend: kernels (numba {numba})" in (run.path / "log.txt").read_text()
    assert machine_in_words(run) == f"cpu with 2 threads and kernels of numba {numba}"
    assert repeat_commands(run)[0].endswith("--device cpu --threads 2 --backend kernels")


def test_an_interrupted_run_continues_on_its_backend(tmp_path: Path) -> None:
    scenario = economy(**LEARNED)
    whole = execute(scenario, tmp_path / "whole", quiet=True, backend="kernels")
    folder = interrupted(scenario, tmp_path / "stopped", step=2, backend="kernels")
    environment = open_run(folder).environment
    old = environment | {"versions": environment["versions"] | {"numba": "0.1"}}
    record_json(folder, "environment.json", old)
    with pytest.raises(UserError, match=r"numba 0\.1 -> .*--accept-changed-versions"):
        resume(folder, quiet=True)
    record_json(folder, "environment.json", environment)
    resumed = resume(folder, quiet=True)
    assert resumed.backend == "kernels"
    assert resumed.finished
    assert values(resumed) == pytest.approx(values(whole), rel=0, abs=0, nan_ok=True)


def test_tensors_play_what_kernels_do_not_cover_and_the_run_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    components = tmp_path / "gift_plugin" / "economies" / "gather_trade_build" / "components"
    components.mkdir(parents=True)
    (tmp_path / "gift_plugin" / "__init__.py").write_text("")
    (components / "gift.py").write_text(GIFT)
    kinds.add_plugin(str(tmp_path / "gift_plugin"))
    scenario = economy(**{"economy.components": ["build", "trade", "gather", "tax", "gift"]})
    run = execute(scenario, tmp_path / "run", backend="kernels")
    reason = "backend: tensors, because the kernels do not cover the component gift"
    assert capsys.readouterr().out.replace("\n", " ").count(reason) == 1
    assert (run.path / "log.txt").read_text().count(reason) == 1
    assert run.backend == "tensors"
    assert "numba" not in run.environment["versions"]


def test_tensors_play_a_game_without_kernels(scenario: Make, tmp_path: Path) -> None:
    chosen = scenario(training=None, planner=None, agents={})
    run = execute(chosen, tmp_path / "run", quiet=True, backend="kernels")
    assert run.backend == "tensors"
    assert "because Orchard has no kernels" in (run.path / "log.txt").read_text()


def test_kernels_are_refused_on_a_gpu_and_under_another_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"on the GPU \(cuda:0\); add --device cpu"):
        check_backend("kernels", "cuda:0")
    with pytest.raises(UserError, match="--backend kernel: expected tensors or kernels"):
        execute(economy(), tmp_path / "run", quiet=True, backend="kernel")
    assert not (tmp_path / "run").exists()


def test_without_numba_kernels_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from econsim.cli import main\n"
        f"main(['run', 'gather_trade_build', '--backend', 'kernels', '--out', {str(tmp_path / 'run')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'econsim[fast]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_certificates_cross_tables_and_counterfactuals_are_measured_on_a_backend(
    tmp_path: Path, steps: list[int]
) -> None:
    changes = {"economy.horizon": 12, "agents.worker": {"kind": "elastic_rule", "untaxed_hours": 60}, "episodes": 2}
    run = execute(economy(**changes), tmp_path / "run", quiet=True)
    budget, reform = DeviationBudget(2, 0, 2), ["economy.base_payment=40"]
    measured = []
    for backend in ("tensors", "kernels"):
        played = len(steps)
        certificate = certify(run, budget, ("planner",), quiet=True, backend=backend)
        assert certificate["backend"] == backend
        rounds = [len(steps)]
        table = cross_table([run.path], 2, backend=backend)
        rounds.append(len(steps))
        effects = counterfactual(run, reform, episodes=2, backend=backend)
        rounds.append(len(steps))
        assert effects.notes == ()
        assert [now > before for before, now in pairwise([played, *rounds])] == 3 * [backend == "kernels"]
        gains = [finding["difference"] for finding in certificate["findings"]]
        measured.append([*gains, *table["mean"], *effects.table["difference"]])
    assert len(measured[0]) > 5
    assert measured[0] == pytest.approx(measured[1], rel=1e-4, abs=1e-4, nan_ok=True)


def test_measures_say_why_tensors_play(scenario: Make, tmp_path: Path) -> None:
    run = execute(scenario(), tmp_path / "run", quiet=True)
    with pytest.warns(EconsimWarning, match="backend: tensors, because Orchard has no kernels"):
        cross_table([run.path], 1, backend="kernels")
