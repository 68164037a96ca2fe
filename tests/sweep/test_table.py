"""The table of runs: every combination, each a sound scenario, mistakes before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_economy import RULES

from econsim.errors import ScenarioError, UserError
from econsim.scenario import load
from econsim.scenario.plan import plan_of
from econsim.sweep.request import read_request
from econsim.sweep.table import table_of


def table(axes: dict[str, Any], **more: Any) -> Any:
    return table_of(read_request("one_step", RULES | axes, **more))


def test_every_run_has_the_scenario_that_its_levels_load_to() -> None:
    axes = {"planner": ["flat", {"kind": "flat", "label": "low"}], "planner.rate": "0:0.5:0.25", "seed": "0:2"}
    made = table(axes | {"economy.workers": [10, 12]})
    assert len(made.runs) == 2 * 2 * 2 * 2
    assert len(made.bases) == 2  # one for each planner; numbers are variants
    for run in made.runs[::3]:
        ordered = sorted(run.levels, key=lambda key: key.count("."))
        assert made.variants(run).scenario(run.numbers) == load("one_step", {key: run.levels[key] for key in ordered})


def test_the_last_axis_varies_fastest() -> None:
    runs = table({"planner.rate": [0.1, 0.2], "seed": [5, 6]}).runs
    assert [(run.levels["planner.rate"], run.levels["seed"]) for run in runs] == [
        (0.1, 5), (0.1, 6), (0.2, 5), (0.2, 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"sed": "0:3"}, r"axis: sed: unknown key \(did you mean seed"),
        ({"planner.rat": [0.1, 0.2]}, r"axis: planner.rat: unknown key \(did you mean rate\?\)"),
        ({"economy.workers": [10, 0]}, "axis: economy.workers: expected at least 1, found 0"),
        ({"planner": "flt,saez"}, "there is no 'flt' in planners/"),
        ({"planner.rate": [0.5, 1.5]}, "axis: planner.rate: expected at most 1, found 1.5"),
        # Sound alone, wrong together: the last step does not divide the cap.
        ({"economy.hours_step": [1.0, 0.5], "economy.hours_cap": [100.0, 60.2]}, "does not divide hours_cap 60.2"),
    ],
)
def test_a_mistake_is_told_before_anything_starts(axes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        table(axes)


def test_a_training_that_no_run_uses_is_a_mistake() -> None:
    trained = {"planner": "ppo", "training.iterations": [1, 2], "training": "two_level"}
    unused = {**trained, "planner": ["flat", "saez"], "agents.worker": "best_response"}
    with pytest.raises(ScenarioError, match=r"axis: training\.iterations: two_level trains no agent of this scenario"):
        table(unused)
    made = table({**unused, "planner": ["flat", "ppo"]})
    idle, used = (made.variants(made.runs[place]).first for place in (0, 2))
    assert plan_of(used, used.build_game()).notes == ()
    assert plan_of(idle, idle.build_game()).notes[0].startswith("training=two_level is not used")


def test_a_training_of_the_own_file_that_no_run_uses_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "econsim: 1\neconomy: {kind: one_step, workers: 5}\nagents: {worker: best_response}\nplanner: flat\n"
        "training: two_level\n"
    )
    with pytest.raises(ScenarioError, match=r"own\.yaml:5: training: .* set training: none"):
        table_of(read_request(str(path), {"seed": "0:2"}))
    # Whoever changes who plays inherits the training.
    assert len(table_of(read_request(str(path), {"planner": "flat,us_federal"})).runs) == 2


def test_a_sample_is_crossed_with_the_other_axes() -> None:
    made = table({"planner.rate": "uniform(0,1)", "seed": "0:3"}, sample=("lhs", 4))
    assert len(made.runs) == 12
    assert len({run.levels["planner.rate"] for run in made.runs}) == 4
    with pytest.raises(UserError, match="a range must be sampled"):
        table({"planner.rate": "uniform(0,1)"})


def test_a_file_says_the_same_as_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text("scenario: one_step\naxes:\n  seed: 0:3\n  planner.rate: [0.1, 0.2]\nzip: [[a, b]]\n")
    from_file = read_request(None, {"seed": "0:2"}, ["c,d"], file=file)
    assert from_file == read_request("one_step", {"seed": "0:2", "planner.rate": [0.1, 0.2]}, ["a,b", "c,d"])
    assert read_request(None, ["seed=0:2"], ["c,d"], file=file) == from_file
    file.write_text("scenario: one_step\naxes:\n  economy.workers: [3, 4]\n")
    assert read_request(None, {"game.workers": [5]}, file=file).axes == {"game.workers": [5]}
    file.write_text("scenario: one_step\naxs: {}\n")
    with pytest.raises(ScenarioError, match=r"sweep.yaml:2: axs: unknown key \(did you mean axes\?\)"):
        read_request(None, file=file)
    with pytest.raises(UserError, match="no scenario given"):
        read_request(None)
