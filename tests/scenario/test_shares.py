"""Several agents in one role: who is in which group, what a scenario may say of it, and a run with payoffs of each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import econsim
from econsim.errors import ScenarioError, UserError
from econsim.scenario import Scenario, load
from econsim.split_roles import SplitRoles

BASE: dict[str, Any] = {"economy.workers": 10, "training": "none", "baselines": ["free_market"], "evaluation": "none"}
RULES = [{"share": 0.7, "kind": "elastic_rule"}, {"share": 0.3, "kind": "fixed_hours", "hours": 20}]


def mixed(workers: list[Any], **overrides: Any) -> Scenario:
    return load("one_step", {**BASE, "planner": "flat", "headline": "none", **overrides, "agents.worker": workers})


def groups(scenario: Scenario) -> dict[str, tuple[int, ...]]:
    game = scenario.build_game()
    assert isinstance(game, SplitRoles)
    return dict(game.groups["worker"])


def test_shares_are_counts_of_players_drawn_once_for_all_seeds() -> None:
    first = groups(mixed(RULES))
    assert {label: len(players) for label, players in first.items()} == {"elastic_rule": 7, "fixed_hours": 3}
    assert groups(mixed(RULES, seed=9)) == first
    assert first["fixed_hours"] != (7, 8, 9)


@pytest.mark.parametrize(
    ("shares", "counts"),
    [([0.5, 0.25, 0.25], [3, 2, 2]), ([1 / 3, 1 / 3, 1 / 3], [3, 2, 2]), ([0.9, 0.05, 0.05], [6, 1, 0])],
)
def test_the_largest_remainders_are_rounded_up(shares: list[float], counts: list[int]) -> None:
    agents = [{"label": str(place), "share": share, "kind": "best_response"} for place, share in enumerate(shares)]
    scenario = mixed(agents, **{"economy.workers": 7})
    if 0 in counts:
        with pytest.raises(UserError, match="the group 2 has none of the 7 players; give it a larger share"):
            groups(scenario)
    else:
        assert Counter(map(len, groups(scenario).values())) == Counter(counts)


def test_an_index_a_trait_and_the_rest() -> None:
    personas = {"economy.population": {"kind": "personas"}, "economy.workers": 40}
    chosen = [
        {"index": [0, 39], "label": "two", "kind": "fixed_hours"},
        {"trait": {"sex": ["women"]}, "kind": "elastic_rule"},
        "best_response",
    ]
    with pytest.raises(UserError, match=r"agents\.worker: player \d+ is in two groups"):
        groups(mixed(chosen, **personas))
    found = groups(mixed(chosen[1:], **personas))
    traits = load("one_step", personas).build_game().briefing("worker")["traits"]  # type: ignore[attr-defined]
    assert [traits["sex"][player] for player in found["elastic_rule"]] == ["women"] * len(found["elastic_rule"])
    assert "women" not in {traits["sex"][player] for player in found["best_response"]}


@pytest.mark.parametrize(
    ("workers", "message"),
    [
        (
            [{"share": 0.7, "kind": "elastic_rule"}, {"share": 0.1, "kind": "best_response"}],
            "expected shares that sum to 1, found 0.8",
        ),
        (
            [{"share": 0.7, "kind": "elastic_rule"}, {"share": 0.6, "kind": "best_response"}],
            "expected shares that sum to 1, found 1.3",
        ),
        (
            [{"share": 0.5, "kind": "elastic_rule"}, {"share": 0.5, "kind": "elastic_rule"}],
            "two groups have the label elastic",
        ),
        (["elastic_rule", "best_response"], "elastic_rule and best_response have no share, index or trait"),
        ([{"index": [10], "kind": "elastic_rule"}, "best_response"], "expected indices from 0 to 9, found 10"),
        (
            [{"trait": {"edge": [1]}, "kind": "elastic_rule"}, "best_response"],
            "the game reports no trait 'edge' of players",
        ),
        ([{"index": [1], "kind": "elastic_rule"}], "9 players are in no group; add an agent without share"),
    ],
)
def test_groups_that_cannot_be_made_are_refused(workers: list[Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        groups(mixed(workers))


@pytest.mark.parametrize(
    ("workers", "key", "message"),
    [
        ([{"share": 2, "kind": "elastic_rule"}], "agents.worker.0.share", "expected less than or equal to 1|at most 1"),
        ([{"share": 1, "kind": "elastic_rul"}], "agents.worker.0", "did you mean elastic_rule"),
        (
            [{"share": 1, "kind": "elastic_rule", "elastcity": 1}],
            "agents.worker.0.elastcity",
            "did you mean elasticity",
        ),
        (
            [{"share": 0.1, "index": [1], "kind": "elastic_rule"}],
            "agents.worker.0",
            "expected one of share, index and trait",
        ),
        ([], "agents.worker", "expected at least one agent"),
    ],
)
def test_mistakes_name_the_entry(workers: list[Any], key: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        mixed(workers)
    (problem,) = caught.value.problems
    assert problem.key == key
    assert pd.Series([problem.message]).str.contains(message, regex=True).all(), problem.message


def test_a_dump_loads_to_the_same_scenario(tmp_path: Path) -> None:
    scenario = mixed([*RULES[:1], {"agent": "fixed_hours", "share": 0.3, "label": "steady"}])
    path = tmp_path / "again.yaml"
    path.write_text(scenario.dump())
    assert load(path) == scenario
    assert groups(load(path)) == groups(scenario)


@pytest.mark.usefixtures("undrawn")
def test_a_run_reports_the_payoffs_of_each_kind(tmp_path: Path) -> None:
    run = econsim.run(mixed(RULES, episodes=2), out=tmp_path / "run", quiet=True)
    scores = run.summary["policies"]["flat"]["scenario"]
    people = run.accounts[run.accounts["policy"] == "flat"]
    for label, players in groups(run.scenario).items():
        members = people[people["player"].isin(players)]
        assert scores[f"mean_utility/worker/{label}"] == pytest.approx(members["utility"].mean(), rel=1e-9)
        assert scores[f"mean_hours/worker/{label}"] == pytest.approx(members["hours"].mean(), rel=1e-9)
    # 20 hours, whatever is taxed; the whole role's return is that of its players.
    assert scores["mean_hours/worker/fixed_hours"] == 20
    both = [scores[f"return/worker/{label}"] * len(players) for label, players in groups(run.scenario).items()]
    assert scores["return_worker"] == pytest.approx(sum(both) / 10, rel=1e-12)
    page = (run.path / "report.html").read_text()
    assert "Payoffs by kind of agent" in page
    table = pd.read_csv(run.path / "tables" / "groups.csv")
    assert set(table["group"]) == {"worker/elastic_rule", "worker/fixed_hours"}
    assert list(table.columns[:5]) == ["policy", "response", "group", "players", "return"]


def test_learners_and_rules_share_a_role(tmp_path: Path) -> None:
    workers = [{"share": 0.5, "kind": "ppo"}, {"share": 0.3, "kind": "ppo", "label": "other"}, "elastic_rule"]
    training = {"kind": "two_level", "warm_up": 2, "iterations": 2, "copies": 4, "leader_copies": 4}
    scenario = mixed(
        workers,
        training=training,
        planner="ppo",
        evaluation={"workers": "best_response", "floor": None, "ceiling": None},
    )
    run = econsim.run(scenario, out=tmp_path / "run", quiet=True, report=False)
    assert run.plan.last.trained_roles == ("worker/ppo", "worker/other", "planner")
    trained = run.metrics[run.metrics["name"] == "training/return"]
    assert set(trained["role"]) == {"worker/ppo", "worker/other", "planner"}
    assert set(run.summary["policies"]["ppo"]) >= {"exact", "learned"}
    again = econsim.run(scenario, out=tmp_path / "again", quiet=True, report=False)
    assert again.summary["policies"] == run.summary["policies"]
