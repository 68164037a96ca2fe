"""The pandemic in the states: every equation against another version, closed forms, cooldown, actual policies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from economies.pandemic.reference_pandemic import simulate
from scipy.optimize import brentq

from econsim import random
from econsim.agents import ppo
from econsim.analysis.reference_policies import reference_table
from econsim.economies.pandemic_states import PandemicStates, Parameters
from econsim.economies.pandemic_states.economy import FEDERAL, GOVERNOR, KEEP, State
from econsim.economies.pandemic_states.made_data import CODES, made_tables
from econsim.economies.pandemic_states.tables import Tables, read_tables, write_tables
from econsim.game import Observation
from econsim.runs import execute
from econsim.scenario import load
from econsim.testing.endpoints import serve
from econsim.testing.endpoints.chats import Chat

START = date(2020, 3, 22)
# Unlike the defaults, all numbers matter within 60 days: the window is shorter than the history, subsidies change, and
# vaccines arrive.
SHORT: dict[str, Any] = {
    "days": 60,
    "window": 70,
    "cooldown": 5,
    "subsidy_every": 20,
    "vaccination_start": date(2020, 4, 20),
    "daily_vaccines": 3333,
}


def few_states(days: int = 60, count: int = 3) -> Tables:
    made = made_tables(START, days, 5)
    rows = {
        name: value[:count]
        for name, value in vars(made).items()
        if isinstance(value, torch.Tensor) and name != "policy"
    }
    # Ten thousand vaccinated people, so that deaths are not simply a share of the recovered.
    recovered, vaccinated = rows["recovered"] + 10_000, rows["vaccinated"] + 10_000
    return replace(
        made,
        names=made.names[:count],
        policy=made.policy[:, :count],
        subsidies={START + timedelta(days=24): 12e9},
        **{**rows, "recovered": recovered, "vaccinated": vaccinated},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("states")
    write_tables(few_states(), path, START)
    return path


def small(folder: Path, **parameters: Any) -> PandemicStates:
    game = PandemicStates(Parameters.model_validate({"folder": str(folder), **SHORT, **parameters}))
    return game.to(dtype=torch.float64)  # type: ignore[return-value]


def played(game: PandemicStates, copies: int = 1) -> tuple[list[State], list[Mapping[str, torch.Tensor]]]:
    """Return the states and rewards of an episode of random legal actions."""
    state = game.reset(random.keys(0, copies))
    states, rewards = [state], []
    for time in range(game.horizon):
        seen = game.observe(state)
        drawn = random.gumbel(state.key, time, "test", tuple(seen[GOVERNOR].action_mask.shape[1:]))  # type: ignore[union-attr]
        governor = torch.where(seen[GOVERNOR].action_mask, drawn, -torch.inf).argmax(-1)  # type: ignore[arg-type]
        federal = random.integers(state.key, time, "test/federal", 21, (1,))
        transition = game.step(state, {GOVERNOR: governor, FEDERAL: federal})
        state = transition.state
        states.append(state)
        rewards.append(transition.rewards)
    return states, rewards


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "intercept_factor": 1.3,
            "slope_factor": 0.8,
            "unemployment_factor": 1.4,
            "health_priority": 0.3,
            "federal_health_priority": 0.45,
            "risk_aversion": 1.0,
            "death_share": 0.05,
        },
    ],
    ids=["published", "changed"],
)
def test_every_equation_against_an_independent_version(folder: Path, changes: dict[str, float]) -> None:
    game = small(folder, **changes)
    states, rewards = played(game)
    levels = np.stack([state.levels[0, -1].numpy() for state in states[1:]]).astype(float)
    subsidies = np.array([float(state.subsidy_level[0]) for state in states[1:]])
    assert len(set(subsidies)) == 3
    assert (np.diff(levels, axis=0) != 0).any(0).all()
    bounds, federal_bounds = (game.constants[name].numpy() for name in ("bounds", "federal_bounds"))
    tables = read_tables(folder, START, 5, 1 / 14)
    days = simulate(tables, game.settings, levels, subsidies, bounds, federal_bounds)
    for state, reward, day in zip(states[1:], rewards, days, strict=True):
        for name in ("susceptible", "infected", "recovered", "vaccinated", "dead", "unemployed", "output"):
            # Both are sums in float64 over at most 70 days; a rounding error of 1e-16 a step leaves ample room.
            np.testing.assert_allclose(getattr(state, name)[0], getattr(day, name), rtol=1e-11, err_msg=name)
        # The published range of an index has 1e-10 added to it, which is 1e-7 of the smallest range here.
        np.testing.assert_allclose(reward[GOVERNOR][0], day.governor, rtol=1e-5)
        np.testing.assert_allclose(reward[FEDERAL][0, 0], day.federal, rtol=1e-5)


def test_bounds_are_the_extremes_of_constant_policies(folder: Path) -> None:
    game = small(folder)
    raw = np.array([[0.0, 1.0, 0.0, 1.0]] * 3).T  # with these bounds, indices are raw
    for index, weight in enumerate((1 - 1e-12, 1e-12)):  # rewards are then the health index, or the economic index
        tables = replace(
            read_tables(folder, START, 5, 1 / 14),
            health_weight=torch.full((3,), weight, dtype=torch.float64),
            federal_health_weight=weight,
        )
        days = [
            day
            for level in (1.0, 10.0)
            for day in simulate(tables, game.settings, np.full((60, 3), level), np.zeros(60), raw, raw[:, 0])
        ]
        for name, values in (("bounds", [d.governor for d in days]), ("federal_bounds", [[d.federal] for d in days])):
            expected = [np.min(values, 0), np.max(values, 0)]
            # The weight of the other index is 1e-12 of a number at most a hundred times as large.
            np.testing.assert_allclose(game.constants[name][2 * index : 2 * index + 2], expected, rtol=1e-8, atol=1e-13)


def test_people_and_subsidies_are_conserved(folder: Path) -> None:
    game = small(folder, infection_uncertainty=0.2)
    states, _ = played(game, copies=2)
    population = game.constants["population"]
    for state in states:
        people = state.susceptible + state.infected + state.recovered
        torch.testing.assert_close(people, population.expand(2, 3), rtol=1e-14, atol=0)
        torch.testing.assert_close(state.received.sum(-1), state.paid, rtol=1e-14, atol=1e-6)
        assert bool((state.dead <= state.recovered).all())
    assert float(states[-1].paid[0]) > 0
    # In two copies with uncertain infection rates, the epidemics differ.
    assert not torch.equal(states[-1].dead[0], states[-1].dead[1])


def test_the_final_size_of_an_epidemic_is_its_closed_form(folder: Path) -> None:
    # Kermack and McKendrick, with a share r of recovered people first: s = s0 exp(-R (1 - s - r)). In daily steps a
    # susceptible person escapes with 1 - x instead of exp(-x), where x = beta i; as log(1 - x) lies between
    # -x (1 + 0.51 max x) and -x for x below 0.02, the share lies between the solutions for R (1 + 0.51 max x) and R.
    game = small(folder, days=30, window=30, lag=1, cooldown=1, recovery_days=20, daily_vaccines=0)
    game.constants = {**game.constants, "intercept": torch.full((3,), 0.1), "slope": torch.zeros(3)}
    state, population = game.reset(random.keys(0, 1)), game.constants["population"]
    first, recovered = state.susceptible[0] / population, state.recovered[0] / population
    level, largest = torch.ones((1, 3), dtype=torch.int8), torch.zeros(3)
    for _ in range(700):
        state = game.day(state, level, state.subsidy_level, state.free_from)
        largest = torch.maximum(largest, 0.1 * state.infected[0] / population)
    final = state.susceptible[0] / population
    assert float(largest.max()) < 0.02
    for s0, r, x, after in zip(*(v.tolist() for v in (first, recovered, largest, final)), strict=True):

        def closed(reproduction: float, s0: float = s0, r: float = r) -> float:
            return float(brentq(lambda s: s - s0 * np.exp(-reproduction * (1.0 - s - r)), 1e-9, 0.5))

        assert closed(2.0 * (1.0 + 0.51 * x)) < after < closed(2.0)


def test_a_governor_waits_after_a_choice(folder: Path) -> None:
    game = small(folder, cooldown=28)
    state = game.reset(random.keys(0, 1))
    federal = torch.zeros((1, 1), dtype=torch.int64)
    chosen_on: list[int] = []
    for day in range(40):
        free = bool(game.observe(state)[GOVERNOR].acting[0, 0])
        mask = game.observe(state)[GOVERNOR].action_mask
        assert mask is not None
        assert mask[0, 0].tolist() == [True, *[free] * 10]
        level = 3 if day < 20 else 7
        if free and day != 0:
            chosen_on.append(day)
        governor = torch.full((1, 3), KEEP if day == 0 else level)  # also where it is not free, which changes nothing
        state = game.step(state, {GOVERNOR: governor, FEDERAL: federal}).state
        assert int(state.levels[0, -1, 0]) == (
            int(game.constants["levels"][-1, 0]) if day == 0 else 3 if day < 29 else 7
        )
    assert chosen_on == [1, 29]  # keeping the level on day 0 costs nothing


def test_actual_policies_are_those_of_the_data(folder: Path) -> None:
    game = small(folder, policies="actual")
    states, _ = played(game)
    tables = few_states()
    start = (START - tables.first).days
    levels = np.stack([state.levels[0, -1].numpy() for state in states])
    np.testing.assert_array_equal(levels, tables.policy[start:].numpy())
    assert not any(bool(seen.acting.any()) for seen in game.observe(states[5]).values())
    # The subsidy begins on day 24 and is paid for 20 days.
    paying = [day for day, state in enumerate(states) if int(state.subsidy_level[0]) > 0]
    assert paying == list(range(24, 44))
    unit = float(tables.population.sum()) * 20_000 / 20 * 20 / 365
    assert int(states[30].subsidy_level[0]) == round(12e9 / unit)


def test_features_of_a_governor_are_those_of_its_state(folder: Path) -> None:
    game = small(folder, indicators=True)
    states, _ = played(game)
    state, population = states[45], game.constants["population"]
    seen = game.observe(state)[GOVERNOR].features[0, 1]
    lagged = states[45 - 28].levels[0, -1, 1]  # tomorrow's infections depend on the level 29 days before
    expected = [
        float(state.susceptible[0, 1] / population[1]),
        100 * float(state.infected[0, 1] / population[1]),
        float(state.recovered[0, 1] / population[1]),
        1000 * float(state.dead[0, 1] / population[1]),
        float(state.vaccinated[0, 1] / population[1]),
        10 * float(state.unemployed[0, 1] / population[1]),
        float((state.output + state.subsidy)[0, 1] / game.constants["full_output"][1]),
        float(lagged) / 10,
        float(state.levels[0, -1, 1]) / 10,
        0.0,
        1.0,
        0.0,
    ]
    assert seen.tolist() == pytest.approx(expected, rel=1e-12)


def test_a_network_without_hidden_layers_is_log_linear(folder: Path) -> None:
    game = small(folder, indicators=True).to(dtype=torch.float32)
    agent = ppo.Ppo(ppo.Parameters(hidden=()))
    role = game.roles[GOVERNOR]
    agent.prepare(game, role, random.keys(3, 1))
    memory = agent.start(game, role, 1)
    base = game.observe(game.reset(random.keys(0, 1)))[GOVERNOR]
    step = torch.randn(base.features.shape, generator=torch.Generator().manual_seed(0))

    def odds(scale: float) -> torch.Tensor:
        seen = Observation(base.features + scale * step, base.alive, base.acting, base.action_mask, shared=base.shared)
        probabilities = agent.policy(seen, memory)[0].probabilities.log()
        return probabilities - probabilities[..., :1]

    # Log odds are linear in the features: twice the step is twice the change, up to float32.
    torch.testing.assert_close(odds(2.0) - odds(0.0), 2.0 * (odds(1.0) - odds(0.0)), rtol=1e-3, atol=1e-5)


def test_made_data_are_those_of_51_states_and_say_so() -> None:
    game = PandemicStates(Parameters(days=30))
    assert game.names == CODES
    assert len(CODES) == 51
    assert any("made (synthetic)" in warning for warning in game.advice())
    assert "actual (made data)" in game.reference_policies()


@pytest.mark.parametrize("policies", ["chosen", "actual"])
def test_reference_policies_set_their_level_once_and_keep_it(folder: Path, policies: str) -> None:
    game = small(folder, policies=policies)
    references = game.reference_policies()
    assert list(references) == ["actual", "level 1", "level 5", "level 10"]
    table = reference_table(game, random.keys(0, 1)).set_index(["policy", "player"])
    assert table.loc["level 5", "stringency"].tolist() == [5.0] * 3
    assert table.loc["level 5", "subsidy"].tolist() == [0.0] * 3
    actual = few_states()
    start = (START - actual.first).days + 1
    assert table.loc["actual", "stringency"].tolist() == pytest.approx(actual.policy[start:].double().mean(0).tolist())
    # Each policy alone, by the independent version, has the deaths that it has in the batch.
    tables, bounds = read_tables(folder, START, 5, 1 / 14), game.constants["bounds"].numpy()
    *_, last = simulate(tables, game.settings, np.full((60, 3), 5.0), np.zeros(60), bounds, bounds[:, 0])
    deaths = table.loc["level 5", "deaths_per_100k"].to_numpy()
    np.testing.assert_allclose(deaths, 1e5 * last.dead / tables.population.numpy(), rtol=1e-11)


def test_the_headline_is_that_of_an_independent_version() -> None:
    scenario = load("pandemic_states")
    rule = scenario.agents["governor"].parameters
    parameters = scenario.economy.parameters
    assert isinstance(parameters, Parameters)
    tables = made_tables(parameters.start, parameters.days, 5)
    levels = np.zeros((parameters.days, len(CODES)))
    raw = np.array([[0.0, 1.0, 0.0, 1.0]] * len(CODES)).T
    days = simulate(tables, parameters, levels, np.zeros(parameters.days), raw, raw[:, 0])
    infected, free_from = tables.infected.numpy(), np.zeros(len(CODES))
    level = tables.policy[(parameters.start - tables.first).days].numpy().astype(float)
    for day in range(parameters.days):
        per_cent = 100 * infected / tables.population.numpy()
        wanted = np.array([3.0, 6.0, 9.0])[np.searchsorted(rule.thresholds, per_cent, side="right")]  # type: ignore[attr-defined]
        level, free = np.where(day >= free_from, wanted, level), day >= free_from
        free_from = np.where(free, day + parameters.cooldown, free_from)
        levels[day] = level
        last = next(days)
        infected = last.infected
    assert scenario.headline is not None
    # Levels agree exactly and people to rounding; the value in the scenario has ten digits.
    assert last.dead.sum() == pytest.approx(scenario.headline.value, rel=1e-8)


def test_a_language_model_is_asked_for_each_governor_who_may_choose(folder: Path, tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(chat: Chat) -> str:
        asked.append(chat.question)
        return json.dumps({"action": "level_8"})

    with serve(reply) as url:
        changes = {
            "economy": {"kind": "pandemic_states", "folder": str(folder), "days": 4, "cooldown": 3},
            "agents.governor": {"kind": "llm"},
            "headline": None,
            "llm": {"base_url": url, "model": "scripted"},
        }
        run = execute(load("pandemic_states", changes), tmp_path / "run", quiet=True)
    # Three governors choose on days 0 and 3.
    assert run.summary["llm"]["purposes"]["governor"]["questions"] == 6
    assert run.summary["policies"]["free_market"]["scenario"]["mean_stringency"] == 8.0
    assert all("infected" in text for text in asked)
