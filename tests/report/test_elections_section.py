"""The section of a report about elections, and the figure of hours under several sets of workers."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from econsim.mechanisms.voting import Election, votes_of
from econsim.report.elections import _voters, election_tables
from econsim.report.trajectories import by_workers
from econsim.report.votes import shares_of_votes
from econsim.runs import execute
from econsim.runs.elections import elections_of
from econsim.runs.folder import Run
from econsim.scenario import load

ALONE = {"baselines": ["free_market"], "evaluation.ceiling": None, "headline": None}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    borda = {"planner.rule": "borda", "economy.tax_years": 3, "economy.population.incomes": [20_000, 30_000, 90_000]}
    folder = tmp_path_factory.mktemp("elections") / "run"
    return execute(load("one_step_democratic", ALONE | borda), folder, quiet=True)


def test_rational_voters_prefer_the_candidates_close_to_them(run: Run) -> None:
    """Utility is single-peaked in a flat rate, so that all prefer rates near their own (Meltzer and Richard 1981)."""
    ((policy, response, seed, held),) = elections_of(run)
    assert (policy, response, seed) == ("elected", "exact", 42)
    assert [election.step for election in held] == [1, 3, 5]  # a year has a step of the planner and one of the workers
    assert held[0].votes == ((0, 1, 2), (1, 0, 2), (2, 1, 0))
    assert held[0].winner == 1  # the median voter's platform
    assert held[0].announced == held[0].promised[1]


def test_years_without_a_difference_are_one_row_per_candidate(run: Run) -> None:
    (table,) = election_tables(run)
    assert [row[:2] for row in table.rows] == [["1 to 3", f"worker_{index}"] for index in range(3)]
    assert [row[4] for row in table.rows] == ["0", "1", "2"]
    assert [row[5] for row in table.rows] == ["", "elected", ""]
    assert "Elections under workers who play exact best responses" in table.name


def test_a_run_without_elections_has_no_section(tmp_path: Path) -> None:
    plain = execute(load("one_step_democratic", ALONE | {"planner": "us_federal"}), tmp_path / "run", quiet=True)
    assert election_tables(plain) == []
    assert not (plain.path / "elections.json").exists()


def test_sets_of_workers_with_other_elections_have_a_panel_each() -> None:
    one = Election(1, ("a", "b"), ((0.1,), (0.2,)), ((0,), (1,), (1,)), (1 / 3, 2 / 3), 1, (0.2,))
    other = one._replace(winner=0, support=(2 / 3, 1 / 3))
    assert len(shares_of_votes({"exact": [one, one], "own": [one, other]}).axes) == 2
    (axes,) = shares_of_votes({"exact": [one, other], "own": [one, other]}).axes
    drawn = {tuple(line.get_xdata()): tuple(line.get_ydata()) for line in axes.lines if line.get_marker() == "o"}
    assert drawn == {(1,): (pytest.approx(2 / 3),), (2,): (pytest.approx(2 / 3),)}


def test_hours_over_time_are_those_of_each_set_of_workers() -> None:
    keys = {"axis": "episode", "policy": "mine", "episode": 0}
    rows = [
        {**keys, "response": response, "step": step, "mean_hours": hours}
        for response, path in {"exact": (40.0, 41.0), "scenario": (60.0, 50.0)}.items()
        for step, hours in enumerate(path, 1)
    ]
    curves = by_workers(pd.DataFrame([*rows, {**rows[0], "policy": "other", "mean_hours": 0.0}]), "mine", "mean_hours")
    assert {name: curve["value"].tolist() for name, curve in curves.items()} == {
        "exact": [40.0, 41.0],
        "scenario": [60.0, 50.0],
    }


def test_approved_candidates_are_listed_for_each_voter_who_approves() -> None:
    ballots = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    votes = votes_of(ballots, "names")
    assert votes == ((0, 1), (1, 2))
    held = Election(1, ("a", "b", "c"), ((0.1,), (0.2,), (0.3,)), votes, (0.5, 0.5, 0.0), 1, (0.2,), "names")
    assert [_voters(held, candidate) for candidate in range(3)] == ["0", "0, 1", "1"]
    assert votes_of(torch.tensor([[1.0, 3.0, 2.0]]), "order") == ((1, 2, 0),)
