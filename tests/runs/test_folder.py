from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from econsim.errors import RunError, UserError
from econsim.runs import open_run
from econsim.runs.folder import create_run
from econsim.scenario import Scenario


def test_the_scenario_comes_back_equal(scenario: Callable[..., Scenario], tmp_path: Path) -> None:
    made = scenario()
    run = create_run(made, tmp_path / "run", "cpu")
    assert open_run(run.path).scenario == made
    assert not run.finished


def test_a_run_that_is_not_there_names_its_neighbours(scenario: Callable[..., Scenario], tmp_path: Path) -> None:
    create_run(scenario(), tmp_path / "orchard-1", "cpu")
    with pytest.raises(UserError, match=r"orchrad-1: no such run \(did you mean orchard-1\?\)"):
        open_run(tmp_path / "orchrad-1")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a run folder"):
        open_run(tmp_path)


def test_what_is_not_there_yet_says_how_to_get_it(scenario: Callable[..., Scenario], tmp_path: Path) -> None:
    run = create_run(scenario(), tmp_path / "run", "cpu")
    with pytest.raises(UserError, match=r"metrics\.parquet: this file does not exist yet; finish the run with:"):
        _ = run.metrics


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_damaged_files_are_named(scenario: Callable[..., Scenario], tmp_path: Path, content: str) -> None:
    run = create_run(scenario(), tmp_path / "run", "cpu")
    (run.path / "summary.json").write_text(content)
    with pytest.raises(RunError, match=r"summary\.json: the file is damaged"):
        _ = run.summary


def test_a_place_that_cannot_be_a_folder_is_the_users_mistake(
    scenario: Callable[..., Scenario], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot create this run folder"):
        create_run(scenario(), tmp_path / "file" / "run", "cpu")
