"""The command line starts at once: what is heavy is imported by the commands that need it.

How long that takes is measured by ``benchmarks/startup.py``; here it is looked at what is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "one_step.yaml"
HEAVY = {
    "torch", "pandas", "numpy", "mesa", "gymnasium", "pettingzoo", "litellm", "scipy", "matplotlib", "pyarrow",
    "jinja2", "ruamel", "plotly", "dash", "flask",
}  # fmt: skip


def modules_imported_by(*code: str, exit_code: int = 0) -> set[str]:
    done = subprocess.run([sys.executable, "-X", "importtime", *code], capture_output=True, text=True, check=False)
    assert done.returncode == exit_code, done.stderr
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}


def imported_by(*code: str) -> set[str]:
    return {name.split(".")[0] for name in modules_imported_by(*code)}


@pytest.mark.parametrize(
    "code",
    [
        ("-c", "import econsim; econsim.__version__"),
        ("-m", "econsim", "--help"),
        ("-m", "econsim", "run", "--help"),
        ("-m", "econsim", "--version"),
        ("-m", "econsim", "list"),
        ("-m", "econsim", "list", "planners"),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(code: tuple[str, ...]) -> None:
    found = imported_by(*code)
    assert "econsim" in found
    assert found & HEAVY == set()


def test_checking_a_scenario_for_mistakes_needs_no_torch_until_a_kind_does(tmp_path: Path) -> None:
    found = imported_by("-c", "import econsim.scenario.loading")
    assert "pydantic" in found
    assert found & HEAVY == set()
    mistaken = tmp_path / "mistaken.yaml"
    mistaken.write_text("econsim: 1\nsed: 1\n", encoding="utf-8")
    imported = modules_imported_by("-m", "econsim", "validate", str(mistaken), exit_code=2)
    assert imported & {"torch", "pandas"} == set()


def test_a_sound_scenario_is_validated_without_tables_and_compiler() -> None:
    imported = modules_imported_by("-m", "econsim", "validate", str(SCENARIO))
    assert "econsim.economies.one_step.parameters" in imported
    assert imported & {"pandas", "matplotlib", "torch._dynamo"} == set()


def test_commands_search_for_garbage_less_often_than_python_does_by_default() -> None:
    at_exit = "import atexit, gc; atexit.register(lambda: print(gc.get_threshold()[0]))"
    code = f"{at_exit}; from econsim.cli.application import main; main(['--version'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) >= 10_000


def test_commands_do_not_search_all_objects_for_garbage_when_they_end() -> None:
    at_exit = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count()))"
    code = f"{at_exit}; from econsim.cli.application import main; main(['--version'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) > 10_000  # objects that the search at the end of Python leaves out


def test_marginal_rates_need_no_symbolic_algebra() -> None:
    rates = "from econsim.mechanisms.taxes import marginal_rate"
    imported = modules_imported_by("-c", f"import torch; {rates}; t = torch.tensor([0.0, 0.5]); marginal_rate(t, t, t)")
    assert "econsim.mechanisms.taxes" in imported
    assert "sympy" not in imported


@pytest.mark.parametrize(("given", "found"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_do_not_spin_unless_the_user_says_so(given: str | None, found: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {} if given is None else {"OMP_WAIT_POLICY": given}
    code = "import os, econsim; print(os.environ['OMP_WAIT_POLICY'])"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found


LEARNING = """
import econsim.runs, econsim.training.two_level, econsim.training.imitation
from econsim import random
from econsim.nn.layers import dense
from econsim.rl.adam import Adam
layers = dense((2, 1), "tanh", random.keys(0, 1))
optimiser = Adam(layers.parameters(), eps=1e-5)
layers(random.normal(random.keys(0, 1), 0, "rows", (3, 2))[0]).sum().backward()
optimiser.step(0.1)
"""


def test_play_and_learning_need_no_compiler() -> None:
    """It takes longer to import than all the rest, and nothing that runs on a CPU compiles."""
    imported = modules_imported_by("-c", LEARNING)
    assert "torch" in imported
    assert not any(name.startswith(("torch._dynamo", "sympy")) for name in imported)
