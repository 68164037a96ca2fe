"""Every shipped scenario conforms, has a golden trace and names a number that can be checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from econsim.scenario import Scenario, load
from econsim.testing.conformance import Check, check_agents, check_game

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))
SMALL_SEARCH = {"kind": "search", "method": "cma_es", "starts": 1, "generations": 2}
# Skills are dealt out at the start: their headline does not need an episode's thousand steps, nor many buffers of
# incomes. What baselines reach does not depend on how well the optimum was searched for.
SHORT: dict[str, dict[str, Any]] = {
    "bewley": {"economy.periods": 10},
    "commons_planner": {"planner.starts": 1, "planner.generations": 1, "planner.episodes": 2, "baselines": {}},
    "four_rooms_planner": {"planner.method": "cma_es", "planner.generations": 1, "baselines": {}},
    "gather_trade_build": {"economy.horizon": 20, "episodes": 4},
    "gather_trade_build_taxes": {"economy.horizon": 100, "planner.rounds": 2},
    "one_step_income_effects": {"planner": SMALL_SEARCH},
    "one_step_published": {"baselines.search": SMALL_SEARCH},
}
# Of Gather-Trade-Build one scenario plays past the 50 steps after which orders expire. The others differ from it in
# classes, workers and the map, which every step uses. Those of language models play four of their tax years.
STEPS = {
    "aiyagari": 3,
    "bewley": 4,
    "coin_game_": 8,
    "commons_": 8,
    "epidemic": 8,  # past the week after which the reproduction number may change
    "epidemic_": 4,
    "four_rooms": 8,
    "gather_trade_build": 54,
    "gather_trade_build_": 8,
    "krusell_smith": 3,
    "life_cycle": 3,
    "llm_economist": 16,
    "monetary_policy": 3,  # past the first two, in which rule and shock arrive
    "pandemic_states": 30,  # past the 28 days after which governors choose again
    "pandemic_states_": 4,
    "ramsey": 8,  # past the sixth period, in which the second rate comes into force
    "schelling": 6,
    "sugarscape": 2,
}
_checked: dict[str, list[Check]] = {}


def _conformance(name: str, scenario: Scenario) -> list[Check]:
    """Check a scenario; games that several scenarios share are played once."""
    game = f"{scenario.economy.kind.name} {scenario.economy.parameters.model_dump_json()}"
    if game not in _checked:
        steps = next((steps for start, steps in reversed(STEPS.items()) if name.startswith(start)), None)
        _checked[game] = check_game(scenario.build("cpu")[0], steps=steps)
    return _checked[game] + check_agents(scenario)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_conforms(name: str) -> None:
    assert [outcome for outcome in _conformance(name, load(name)) if not outcome.passed] == []


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

    # What baselines reach does not depend on how many years there are.
    short = {"economy.tax_years": 2, "economy.steps_per_tax_year": 1, "baselines.search": SMALL_SEARCH}
    with serve(Scripted()) as base_url:
        model = {"llm.base_url": base_url, "llm.model": Scripted.name}
        found = execute(load(name, short | model), tmp_path / "run", quiet=True).summary["headline"]
    assert found["passed"], found


@pytest.mark.parametrize("name", [name for name in SHIPPED if load(name).training is None and load(name).llm is None])
def test_a_scenario_without_training_reproduces_its_headline(name: str, tmp_path: Path) -> None:
    from econsim.runs import execute

    short = {key: value for start, keys in SHORT.items() if name.startswith(start) for key, value in keys.items()}
    found = execute(load(name, short), tmp_path / "run", quiet=True).summary["headline"]
    assert found["passed"], found


def test_the_demo_reproduces_its_headline_without_its_training(tmp_path: Path) -> None:
    from econsim.runs import execute

    overrides = {"agents.worker": "best_response", "planner": "us_federal", "training": None}
    run = execute(load("one_step", overrides | {"baselines.search": SMALL_SEARCH}), tmp_path / "run", quiet=True)
    assert run.summary["headline"]["passed"]
