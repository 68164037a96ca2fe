"""Damaged and missing files of a run are named, and never read as if they were whole."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from interrupted import flip, interrupted

from econsim.errors import EconsimWarning, RunError
from econsim.report import write_report
from econsim.runs import Run, execute, open_run, resume
from econsim.runs.costs import fit_costs
from econsim.scenario import Scenario
from econsim.storage.manifest import MANIFEST, check_all, record_text, recorded, settle
from econsim.storage.states import load_state, save_state

Make = Callable[..., Scenario]
READ = {
    "summary.json": lambda run: run.summary,
    "environment.json": lambda run: run.environment,
    "metrics.parquet": lambda run: run.metrics,
    "accounts.parquet": lambda run: run.accounts,
    "scenario.yaml": lambda run: run.scenario,
}


def raised(way: Callable[[], object]) -> str:
    """Return the message of the error that ends a function; empty if there is none."""
    try:
        way()
    except RunError as error:
        return str(error)
    return ""


@pytest.fixture
def finished(scenario: Make, tmp_path: Path) -> Run:
    return execute(scenario(seeds=1), tmp_path / "run", quiet=True)


@pytest.mark.parametrize("damage", ["flip", "delete"])
def test_every_listed_file_is_checked_on_opening_resume_and_report(finished: Run, damage: str) -> None:
    listed = json.loads((finished.path / MANIFEST).read_text())["files"]
    assert READ.keys() <= listed.keys()
    for name in listed:
        path = finished.path / name
        content = path.read_bytes()
        flip(path, 8 * len(content) // 2) if damage == "flip" else path.unlink()
        ways = [lambda: resume(finished.path, quiet=True), lambda: write_report(Run(finished.path))]
        ways += [lambda name=name: READ[name](Run(finished.path))] if name in READ else []
        for way in ways:
            if damage == "delete" and name in ("scenario.yaml", "environment.json") and way is ways[0]:
                continue  # without these two, a folder is not that of a run
            with pytest.raises(RunError, match=f"{path}: the file is (damaged|missing)"):
                way()
        path.write_bytes(content)
    assert resume(finished.path, quiet=True).finished
    assert open_run(finished.path).metrics.equals(finished.metrics)


def test_a_damaged_manifest_is_named(finished: Run) -> None:
    manifest = finished.path / MANIFEST
    content = manifest.read_bytes()
    draws = random.Random(1)
    for _ in range(60):
        flip(manifest, draws.randrange(8 * len(content)))
        error = raised(lambda: check_all(finished.path))
        # A flipped bit of white space is none in the content.
        assert MANIFEST in error if error else json.loads(manifest.read_bytes()) == json.loads(content)
        manifest.write_bytes(content)


@pytest.mark.parametrize("files", [{"../outside": ["0"]}, {"/outside": ["0"]}, {"a": []}, ["a"], None])
def test_a_manifest_that_no_run_writes_is_refused(tmp_path: Path, files: object) -> None:
    checksum = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    (tmp_path / MANIFEST).write_text(json.dumps({"format": 1, "sha256": checksum, "files": files}))
    with pytest.raises(RunError, match=r"manifest\.json: the file is damaged"):
        check_all(tmp_path)


@pytest.mark.parametrize("damage", ["flip", "delete"])
def test_every_part_of_an_unfinished_run_is_checked(scenario: Make, tmp_path: Path, damage: str) -> None:
    whole = execute(scenario(), tmp_path / "whole" / "run", quiet=True)
    folder = interrupted(scenario(), tmp_path / "run", step=3)
    parts = sorted((folder / "metrics.parts").glob("[0-9]*.parquet"))
    assert len(parts) > 1
    for path in parts:
        content = path.read_bytes()
        flip(path, 4 * len(content)) if damage == "flip" else path.unlink()
        with pytest.raises(RunError, match=path.name[:5]):
            resume(folder, quiet=True)
        path.write_bytes(content)
    assert resume(folder, quiet=True).metrics.equals(whole.metrics)


def test_no_flipped_bit_of_a_checkpoint_is_read(tmp_path: Path) -> None:
    state = {"step": 120, "metrics_parts": 7, "warnings": ["coarse"], "learner": {"w": torch.arange(4.0), "rate": 0.25}}
    save_state(tmp_path / "a", state)
    path, draws = tmp_path / "a" / "state.json", random.Random(2)
    content, whole = path.read_bytes(), load_state(tmp_path / "a")
    for _ in range(200):
        flip(path, draws.randrange(8 * len(content)))
        error = raised(lambda: load_state(tmp_path / "a"))
        assert str(tmp_path / "a") in error if error else str(load_state(tmp_path / "a")) == str(whole)
        path.write_bytes(content)


def test_a_process_killed_before_or_after_a_file_appears_leaves_a_sound_folder(tmp_path: Path) -> None:
    record_text(tmp_path, "a.txt", "old")
    with suppress(KeyboardInterrupt), recorded(tmp_path, "b.txt"):
        raise KeyboardInterrupt
    check_all(tmp_path)
    record_text(tmp_path, "a.txt", "new")
    (tmp_path / "a.txt").write_text("old")  # as if the process had ended before the file was renamed
    settle(tmp_path)
    (tmp_path / "a.txt").write_text("new")
    with pytest.raises(RunError, match=r"a\.txt: the file is damaged"):
        check_all(tmp_path)


def test_a_run_of_an_older_version_opens_with_a_warning_and_resumes(scenario: Make, tmp_path: Path) -> None:
    whole = execute(scenario(), tmp_path / "whole" / "run", quiet=True)
    folder = interrupted(scenario(), tmp_path / "run")
    (folder / MANIFEST).unlink()
    for path in (folder / "metrics.parts").glob("[0-9]*.parquet"):
        path.rename(path.with_name(f"{path.name[:5]}.parquet"))
    with pytest.warns(EconsimWarning, match=r"run: this run has no manifest\.json, so its files are read without"):
        assert resume(folder, quiet=True).metrics.equals(whole.metrics)


def test_a_folder_renamed_between_kill_and_resume_keeps_one_name_in_its_tables(scenario: Make, tmp_path: Path) -> None:
    folder = interrupted(scenario(), tmp_path / "first")
    renamed = folder.rename(tmp_path / "second")
    assert set(resume(renamed, quiet=True).metrics["run"]) == {"first"}


def test_damaged_costs_and_environments_of_older_runs_are_named(finished: Run) -> None:
    (finished.path / MANIFEST).unlink()
    (cost,) = (finished.path / "checkpoints").glob("trained*/cost.json")
    sound = cost.read_text()
    for content in ("{", "[]", '{"policy": "trained"}'):
        cost.write_text(content)
        with pytest.raises(RunError, match=r"cost\.json: the file is damaged"):
            fit_costs(Run(finished.path))
    cost.write_text(sound)
    for content in ("{", "{}", '{"device": "cpu", "threads": "one"}'):
        (finished.path / "environment.json").write_text(content)
        with pytest.raises(RunError, match=r"environment\.json: the file is damaged"):
            _ = Run(finished.path).environment
