"""The folder of a sweep: exclusive, without links, and continued under other versions only with agreement."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_economy import RULES

from econsim.errors import RunError, UserError
from econsim.sweep import Options, Sweep, open_sweep, read_request, resume_sweep, start_sweep

Make = Callable[..., Sweep]
AXES = {"seed": "0:2"}


def unfinished(sweep: Sweep) -> Path:
    """Forget that the last run of a sweep is done."""
    with sqlite3.connect(sweep.path / "index.sqlite") as base:
        base.execute("update runs set state = 'running' where number = 1")
    (sweep.path / "runs" / "000001" / "summary.json").unlink()
    (sweep.path / "runs" / "000001" / "environment.json").unlink()
    return sweep.path


def started_under(folder: Path, **changed: Any) -> None:
    path = folder / "environment.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def test_sweeps_that_start_together_have_folders_of_their_own(
    sweep: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep({"seed": [0]}, name="other")  # with the launcher of this fixture
    monkeypatch.chdir(tmp_path)
    request = read_request("one_step", RULES | {"seed": [0]})
    paths = [start_sweep(request, None, Options(workers=1), quiet=True).path for _ in range(3)]
    assert len(set(paths)) == 3


@pytest.mark.parametrize("name", ["log.txt", "runs/000001/log.txt", "runs/000001", "batches"])
def test_a_link_in_a_sweep_is_refused(sweep: Make, tmp_path: Path, name: str) -> None:
    folder, outside = unfinished(sweep(AXES, pack=False)), tmp_path / "outside"
    path = folder / name
    path.rename(outside) if path.exists() else outside.mkdir()
    before = {file: file.read_bytes() for file in outside.rglob("*") if file.is_file()}
    path.symlink_to(outside)
    with pytest.raises(UserError, match=f"{path}: this is a symbolic link"):
        resume_sweep(folder, quiet=True)
    assert {file: file.read_bytes() for file in outside.rglob("*") if file.is_file()} == before


def test_a_sweep_is_continued_under_other_versions_only_where_accepted(sweep: Make) -> None:
    folder = unfinished(sweep(AXES, pack=False))
    versions = json.loads((folder / "environment.json").read_text())["versions"]
    started_under(folder, versions=versions | {"numpy": "0.0.1"})
    with pytest.raises(UserError, match=rf"numpy 0\.0\.1 -> .*econsim resume {folder} --accept-changed-versions"):
        resume_sweep(folder, quiet=True)
    assert resume_sweep(folder, quiet=True, accept_changed_versions=True).finished
    assert json.loads((folder / "environment.json").read_text())["versions"] == versions
    assert "continued with changed software: numpy 0.0.1 -> " in (folder / "log.txt").read_text()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"results": "memory://elsewhere"}, "--results memory://elsewhere"),
        ({"launcher": "ray", "address": "ray://elsewhere:10001"}, "--launcher ray"),
        ({"launcher": "slurm", "cluster": {"setup": "echo"}}, "--launcher slurm"),
        ({"track": ["tensorboard", "wandb"]}, "--track wandb"),
    ],
)
def test_a_sweep_that_leaves_its_folder_is_continued_only_where_agreed(
    sweep: Make, changed: dict[str, Any], named: str
) -> None:
    folder = unfinished(sweep(AXES, pack=False))
    with sqlite3.connect(folder / "index.sqlite") as base:
        (stored,) = base.execute("select value from about where name = 'options'").fetchone()
        base.execute("update about set value = ? where name = 'options'", [json.dumps(json.loads(stored) | changed)])
    with pytest.raises(UserError, match=rf"this sweep was started with {named}. Confirm with --yes"):
        resume_sweep(folder, quiet=True)
    assert not open_sweep(folder).finished


def test_a_damaged_environment_is_named(sweep: Make) -> None:
    folder = unfinished(sweep(AXES, pack=False))
    (folder / "environment.json").write_text("{")
    with pytest.raises(RunError, match=r"sweep/environment\.json: the file is damaged"):
        resume_sweep(folder, quiet=True)


def test_a_sweep_names_the_plug_in_that_it_needs(sweep: Make) -> None:
    folder = unfinished(sweep(AXES, pack=False))
    started_under(folder, plugins=["ponds"], plugin_options={"ponds": "../my ponds"})
    with sqlite3.connect(folder / "index.sqlite") as base:
        base.execute("update bases set content = replace(content, 'one_step', 'lake')")
    assert open_sweep(folder).command("resume") == f"econsim resume {folder} --plugin '../my ponds'"
    with pytest.raises(UserError, match=r"this sweep used the plug-in ponds; add --plugin '\.\./my ponds'"):
        resume_sweep(folder, quiet=True)
