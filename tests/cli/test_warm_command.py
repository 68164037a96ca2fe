"""``econsim warm`` compiles the kernels of a scenario's game and says where their machine code is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

import econsim
from econsim.cli.application import app


def test_warm_compiles_every_kernel_and_names_the_folder_of_the_machine_code() -> None:
    done = CliRunner().invoke(app, ["warm", "gather_trade_build", "economy.horizon=4", "headline=none"])
    assert done.exit_code == 0, done.stderr
    first, second = (
        [f"{part} in {precision} ..." for part in ("observations", "step")] for precision in ("float32", "float64")
    )
    parts = ["random draws ...", *first, "policy networks ...", *second]
    *progress, ready, kept = done.stdout.splitlines()
    assert [line.split("s  ")[1] for line in progress] == parts
    assert "kernels of gather_trade_build are ready after" in ready
    folder = Path(kept.removeprefix("machine code: "))
    assert list(folder.glob("step.step*.nbc"))
    assert list(folder.glob("observe.observe*.nbc"))


def test_warm_of_a_game_without_kernels_says_so() -> None:
    done = CliRunner().invoke(app, ["warm", "one_step"])
    assert done.exit_code == 2
    assert "warm one_step: nothing to compile, because OneStep has no kernels" in done.stderr


def test_warm_without_numba_names_the_extra_that_installs_it() -> None:
    code = "import sys; sys.modules['numba'] = None\nfrom econsim.cli import main\nmain(['warm'])"
    root = Path(econsim.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 2
    assert "pip install 'econsim[fast]'" in done.stderr
