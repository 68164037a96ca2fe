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
    return re.findall(r"^make ([a-z]+)", text, re.M)


def _block(page: str) -> str:
    match = re.search(r"^```console\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)
    assert match
    return match[1]


def test_the_pages_ask_for_what_runs() -> None:
    assert _targets((ROOT / ".ci" / "run").read_text(encoding="utf-8")) == TARGETS
    assert set(_targets(_block("CONTRIBUTING.md"))) == set(TARGETS)
    assert "test" in _targets(_block("README.md"))


@pytest.mark.parametrize(("failing", "reached"), [("lint", 1), ("docs", 2), ("test", 3), ("none", 3)])
def test_the_first_failure_ends_the_run(tmp_path: Path, failing: str, reached: int) -> None:
    make = tmp_path / "make"
    make.write_text(f'#!/bin/sh\necho "made $1"\ntest "$1" != {failing}\n')
    make.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", ROOT / ".ci" / "run"], env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [f"made {target}" for target in TARGETS[:reached]]
    assert (done.returncode == 0) == (failing == "none")


def test_spelling_is_checked_at_each_commit() -> None:
    assert "$(BIN)/codespell" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "entry: .venv/bin/codespell" in (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
