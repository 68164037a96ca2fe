"""Runs in one batch give the numbers that each gives alone; what cannot share a batch is told, with the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from small_economy import RULES

from econsim.runs.scoring import Score, scores
from econsim.runs.summary import gap_closed
from econsim.scenario import Scenario
from econsim.scenario.plan import plan_of
from econsim.sweep.batch import Packed, packed_scores
from econsim.sweep.packing import Plan, planned_units
from econsim.sweep.request import read_request
from econsim.sweep.table import Table, table_of


def planned(axes: dict[str, Any], scenario: str = "one_step") -> tuple[Table, Plan]:
    table = table_of(read_request(scenario, axes))
    return table, planned_units(table, workers=1)


def alone(scenario: Scenario) -> list[Score]:
    plan = plan_of(scenario, scenario.build_game())
    return gap_closed(list(scores(plan, plan.build_agents())), scenario)[0]


def both_ways(table: Table, plan: Plan) -> Any:
    """Yield the scores of every packed run, in a batch and alone."""
    for unit in plan.units:
        assert unit.packed
        runs = [Packed(m.number, table.bases[m.base].scenario(m.numbers), m.parameters) for m in unit.members]
        for run, (number, together) in zip(runs, packed_scores(runs), strict=True):
            assert run.number == number
            yield together, alone(run.scenario)


def assert_same(together: list[Score], single: list[Score], tolerance: float = 0.0) -> None:
    assert [(it.policy, it.response, it.seed) for it in together] == [
        (it.policy, it.response, it.seed) for it in single
    ]
    for one, other in zip(together, single, strict=True):
        assert one.metrics.keys() == other.metrics.keys()
        (players,), (others,) = one.accounts, other.accounts
        assert players.columns.keys() == others.columns.keys()
        for name, value in other.metrics.items():
            assert one.metrics[name] == pytest.approx(value, rel=tolerance, abs=tolerance), name
        for name, values in others.columns.items():
            np.testing.assert_allclose(players.columns[name], values, rtol=tolerance, atol=tolerance, err_msg=name)


def test_seeds_and_players_in_a_batch_give_the_same_bits() -> None:
    table, plan = planned(
        RULES
        | {
            "economy.redraw_population": True,
            "agents.worker": ["elastic_rule", "best_response", "noisy_response"],
            "planner": ["flat", "us_federal"],
            "seed": [3, 4, 5],
            "episodes": [1, 3],
        }
    )
    assert len(plan.units) == 1
    assert set(plan.packed) == {"agents.worker", "planner", "seed", "episodes"}
    for together, single in both_ways(table, plan):
        assert_same(together, single)


def test_rates_baselines_and_evaluation_in_a_batch_give_the_same_bits() -> None:
    axes = {
        "planner.label": "own",
        "planner.rate": "0:1:0.2",
        "planner": "flat",
        "baselines": [["free_market", "us_federal"]],
    }
    axes |= {"evaluation": {"workers": "best_response", "floor": "free_market", "ceiling": "own"}}
    table, plan = planned(RULES | axes)
    assert len(plan.units) == 1
    for together, single in both_ways(table, plan):
        assert_same(together, single)


def test_numbers_of_the_economy_are_data_of_one_game() -> None:
    axes = {"economy.utility.elasticity": [0.2, 0.4, 0.7], "game.utility.untaxed_hours": [50, 60]}
    table, plan = planned(RULES | axes | {"agents.worker": "best_response", "economy.hours_step": None})
    assert plan.packed == {key: f"game parameter {key.rpartition('.')[2]}" for key in axes}
    assert len(plan.units) == 1
    for together, single in both_ways(table, plan):
        # A batch of parameters is broadcast: powers of vectors and scalars differ in the last of 53 bits.
        assert_same(together, single, 1e-9)


def test_a_markov_game_of_many_steps_gives_the_same_bits() -> None:
    table, plan = planned(
        {
            "economy.horizon": 30,
            "economy.base_payment": 20.0,  # of a game that keeps its map in a dataclass of tensors
            "agents": {"worker": {"kind": "elastic_rule"}},
            "planner": "flat",
            "planner.rate": [0.0, 0.5],
            "seed": [1, 2],
            "training": "none",
            "evaluation": "none",
            "headline": "none",
            "baselines": [[]],
        },
        "gather_trade_build_taxes",
    )
    assert len(plan.units) == 1
    for together, single in both_ways(table, plan):
        assert_same(together, single)


@pytest.mark.parametrize(
    ("axes", "key", "reason"),
    [
        ({"economy.workers": [10, 12]}, "economy.workers", "not a numeric parameter of the game"),
        ({"economy.hours_step": [0.5, 1.0]}, "economy.hours_step", "not a numeric parameter of the game"),
        ({"economy.population": ["gb2", "pareto"]}, "economy.population", "it changes the game"),
        ({"game.hours_step": [0.5, 1.0]}, "game.hours_step", "not a numeric parameter of the game"),
        ({"planner": "saez", "seed": [1, 2]}, "seed", "saez is fitted separately in each run"),
    ],
)
def test_what_cannot_share_a_batch_says_why(axes: dict[str, Any], key: str, reason: str) -> None:
    assert reason in planned(RULES | axes)[1].apart[key]


def test_a_number_that_changes_more_than_itself_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from econsim.economies.one_step import OneStep

    honest = OneStep.values
    # A game that reads its settings where it should read its parameters.
    monkeypatch.setattr(
        OneStep, "values", lambda self, like: honest(self, like) | {
            "elasticity": torch.tensor([[self.settings.utility.elasticity]], dtype=like.dtype)
        }
    )  # fmt: skip
    axes = {"economy.utility.elasticity": [0.2, 0.4], "agents.worker": "best_response"}
    assert "differ from those of separate runs" in planned(RULES | axes)[1].apart["economy.utility.elasticity"]


def test_without_packing_every_run_is_alone() -> None:
    table = table_of(read_request("one_step", RULES | {"seed": "0:3"}))
    assert [unit.packed for unit in planned_units(table, 1, pack=False).units] == [False] * 3
