"""Exit codes: 0 done, 1 an internal error, 2 a mistake in the input, 130 interrupted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

import econsim
from econsim.cli import main
from econsim.errors import RunError, UserError
from econsim.runs import RunInterrupted
from econsim.runs.folder import create_run
from econsim.scenario import Scenario, load
from econsim.sweep.launch import SweepInterrupted
from econsim.testing import Check


def ending(monkeypatch: pytest.MonkeyPatch, error: BaseException, *options: str) -> int:
    def fails(*arguments: Any, **named: Any) -> NoReturn:
        raise error

    monkeypatch.setattr("econsim.runs.resume", fails)
    with pytest.raises(SystemExit) as raised:
        main(["resume", "a_run", *options])
    assert isinstance(raised.value.code, int)
    return raised.value.code


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UserError("not like this"), 2, "econsim: not like this"),
        (RunError("the disk is full"), 1, "econsim: the disk is full"),
        (RunInterrupted(Path("runs/a")), 130, "econsim resume runs/a"),
        (KeyboardInterrupt(), 130, "stopped"),
        (ZeroDivisionError("division by zero"), 1, "ZeroDivisionError: division by zero"),
    ],
)
def test_every_ending_has_its_code_and_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, message: str
) -> None:
    assert ending(monkeypatch, error) == code
    shown = capsys.readouterr()
    assert message in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_debug_shows_the_traceback_of_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = ZeroDivisionError("division by zero")
    fault.add_note("the log is in runs/a/log.txt")
    assert ending(monkeypatch, fault) == 1
    without = capsys.readouterr().err
    assert "--debug" in without
    assert "runs/a/log.txt" in without
    assert ending(monkeypatch, fault, "--debug") == 1
    assert "Traceback" in capsys.readouterr().err


def test_run_hands_everything_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    handed: dict[str, Any] = {}

    def execute(scenario: Scenario, **named: Any) -> SimpleNamespace:
        handed.update(scenario=scenario, **named)
        return SimpleNamespace(finished=False)

    monkeypatch.setattr("econsim.runs.execute", execute)
    options = ["--seed", "7", "--device", "cpu", "--out", str(tmp_path / "out"), "--quiet"]
    with pytest.raises(SystemExit) as raised:
        main(["run", "one_step", "economy.workers=12", *options])
    assert raised.value.code == 0
    assert (handed["scenario"].seed, handed["scenario"].economy.parameters.workers) == (7, 12)
    assert (handed["device"], handed["out"], handed["quiet"]) == ("cpu", tmp_path / "out", True)


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_check_prints_a_table_and_fails_with_a_failed_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], passed: bool, code: int
) -> None:
    checks = [Check("determinism", True), Check("conservation", passed, "off by 1")]
    monkeypatch.setattr("econsim.testing.check", lambda scenario: checks)
    with pytest.raises(SystemExit) as raised:
        main(["check", "one_step_published"])
    assert raised.value.code == code
    assert capsys.readouterr().out.splitlines()[0] == "passed  determinism"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "one_step", "--out", ""], "econsim: --out: expected a value, found empty text\n"),
        (["run", "one_step", "--out="], "econsim: --out: expected a value, found empty text\n"),
        (["sweep", "one_step", "seed=0:2", "--out", ""], "econsim: --out: expected a value, found empty text\n"),
        (["report", ""], "econsim: expected an argument, found empty text\n"),
    ],
)
def test_empty_text_is_not_the_working_directory(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert capsys.readouterr().err == message
    assert list(tmp_path.iterdir()) == []


def test_empty_text_is_no_folder_in_python() -> None:
    with pytest.raises(UserError, match="out: expected the path of a folder"):
        econsim.run("one_step", out="")


def test_hints_are_commands_that_a_shell_reads_as_they_are_meant(tmp_path: Path) -> None:
    folder = tmp_path / "joe's runs (1)"
    folder.mkdir()
    (folder / "notes.txt").write_text("in use")
    with pytest.raises(UserError) as raised:
        create_run(load("one_step"), folder, "cpu")
    hint = str(raised.value).partition("continue its run with: ")[2]
    assert shlex.split(hint) == ["econsim", "resume", str(folder)]
    for error in (RunInterrupted(folder), SweepInterrupted(folder)):
        assert shlex.split(str(error).partition("continue with: ")[2]) == ["econsim", "resume", str(folder)]


def test_every_hint_quotes_what_it_names() -> None:
    """A hint with a name or a path in it is made by ``errors.command``, or quotes it by itself."""
    unquoted = re.compile(r"""f["'][^"']*\beconsim (?:run|resume|report|equilibrium|compare|evaluate) \{(?!shlex)""")
    package = Path(econsim.__file__).parent
    found = [str(path) for path in package.rglob("*.py") if unquoted.search(path.read_text(encoding="utf-8"))]
    assert found == []
