"""What ``import econsim`` offers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import econsim
from econsim.errors import ScenarioError, UserError
from econsim.scenario import Scenario

CHECKOUT = Path(econsim.__file__).resolve().parent.parent


def test_every_public_name_is_there() -> None:
    assert set(econsim.__all__) <= set(dir(econsim))
    assert all(getattr(econsim, name) for name in econsim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        _ = econsim.lod


def test_load_takes_dotted_and_nested_overrides() -> None:
    dotted = econsim.load("one_step_published", seed=3, **{"economy.workers": 12})
    assert dotted == econsim.load("one_step_published", seed=3, economy={"workers": 12})
    assert (dotted.seed, dotted.economy.dump()["workers"]) == (3, 12)


def test_make_gives_the_game_of_a_kind_or_scenario() -> None:
    assert econsim.make("one_step", workers=12).roles["worker"].count == 12
    # Two tax years of an announcement and a working step each.
    assert econsim.make("one_step_three_brackets", tax_years=2).horizon == 4
    with pytest.raises(ScenarioError, match="argument: worker: unknown key"):
        econsim.make("one_step", worker=12)
    with pytest.raises(UserError, match=r"there is no game or scenario 'one_stp' \(did you mean one_step"):
        econsim.make("one_stp")


def test_make_gives_each_copy_a_row_of_every_parameter() -> None:
    game = econsim.make("one_step", num_envs=3, workers=5)
    assert {tuple(value.shape) for value in game.parameters.values()} == {(3,)}
    with pytest.raises(UserError, match="at least 1"):
        econsim.make("one_step", num_envs=0)
    unnamed: Any = {"workers": 5}
    with pytest.raises(UserError, match=r"a whole number .* given by name, as in make\(\"one_step\", workers=100\)"):
        econsim.make("one_step", unnamed)


def test_run_hands_on_a_scenario_with_its_overrides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    handed: list[tuple[Any, dict[str, Any]]] = []

    def execute(scenario: Scenario, **named: Any) -> SimpleNamespace:
        handed.append((scenario, named))
        return SimpleNamespace(path=tmp_path)

    monkeypatch.setattr("econsim.runs.execute", execute)
    monkeypatch.setattr("econsim.report.reported_run.open_reported_run", lambda path: SimpleNamespace(finished=False))
    econsim.run("one_step_published", seed=5, device="cpu", out=str(tmp_path / "out"), **{"economy.workers": 12})
    econsim.run(econsim.load("one_step_published"), seed=5, **{"economy.workers": 12})
    assert handed[0][0] == handed[1][0]
    assert (handed[0][0].seed, handed[0][1]["out"]) == (5, tmp_path / "out")
    with pytest.raises(ScenarioError, match="seed: expected at least 0"):
        econsim.run("one_step_published", seed=-5)


def test_every_shipped_file_is_sound_and_says_what_it_is() -> None:
    from econsim.scenario import library
    from econsim.scenario.loading import validate_file

    for axis in library.AXES:
        for entry in library.entries(axis):
            validate_file(entry.path)
            assert entry.summary, entry.path
        assert (CHECKOUT / axis / "README.md").is_file()
