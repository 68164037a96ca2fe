"""Symbolic links in the folders of runs and audits are refused, and nothing outside is written or deleted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from interrupted import interrupted

from econsim.errors import UserError
from econsim.report import write_report
from econsim.runs import Run, execute, open_run, resume
from econsim.runs.incentive_audit import audit
from econsim.scenario import Scenario, load
from econsim.storage.files import write_text

Make = Callable[..., Scenario]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def linked(path: Path, outside: Path) -> None:
    """Replace a file or folder by a link to a copy of it outside."""
    target = outside / path.name.lstrip(".")
    if path.is_dir():
        path.rename(target)
    else:
        target.write_text("precious")
        path.unlink(missing_ok=True)
    path.symlink_to(target)


@pytest.mark.parametrize("name", ["log.txt", ".summary.json.partial", "metrics.parts", "checkpoints", "lock"])
def test_a_link_in_an_unfinished_run_is_refused(scenario: Make, tmp_path: Path, name: str) -> None:
    folder = interrupted(scenario(), tmp_path / "run")
    (tmp_path / "outside").mkdir()
    linked(folder / name, tmp_path / "outside")
    before = contents(tmp_path / "outside")
    for way in (open_run, lambda path: resume(path, quiet=True)):
        with pytest.raises(UserError, match=rf"run/{name}: this is a symbolic link"):
            way(folder)
    assert contents(tmp_path / "outside") == before


def test_a_link_in_a_finished_run_is_refused_by_its_report(scenario: Make, tmp_path: Path) -> None:
    short = {"training": None, "planner": {"kind": "flat"}, "agents": {"worker": {"kind": "best_response"}}}
    run = execute(scenario(**short, baselines={}, evaluation=None), tmp_path / "run", quiet=True)
    (tmp_path / "outside").mkdir()
    for name in ("figures", "tables", ".report.html.partial"):
        (run.path / name).symlink_to(tmp_path / "outside")
        with pytest.raises(UserError, match=rf"run/{name}: this is a symbolic link"):
            write_report(Run(run.path))
        (run.path / name).unlink()
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_link_in_the_folder_of_an_audit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "calls.jsonl").symlink_to(tmp_path / "outside.txt")
    subject = load("one_step", {"economy.workers": 3, "agents.worker": "best_response"})
    with pytest.raises(UserError, match=r"audit/calls\.jsonl: this is a symbolic link"):
        audit(subject, tmp_path / "audit")


def test_a_partial_file_that_is_a_link_is_never_written_through(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("precious")
    (tmp_path / ".a.txt.partial").symlink_to(tmp_path / "outside.txt")
    write_text(tmp_path / "a.txt", "text")
    assert (tmp_path / "outside.txt").read_text() == "precious"
    assert not (tmp_path / "a.txt").is_symlink()


def test_the_folder_itself_may_be_reached_through_a_link(scenario: Make, tmp_path: Path) -> None:
    folder = interrupted(scenario(seeds=1), tmp_path / "run")
    (tmp_path / "latest").symlink_to(folder)
    assert resume(tmp_path / "latest", quiet=True).finished
    shutil.rmtree(folder)
