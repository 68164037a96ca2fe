"""Branches of a run: earlier steps from the record, later ones asked, and events in a scenario of its own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_server import Server, said, serving

from econsim.errors import ScenarioError, UserError
from econsim.runs import Run, execute, open_run
from econsim.runs.branching import branch
from econsim.scenario import load

NEWS = "A war has begun."
SCENARIO: dict[str, Any] = {
    "economy.workers": 3, "economy.tax_years": 3, "economy.steps_per_tax_year": 1, "planner": "us_federal",
    "baselines": [], "evaluation": None, "headline": None, "seed": 1,
}  # fmt: skip


def answer(body: dict[str, Any]) -> str:
    """Work sixty hours in a war, forty in peace."""
    return json.dumps({"hours": 60 if NEWS in said(body) else 40})


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        made.answer = answer
        yield made


@pytest.fixture(scope="module")
def overrides(server: Server) -> dict[str, Any]:
    return SCENARIO | {"llm.base_url": server.base_url, "llm.model": "m", "llm.backoff": 0.0}


@pytest.fixture(scope="module")
def run(overrides: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Run:
    return execute(load("llm_economist", overrides), tmp_path_factory.mktemp("runs") / "run", quiet=True)


def hours(run: Run) -> dict[int, set[float]]:
    return {step: {entry.value for entry in run.transcript(step=step)} for step in (2, 4, 6)}


def test_a_message_is_read_from_its_step_on_and_earlier_steps_need_no_call(run: Run, server: Server) -> None:
    before, asked = (run.path / "answers.sqlite").read_bytes(), len(server.bodies)
    made = branch(run, 4, [f"message.worker={NEWS}"], quiet=True)
    assert made.path == run.path.with_name("run-branch-4")
    assert len(server.bodies) - asked == 3 * 2  # three workers in steps 4 and 6
    assert all(said(body).startswith(f"Announced in step 4: {NEWS}\n") for body in server.bodies[asked:])
    assert hours(run) == {2: {40.0}, 4: {40.0}, 6: {40.0}}
    assert hours(made) == {2: {40.0}, 4: {60.0}, 6: {60.0}}
    assert (run.path / "answers.sqlite").read_bytes() == before


def test_a_reform_changes_the_rates_of_later_tax_years(run: Run, server: Server, tmp_path: Path) -> None:
    asked = len(server.bodies)
    made = branch(run, 4, ["planner=flat", "planner.rate=0.6"], tmp_path / "reform", quiet=True)
    rates = {
        step: made.transcript(step=step, player=0)[0].user.split("lowest bracket first: ")[1] for step in (2, 4, 6)
    }
    assert rates[2].startswith("10 12 22")
    assert rates[4].startswith("10 12 22")  # the year in progress goes on
    assert rates[6].startswith("60 60 60")
    assert len(server.bodies) - asked == 3


def test_the_event_is_part_of_the_scenario_of_the_branch_which_repeats_by_itself(
    run: Run, server: Server, overrides: dict[str, Any], tmp_path: Path
) -> None:
    made = branch(run, 6, [f"message={NEWS}"], tmp_path / "first", quiet=True)
    again, asked = open_run(made.path).scenario, len(server.bodies)
    assert [(event.step, event.message) for event in again.events] == [(6, NEWS)]
    strict = {"llm.mode": "strict_replay", "llm.store": str(made.path), "events": [{"step": 6, "message": NEWS}]}
    repeated = execute(load("llm_economist", overrides | strict), tmp_path / "again", quiet=True)
    assert repeated.summary["policies"] == made.summary["policies"]
    assert len(server.bodies) == asked


def test_what_cannot_change_at_a_step_is_refused_with_what_can(run: Run, server: Server, tmp_path: Path) -> None:
    asked = len(server.bodies)
    with pytest.raises(UserError, match=r"economy\.workers=9: a branch changes planner"):
        branch(run, 4, ["economy.workers=9"], tmp_path / "a", quiet=True)
    with pytest.raises(UserError, match=r"events\.0\.step: expected at most 6, the last step, found 9"):
        branch(run, 9, [f"message={NEWS}"], tmp_path / "b", quiet=True)
    with pytest.raises(UserError, match=r"events\.0\.to: there is no role 'workers'.*worker"):
        branch(run, 4, [f"message.workers={NEWS}"], tmp_path / "c", quiet=True)
    with pytest.raises(UserError, match=r"events\.0\.planner: kind search must be fitted"):
        branch(run, 4, ["planner=search"], tmp_path / "d", quiet=True)
    with pytest.raises(ScenarioError, match="message or a planner"):
        load("llm_economist", {"events": [{"step": 2}]})
    assert not list(tmp_path.iterdir())
    assert len(server.bodies) == asked
