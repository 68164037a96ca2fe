"""Continuous integration: ``.ci/run`` runs what CONTRIBUTING and the README ask for, and ends at the first failure."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ["lint", "docs", "test"]


def _targets(text: str) -> list[str]:
    """Return the targets of the commands ``make`` in a text, without options and files."""
    commands = [line.partition("#")[0].split()[1:] for line in text.splitlines() if line.startswith("make ")]
    return [word for command in commands for word in command if re.fullmatch("[a-z]+", word)]


def _block(page: str) -> str:
    match = re.search(r"^```console\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)
    assert match
    return match[1]


def test_the_pages_ask_for_what_runs() -> None:
    assert _targets((ROOT / ".ci" / "run").read_text(encoding="utf-8")) == TARGETS
    assert set(_targets(_block("CONTRIBUTING.md"))) == set(TARGETS)
    assert "test" in _targets(_block("README.md"))


@pytest.mark.parametrize(("failing", "reached"), [("lint", 2), ("docs", 2), ("test", 3), ("none", 3)])
def test_the_first_failure_ends_the_run(tmp_path: Path, failing: str, reached: int) -> None:
    make = tmp_path / "make"
    make.write_text(f'#!/bin/sh\necho "made $*"\ncase " $* " in *" {failing} "*) exit 1;; esac\n')
    make.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", ROOT / ".ci" / "run"], env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    made = [_targets(line.replace("made", "make", 1)) for line in done.stdout.splitlines()]
    assert made == [[], TARGETS[:2], TARGETS[2:]][:reached]
    assert (done.returncode == 0) == (failing == "none")


def test_one_installation_serves_all_targets() -> None:
    plan = ["make", "--dry-run", "--always-make", ".venv/.checks"]
    done = subprocess.run(plan, cwd=ROOT, capture_output=True, text=True, check=True)
    (touched,) = [line for line in done.stdout.splitlines() if line.startswith("touch")]
    assert {f".venv/.{name}" for name in ("core", *TARGETS)} <= set(touched.split())


def test_spelling_is_checked_at_each_commit() -> None:
    assert "$(BIN)/codespell" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "entry: .venv/bin/codespell" in (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
