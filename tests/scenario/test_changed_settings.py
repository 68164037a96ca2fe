"""Keys that overrides changed: what the description and the headline of a scenario no longer speak of."""

from __future__ import annotations

from pathlib import Path

import pytest

from econsim.runs.summary import headline_check, headline_verdict
from econsim.scenario import load, with_overrides
from econsim.scenario.changes import description_of, headline_changes
from econsim.sweep import read_request
from econsim.sweep.table import table_of
from econsim.sweep.variants import Variants, composed


def verdict(scenario: object, value: float) -> str:
    summary = {"policies": {"us_federal": {"exact": {"welfare": value}}}, "responses": ["exact"]}
    check = headline_check(scenario, summary)  # type: ignore[arg-type]
    assert check is not None
    return headline_verdict(check)


def test_a_value_that_is_repeated_is_no_change() -> None:
    assert load("one_step", ["economy.workers=100", "seeds=1", "planner=ppo"]).changed == ()


def test_changes_add_up_and_survive_the_file(tmp_path: Path) -> None:
    scenario = with_overrides(load("one_step", ["economy.workers=50"]), ["planner=saez", "seed=3"])
    assert scenario.changed == ("economy.workers", "planner", "seed")
    (tmp_path / "scenario.yaml").write_text(scenario.dump())
    assert load(tmp_path / "scenario.yaml") == scenario
    assert description_of(scenario) == "A variant of the scenario one_step, with economy.workers=50, planner=saez."


@pytest.mark.parametrize("override", ["seed=3", "accounts=aggregates", "seeds=2"])
def test_a_description_stays_where_nothing_changed_that_it_may_be_about(override: str) -> None:
    assert description_of(load("one_step", [override])) == load("one_step").description


def test_a_description_that_is_given_stays() -> None:
    assert description_of(load("one_step", ["economy.workers=5", "description=Five workers."])) == "Five workers."


def test_a_headline_fails_only_under_its_own_settings() -> None:
    assert verdict(load("one_step"), 1.0) == "NOT reproduced"
    assert verdict(load("one_step", ["accounts=aggregates"]), 1.0) == "NOT reproduced"
    changed = load("one_step", ["economy.workers=50", "seed=3"])
    assert verdict(changed, 1.0) == "not applicable, since economy.workers and seed were changed"
    assert verdict(changed, 21632.7) == "reproduced"


def test_a_headline_of_a_policy_that_the_run_lacks_does_not_apply() -> None:
    summary = {"policies": {"saez": {"exact": {"welfare": 1.0}}}, "responses": ["exact"]}
    check = headline_check(load("one_step"), summary)
    assert check is not None
    assert headline_verdict(check) == "not applicable, since it has no policy us_federal"


def test_a_headline_that_is_given_with_the_changes_applies() -> None:
    assert headline_changes(load("one_step", ["economy.workers=50", "headline.value=3"])) == []


def test_an_inherited_headline_is_that_of_another_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "mine.yaml").write_text("extends: one_step\neconomy: {workers: 50}\n")
    assert verdict(load("mine"), 1.0) == "not applicable, since it is known for one_step, which mine extends"
    own = "headline: {metric: us_federal.welfare, value: 2, tolerance: 0, source: a book}\n"
    (tmp_path / "scenarios" / "mine.yaml").write_text(f"extends: one_step\neconomy: {{workers: 50}}\n{own}")
    assert verdict(load("mine"), 1.0) == "NOT reproduced"


def test_runs_of_a_sweep_know_their_changes() -> None:
    variants = Variants(composed("one_step", {"planner": "saez"}))
    assert variants.scenario({"economy.workers": 50}).changed == ("planner", "economy.workers")


def test_runs_of_a_sweep_repeat_a_value_without_changing_it() -> None:
    axes = {
        "planner": "ppo",
        "economy.workers": "50,100",
        "evaluation.floor": "free_market,us_federal",
        "seed": "42,43",
    }
    table = table_of(read_request("one_step", axes))
    changed = {tuple(run.levels.values()): table.variants(run).scenario(run.numbers).changed for run in table.runs}
    by_level = {(levels[1], levels[2], levels[3]): keys for levels, keys in changed.items()}
    # The file has a hundred workers, the floor free_market and the seed 42.
    assert by_level[100, "free_market", 42] == ()
    assert by_level[50, "free_market", 42] == ("economy.workers",)
    assert set(by_level[50, "us_federal", 43]) == {"economy.workers", "evaluation.floor", "seed"}
    for run in table.runs:
        keys = table.variants(run).scenario(run.numbers).changed
        assert set(keys) == set(load("one_step", run.levels).changed)


@pytest.mark.parametrize(("rate", "changed"), [(0.2, ()), (0.3, ("planner",))])
def test_a_choice_that_is_repeated_with_its_numbers_is_no_change(
    tmp_path: Path, rate: float, changed: tuple[str, ...]
) -> None:
    path = tmp_path / "flat.yaml"
    path.write_text(
        "extends: one_step\nbaselines: []\nplanner: {kind: flat, rate: 0.2}\nheadline: none\nevaluation: none\n"
    )
    overrides = {"planner.kind": "flat", "planner.rate": 0.2}
    variants = Variants(composed(path, overrides, load(path)))
    assert variants.scenario({"planner.rate": rate}).changed == changed
    assert variants.first.changed == load(path, overrides).changed == ()
