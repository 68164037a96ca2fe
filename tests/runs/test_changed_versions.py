"""A run is continued under other versions only where the user agrees, and the change is noted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from interrupted import interrupted

from econsim import kinds
from econsim.errors import UserError
from econsim.runs import Run, open_run, resume
from econsim.runs.environment import contents_of
from econsim.scenario import Scenario
from econsim.storage.manifest import record_json

Make = Callable[..., Scenario]


def started_under(folder: Path, **versions: Any) -> None:
    """Store other versions in the environment of a run."""
    environment = open_run(folder).environment
    python = versions.pop("python", environment["python"])
    contents = environment["plugin_sha256"] | versions.pop("plugins", {})
    changed = {"versions": environment["versions"] | versions, "python": python, "plugin_sha256": contents}
    record_json(folder, "environment.json", environment | changed)


@pytest.mark.parametrize("package", ["econsim", "torch", "numpy"])
def test_a_change_that_can_change_numbers_is_refused_until_it_is_accepted(
    scenario: Make, tmp_path: Path, package: str
) -> None:
    folder = interrupted(scenario(seeds=1), tmp_path / "run")
    started_under(folder, **{package: "0.0.1"})
    with pytest.raises(UserError, match=rf"{package} 0\.0\.1 -> .*econsim resume {folder}.* --accept-changed-versions"):
        resume(folder, quiet=True)
    run = resume(folder, quiet=True, accept_changed_versions=True)
    (note,) = (warning for warning in run.summary["warnings"] if "continued with changed software" in warning)
    assert f"{package} 0.0.1 -> " in note
    assert Run(folder).environment["versions"][package] != "0.0.1"


def test_other_changes_are_noted(scenario: Make, tmp_path: Path) -> None:
    folder = interrupted(scenario(seeds=1), tmp_path / "run")
    started_under(folder, python="3.0.0", pandas="0.1")
    assert resume(folder, quiet=True).finished
    log = (folder / "log.txt").read_text()
    assert "changed since the start: python 3.0.0 -> " in log
    assert "changed since the start: pandas 0.1 -> " in log


def test_a_changed_plug_in_is_refused(scenario: Make, tmp_path: Path) -> None:
    folder = interrupted(scenario(seeds=1), tmp_path / "run")
    started_under(folder, plugins={"run_toys": "0" * 64})
    with pytest.raises(UserError, match="files of the plug-in run_toys"):
        resume(folder, quiet=True)


def test_the_contents_of_a_plug_in_are_its_code_and_the_files_of_its_kinds(tmp_path: Path) -> None:
    for name in ("lakes/__init__.py", "lakes/economies/lake.py", "lakes/economies/depths.csv", "lakes/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# 1\n")
    kinds.add_plugin(str(tmp_path / "lakes"))
    seen = {contents_of("lakes")}
    for count, name in enumerate(("economies/lake.py", "economies/depths.csv", "__init__.py"), 2):
        (tmp_path / "lakes" / name).write_text("# 2\n")
        seen.add(contents_of("lakes"))
        assert len(seen) == count
    (tmp_path / "lakes" / "notes.txt").write_text("# 2\n")
    (tmp_path / "lakes" / "__pycache__").mkdir()
    (tmp_path / "lakes" / "__pycache__" / "lake.py").write_text("")
    assert contents_of("lakes") in seen
