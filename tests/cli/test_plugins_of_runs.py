"""A run remembers its plug-ins: messages say how to add them again, and no command imports them by itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from forked_commands import Commands

from econsim import kinds
from econsim.runs.folder import create_run
from econsim.scenario import load

TOYS = Path(__file__).parents[1] / "runs" / "run_toys"
SCENARIO = """
econsim: 1
name: orchard
economy: {kind: orchard}
agents: {worker: {kind: best_response}}
planner: {kind: flat}
"""
FAILING = ["agents.worker=stubborn", "training=none"]
Econsim = Callable[..., CompletedProcess[str]]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with a plug-in, and a run that was made with it and is not finished."""
    plugin = tmp_path / "my toys" / "orchards"
    for path in TOYS.rglob("*.py"):
        target = plugin / path.relative_to(TOYS)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path.read_text().replace("run_toys", "orchards"))
    (plugin / "scenarios").mkdir()
    (plugin / "scenarios" / "orchard.yaml").write_text(SCENARIO)
    kinds.add_plugin(str(plugin))
    create_run(load("orchard"), tmp_path / "run", "cpu")
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "orchards"]:
        del sys.modules[name]  # the next test has the package in another folder


@pytest.mark.parametrize(
    "command", [["report"], ["resume"], ["cite"], ["equilibrium"], ["counterfactual", "planner=flat"], ["audit"]]
)
def test_a_command_without_the_plug_in_names_it(place: Path, econsim_command: Econsim, command: list[str]) -> None:
    done = econsim_command(command[0], "run", *command[1:])
    if command[0] in ("equilibrium", "counterfactual", "report"):  # these need a finished run first
        assert "econsim resume run --plugin orchards" in done.stderr
        summary = {"scenario": "orchard", "unit": "", "policies": {}, "responses": [], "warnings": []}
        (place / "run" / "summary.json").write_text(json.dumps(summary))
        done = econsim_command(command[0], "run", *command[1:])
    assert done.returncode == 2, done.stderr
    assert not (place / "run" / "figures").exists()
    assert "run: this run used the plug-in orchards; add --plugin orchards" in done.stderr
    assert "Traceback" not in done.stderr


def test_commands_in_messages_add_it(place: Path, commands: Commands) -> None:
    def econsim(*arguments: str) -> CompletedProcess[str]:
        return commands.run((*arguments, "--plugin", "my toys/orchards"), place)

    resumed = econsim("equilibrium", "run")
    assert "finish it with: econsim resume run --plugin 'my toys/orchards'" in resumed.stderr
    assert "Run it with: econsim run orchard --plugin 'my toys/orchards'\n" in econsim("describe", "orchard").stdout
    assert "seed=7 --plugin 'my toys/orchards'" in econsim("describe", "orchard").stdout
    made = econsim("init", "mine", "--from", "orchard")
    assert "Run it with: econsim run mine --plugin 'my toys/orchards'" in made.stdout
    assert econsim("resume", "run", "--quiet").returncode == 0
    assert (place / "run" / "report.html").is_file()


def test_what_is_stored_names_the_plug_in_and_no_path_of_the_machine(place: Path) -> None:
    stored = (place / "run" / "environment.json").read_text()
    assert '"orchards"' in stored
    assert str(place) not in stored


def test_a_run_folder_imports_no_code_that_it_names(place: Path, econsim_command: Econsim) -> None:
    """The package is importable, since it is in the working directory."""
    evil = place / "orchards"
    (evil / "economies").mkdir(parents=True)
    for path in (evil / "__init__.py", evil / "economies" / "__init__.py", evil / "economies" / "orchard.py"):
        path.write_text(f"import pathlib; pathlib.Path({str(place / 'imported')!r}).touch()\n")
    for command in ("report", "resume", "cite"):
        assert econsim_command(command, "run").returncode == 2
    assert not (place / "imported").exists()
    econsim_command("--plugin", "orchards", "resume", "run")
    assert (place / "imported").exists()
