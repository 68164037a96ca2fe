"""Every shipped scenario conforms, has a golden trace and names a number that can be checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from econsim.scenario import load
from econsim.testing import check

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))
# Skills are dealt out at the start: their headline does not need an episode's thousand steps.
SHORT = {"gather_trade_build": {"economy.horizon": 100}}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_conforms(name: str) -> None:
    assert [outcome for outcome in check(load(name)) if not outcome.passed] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_has_a_golden_trace_and_a_headline(name: str) -> None:
    assert (ROOT / "tests" / "golden" / f"{name}.json").is_file()
    headline = load(name).headline
    assert headline is not None
    assert headline.source


@pytest.mark.parametrize("name", [name for name in SHIPPED if load(name).llm is not None])
def test_a_scenario_of_language_models_reproduces_its_headline_with_a_scripted_one(name: str, tmp_path: Path) -> None:
    from econsim.runs import execute
    from econsim.testing.endpoints import Scripted, serve

    # What baselines reach does not depend on how many years there are, nor on how well the optimum was searched for.
    short = {"economy.tax_years": 2, "economy.steps_per_tax_year": 1}
    short |= {"baselines.search": {"kind": "search", "starts": 1, "generations": 3, "finest_step": 0.05}}
    with serve(Scripted()) as base_url:
        model = {"llm.base_url": base_url, "llm.model": Scripted.name}
        found = execute(load(name, short | model), tmp_path / "run", quiet=True).summary["headline"]
    assert found["passed"], found


@pytest.mark.parametrize("name", [name for name in SHIPPED if load(name).training is None and load(name).llm is None])
def test_a_scenario_without_training_reproduces_its_headline(name: str, tmp_path: Path) -> None:
    from econsim.runs import execute

    short = next((overrides for start, overrides in SHORT.items() if name.startswith(start)), {})
    found = execute(load(name, short), tmp_path / "run", quiet=True).summary["headline"]
    assert found["passed"], found


def test_the_demo_reproduces_its_headline_without_its_training(tmp_path: Path) -> None:
    from econsim.runs import execute

    overrides = {"agents.worker": "best_response", "planner": "us_federal", "training": None}
    small_search = {"baselines.search": {"kind": "search", "starts": 1, "generations": 5}}
    run = execute(load("one_step", overrides | small_search), tmp_path / "run", quiet=True)
    assert run.summary["headline"]["passed"]
