"""The export from Tax-Calculator, with a stand-in for the package: only the conversion is tested here.

The package itself takes 600 MB and minutes to compile.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from econsim.errors import UserError
from econsim.interop.taxcalc import export, percentiles
from econsim.scenario import load

WAGES = np.concatenate([np.zeros(50), np.arange(1.0, 1001.0) * 100.0])
RATES = (0.1, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37)
ENDS = (11_925.0, 48_475.0, 103_350.0, 197_300.0, 250_525.0, 626_350.0)


class _Policy:
    start_year, end_year = 2013, 2035

    def set_year(self, year: int) -> None:
        """Show parameters as the package does: rates ``[1]``, amounts ``[1, 5]`` by filing status, single first."""
        for bracket, rate in enumerate(RATES, start=1):
            setattr(self, f"II_rt{bracket}", np.array([rate]))
        for bracket, end in enumerate(ENDS, start=1):
            setattr(self, f"II_brk{bracket}", np.array([[end, 2 * end, end, end, 2 * end]]))
        self.STD = np.array([[15_750.0, 31_500.0, 15_750.0, 23_625.0, 31_500.0]])


class _Calculator:
    def __init__(self, policy: Any, records: Any, verbose: bool) -> None:
        self.year = 0

    def advance_to_year(self, year: int) -> None:
        self.year = year

    def array(self, name: str) -> Any:
        return {"e00200p": WAGES, "e00200s": np.zeros_like(WAGES), "s006": np.full_like(WAGES, 3.0)}[name]


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("taxcalc")
    vars(module).update(Policy=_Policy, Calculator=_Calculator, Records=SimpleNamespace(cps_constructor=lambda: None))
    monkeypatch.setitem(sys.modules, "taxcalc", module)


def test_the_scenario_holds_people_and_law(tmp_path: Path) -> None:
    scenario = load(str(export(tmp_path / "us", 2025)), {"agents.worker": "best_response"})
    game: Any = scenario.build("cpu")[0]
    assert game.thresholds.tolist() == [0.0, *ENDS]
    assert game.initial_rates.tolist() == pytest.approx(RATES)
    assert game.settings.standard_deduction == 15_750.0
    quantile = game.settings.population.build().quantile(torch.tensor([0.05, 0.5, 0.95], dtype=torch.float64))
    assert quantile.tolist() == pytest.approx([5_000.0, 50_000.0, 95_000.0])  # wages are uniform up to 100,000


def test_percentiles_weigh_people_and_leave_out_those_without_wages() -> None:
    random = np.random.default_rng(1)
    wages, people = np.round(random.lognormal(10.0, 1.0, 400)) * (random.random(400) < 0.8), random.integers(1, 9, 400)
    each = np.repeat(wages[wages > 0], people[wages > 0])
    for percentile, wage in percentiles(wages, people):
        assert wage == np.quantile(each, percentile / 100, method="inverted_cdf")


def test_wages_that_repeat_give_a_table_that_increases() -> None:
    found = percentiles(np.array([100.0] * 60 + [200.0] * 40), np.ones(100))
    assert found == [(5.0, 100.0), (65.0, 200.0)]


def test_a_year_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--year 1999: Tax-Calculator covers the years 2013 to 2035"):
        export(tmp_path, 1999)


def test_a_missing_package_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "taxcalc", None)
    with pytest.raises(UserError, match=r"pip install 'econsim\[taxcalc\]'"):
        export(tmp_path)
