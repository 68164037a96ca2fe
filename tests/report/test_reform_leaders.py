"""The report of a reform in a game with two planners: each planner's schedule is drawn and named."""

from __future__ import annotations

import pandas as pd
import pytest

from econsim.report import write_reform_report
from econsim.runs import execute
from econsim.runs.counterfactual import counterfactual
from econsim.scenario import load

CHANGES = {
    "economy.horizon": 10,
    "economy.components": ["build", "trade", "gather", {"kind": "tax", "period": 10}],
    "episodes": 2,
    "baselines": [],
    "headline": "none",
}


def test_each_leader_has_its_own_rates(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("regions")
    run = execute(load("gather_trade_build_two_regions", CHANGES), folder / "run", quiet=True)
    result = counterfactual(run, ["planner.rate=0.5"], episodes=2)
    schedules = result.description.schedules
    assert list(schedules) == ["north_planner", "south_planner"]
    # The reform changes the south alone: the north keeps the federal rates of its scenario.
    north, south = schedules["north_planner"], schedules["south_planner"]
    assert north["baseline"].rates == north["reform"].rates == pytest.approx([0.1, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37])
    assert (set(south["baseline"].rates), set(south["reform"].rates)) == ({0.2}, {0.5})
    page = write_reform_report(result, folder / "report")
    text = page.read_text("utf-8")
    for leader, top in (("north_planner", 0.37), ("south_planner", 0.5)):
        assert f"Average and marginal tax rates: {leader}" in text
        assert (page.parent / "figures" / f"tax_rates_{leader}.svg").is_file()
        table = pd.read_csv(page.parent / "tables" / f"tax_rates_{leader}.csv")
        assert table["reform: marginal tax rate, fraction"].iloc[-1] == pytest.approx(top)
