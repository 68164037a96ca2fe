"""The bar of long commands: on a terminal only, with the time left, and on standard error."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.runs import execute
from econsim.scenario import load

SCENARIO = """
econsim: 1
name: tiny
economy: {kind: one_step, workers: 6, brackets: [0, 90000], status_quo: [0.1, 0.3]}
agents: {worker: {kind: fixed_hours, hours: 40}}
planner: {kind: flat, rate: 0.4}
evaluation: {workers: {kind: best_response}}
"""
TERMINAL = {"FORCE_COLOR": "1", "TERM": "xterm"}
COMMANDS = {
    "counterfactual": ["counterfactual", "run", "planner=flat", "planner.rate=0.2", "--episodes", "2"],
    "audit": ["audit", "tiny.yaml", "--out", "audited"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bar")
    (folder / "tiny.yaml").write_text(SCENARIO)
    execute(load(folder / "tiny.yaml"), folder / "run", quiet=True)
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_a_bar_with_the_time_left_on_a_terminal_only(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    on_terminal = CliRunner().invoke(app, COMMANDS[name], env=TERMINAL)
    assert on_terminal.exit_code == 0, on_terminal.output
    assert name in on_terminal.stderr
    assert "0:00 left" in on_terminal.stderr
    assert " left" not in on_terminal.stdout
    for arguments, environment in ((COMMANDS[name], {}), ([*COMMANDS[name], "--quiet"], TERMINAL)):
        plain = CliRunner().invoke(app, arguments, env=environment)
        assert plain.exit_code == 0, plain.output
        assert plain.stderr == ""
