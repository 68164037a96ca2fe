"""Every block of the README and the documentation is true: Python runs, YAML builds, command lines are understood.

Blocks of a page go on from each other, in a folder of their own that holds a small run, ``runs/first``. A Python block
that cannot run here has a comment above it, ``<!-- not run: reason -->``; its imports have to be right all the same.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML
from typer.testing import CliRunner

import econsim
from econsim.cli import application
from econsim.runs import execute
from econsim.runs.surveys import read_survey
from econsim.scenario import load
from econsim.sweep import read_request

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^\n]+?) -->\n+)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S
)
_SHOWING = {"list", "describe", "schema", "cite"}
_LOOKING = {*_SHOWING, "init", "validate"}
"""Commands that only look or write a file: they are run."""
_PLACEHOLDERS = {
    "SCENARIO",
    "FILE",
    "fishery",
    "adaptive_fisher",
    "pursuit",
    "cooperative",
    "mine",
    "scenarios/mine.yaml",
}
"""What a reader has and these tests do not."""


@dataclass(frozen=True)
class Block:
    """A fenced block and the reason why it is not run, if there is one."""

    language: str
    code: str
    reason: str | None


def blocks(page: Path, *languages: str) -> list[Block]:
    found = (Block(**match.groupdict()) for match in _BLOCK.finditer(page.read_text(encoding="utf-8")))
    return [block for block in found if block.language in languages]


def pages_with(*languages: str) -> pytest.MarkDecorator:
    pages = [page for page in PAGES if blocks(page, *languages)]
    return pytest.mark.parametrize("page", pages, ids=lambda page: page.relative_to(ROOT).as_posix())


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of twenty steps whose pictures are kept."""
    scenario = load("gather_trade_build", {"economy.horizon": 20, "episodes": 1, "headline": None})
    return execute(scenario, tmp_path_factory.mktemp("runs") / "first", quiet=True).path


@pytest.fixture
def reader(tmp_path: Path, small_run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of somebody who reads a page and types what it says."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "first").symlink_to(small_run)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pages_with("python")
def test_python_runs(page: Path, reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("econsim.report.figures._CAPTIONS", ())  # drawing takes seconds and is tested elsewhere
    names: dict[str, Any] = {"__name__": "a_page"}
    for block in blocks(page, "python"):
        if block.reason is None:
            exec(compile(block.code, f"{page.name}: {block.code[:40]}", "exec", dont_inherit=True), names)


@pages_with("python")
def test_imports_are_right_where_python_cannot_run(page: Path) -> None:
    for block in blocks(page, "python"):
        if block.reason is None:
            continue
        for node in ast.walk(ast.parse(block.code)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("econsim"):
                module = import_module(node.module or "")
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@pages_with("yaml")
def test_yaml_builds(page: Path, reader: Path) -> None:
    for number, block in enumerate(blocks(page, "yaml")):
        keys = YAML(typ="safe").load(block.code)
        path = reader / f"shown_{number}.yaml"
        path.write_text(block.code if "econsim" in keys else f"econsim: 1\n{_base(keys)}{block.code}")
        if "axes" in keys:
            path.write_text(block.code)
            read_request(path.as_posix())
        elif "questions" in keys:
            path.write_text(block.code)
            read_survey(path)
        else:
            _builds(path, keys)


def _builds(path: Path, keys: dict[str, Any]) -> None:
    scenario = load(path)
    if keys.keys() == {"economy"}:
        parameters = {**keys["economy"]}
        econsim.make(parameters.pop("kind"), **parameters)  # its people may be classes, whose agents the reader names
    else:
        scenario.build("cpu")


def _base(keys: dict[str, Any]) -> str:
    """Return the line that names the shipped scenario which a part of one changes, unless the part does so itself."""
    shown = str(keys)
    if "extends" in keys:
        return ""
    if "llm" in keys:
        return "extends: llm_economist\n"
    on_a_map = "gather_trade_build" in shown or "labour_cost" in shown
    return f"extends: {'gather_trade_build' if on_a_map else 'one_step'}\n"


@pages_with("console")
def test_command_lines_are_understood(page: Path, reader: Path) -> None:
    for line in _command_lines(page):
        words = application._globals_first(shlex.split(line, comments=True)[1:])
        with_plugin = "--plugin" in words  # tests/docs/test_extending.py runs these
        words = words[2:] if with_plugin else words
        if words[0] in _LOOKING and not with_plugin and not _PLACEHOLDERS & set(words[1:2]):
            code, said = _shown(*words) if words[0] in _SHOWING else _done(*words)
            assert code == 0, (line, said)
        else:
            _parses(words, line, loads=not with_plugin)


def _done(*words: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it writes."""
    result = CliRunner().invoke(application.app, words)
    return result.exit_code, result.output


_shown = cache(_done)
"""As :func:`_done`, once for all pages: for commands that only show something."""


def _command_lines(page: Path) -> Iterator[str]:
    for block in blocks(page, "console"):
        joined = block.code.replace("\\\n", " ")
        yield from (line for line in joined.splitlines() if line.startswith("econsim "))


def _parses(words: list[str], line: str, loads: bool) -> None:
    """Check options and arguments and, if ``loads``, that a scenario takes its overrides; do not run the command."""
    group = typer.main.get_command(application.app)
    command = group.commands[words[0]]  # type: ignore[attr-defined]
    try:
        given = command.make_context(words[0], words[1:]).params
    except Exception as error:
        raise AssertionError(f"{line}: {error}") from error
    if loads and words[0] == "run" and given["scenario"] not in _PLACEHOLDERS and "FOLDER" not in given["scenario"]:
        load(given["scenario"], given["overrides"] or ())


def test_nothing_is_left_out_without_a_reason() -> None:
    every = [block for page in PAGES for block in blocks(page, "python")]
    run = [block for block in every if block.reason is None]
    assert len(run) >= 0.5 * len(every)
    assert all(len(block.reason.split()) > 2 for block in every if block.reason is not None)
