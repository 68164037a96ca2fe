"""Isolation, tests, quarantine, vaccination, ages and the planner of the epidemic against closed forms."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from econsim import random
from econsim.economies.epidemic import Epidemic, Parameters
from econsim.economies.epidemic.contagion import DEAD
from econsim.errors import UserError
from econsim.kernels import numba_version
from econsim.testing import check_game

needs_kernels = pytest.mark.skipif(numba_version() is None, reason="numba is not installed")
ONE_DAY: dict[str, Any] = {  # infectious on one day only, the fourth
    "exposed_days": 3,
    "infected_days": 1,
    "exposed_infectiousness": 0,
    "infectiousness_mean": 3.5,
}


def epidemic(**parameters: Any) -> Epidemic:
    return Epidemic(Parameters.model_validate({"people": 1000, "initial_exposed": 0.01, **parameters}))


def after(game: Epidemic, days: int, copies: int = 1, actions: dict[str, Tensor] | None = None) -> Any:
    state = game.reset(random.keys(5, copies))
    for _ in range(days):
        state = game.step(state, actions or {}).state
    return state


def share_infected_first(game: Epidemic, copies: int) -> float:
    """Return how many people an infected person infects in the first generation."""
    state = after(game, 4, copies)
    return float(state.today[:, 0].sum()) / (copies * max(1, round(game.settings.initial_exposed * game.people)))


def test_those_who_stay_at_home_protect_themselves_and_others() -> None:
    isolation = {"advice": 0.5, "compliance": 0.8}
    game = epidemic(reproduction=4.0, initial_exposed=0.001, isolation=isolation, **ONE_DAY)
    expected = (1 - 0.4) ** 2 * 4.0
    # Whether the one infectious person is at home makes the number vary more than a Poisson one: 0.6 * 2.4 = expected.
    spread = sqrt(expected + 0.6 * 0.4 * 2.4**2)
    assert share_infected_first(game, 800) == pytest.approx(expected, abs=4 * spread / sqrt(800))


def test_households_infect_each_other_at_home(tmp_path: Path) -> None:
    everybody_at_home = {"advice": 1.0, "compliance": 1.0}
    network = {"kind": "households", "weights": [1, 1, 1]}
    state = after(game := epidemic(reproduction=40.0, network=network, isolation=everybody_at_home), 12, 4)
    people = game.population
    assert people.network is not None
    assert people.at_home is not None
    source = people.network.sources()[people.at_home]
    target = people.network.neighbours.long()[people.at_home]
    first = game.reset(random.keys(5, 4)).stage > 0
    with_a_case = first.clone().int().scatter_reduce(1, target.expand(4, -1), first[:, source].int(), "amax") > 0
    infected = state.stage > 0
    assert not (infected & ~with_a_case).any()  # nobody outside the households of the first people
    assert int(infected.sum()) > int(first.sum())


def test_tests_find_the_infected_after_some_days_and_quarantine_ends_their_contacts() -> None:
    testing = {"capacity": 1.0, "true_positive": 0.8, "false_positive": 0.1, "result_days": 2, "compliance": 0.75}
    game = epidemic(people=4000, initial_exposed=0.25, reproduction=0.0, testing=testing | {"quarantine_days": 4})
    state = after(game, 1)
    assert int(state.today[0, 2]) == 4000  # all were tested
    exposed, negative = state.stage[0] == 1, state.stage[0] == 0
    for group, chance in ((exposed, 0.8), (negative, 0.1)):
        found = float((state.test[0][group] == -2).double().mean())
        assert found == pytest.approx(chance, abs=4 * sqrt(chance * (1 - chance) / float(group.sum())))
    second = game.step(state, {}).state
    assert int(second.today[0, 3]) == 0  # no result yet
    third = game.step(second, {}).state
    positives = int((state.test == -2).sum())
    assert int(third.today[0, 3]) == positives
    assert int(third.today[0, 5]) == int((third.confined == 4).sum())
    assert int((third.confined == 4).sum()) == pytest.approx(0.75 * positives, abs=4 * sqrt(0.1875 * positives))
    assert (third.confined[third.test > 0] == 0).all()  # who is in quarantine is not tested
    # Everybody in quarantine: an epidemic that would infect all others stops.
    stop = {"capacity": 1.0, "true_positive": 1.0, "false_positive": 1.0, "result_days": 1, "compliance": 1.0}
    game = epidemic(reproduction=50.0, testing=stop | {"quarantine_days": 30}, **ONE_DAY)
    assert int(after(game, 30).counts[0, 0]) == 990


def final_sizes(relative: Any, start: Any) -> Any:
    """Return the shares of each group infected: s_a = (1 - e_a) exp(-sum_b R_ab z_b), by iteration."""
    infected = np.ones(len(start))
    for _ in range(2000):
        infected = 1 - (1 - start) * np.exp(-relative @ infected)
    return infected


@needs_kernels
def test_the_final_sizes_of_age_groups_solve_the_equations_of_a_contact_matrix() -> None:
    contacts, shares = np.array([[8.0, 3, 1], [3, 5, 2], [1, 2, 4]]), np.array([0.25, 0.5, 0.25])
    susceptibility = np.array([0.5, 1.0, 1.5])
    ages = {"shares": shares.tolist(), "contacts": contacts.tolist(), "susceptibility": susceptibility.tolist()}
    game = epidemic(people=100_000, reproduction=1.8, ages=ages | {"assignment": "in_order"}).on_kernels()
    total = (contacts * shares[:, None] + (contacts * shares[:, None]).T) / 2  # contacts between groups, reciprocal
    risk = susceptibility[:, None] * total / shares[:, None]  # of a group (row), if all of another (column) infect
    next_generation = susceptibility[:, None] * total / shares[None, :]  # infected (row) by one infecting (column)
    relative = 1.8 * risk / np.abs(np.linalg.eigvals(next_generation)).max()
    state = after(game, 220)
    found = game.accounts(state)["attack_rate_by_age"][0].numpy()
    # Over 8 seeds, standard deviations are at most 0.003.
    np.testing.assert_allclose(found, final_sizes(relative, np.full(3, 0.01)), atol=0.012)


@needs_kernels
def test_vaccinated_people_are_infected_and_die_less_by_the_efficacies() -> None:
    vaccination = {"already": 0.4, "capacity": 0.0, "efficacy": 0.7, "efficacy_against_death": 0.9}
    game = epidemic(people=100_000, reproduction=3.0, mortality=0.5, vaccination=vaccination).on_kernels()
    start = game.reset(random.keys(5, 1))
    state = after(game, 220)
    vaccinated = start.vaccinated[0]
    mixing = 3.0 * np.array([[0.6, 0.4], [0.3 * 0.6, 0.3 * 0.4]])  # of those without and with the vaccine
    expected = final_sizes(mixing, np.full(2, 0.01))
    found = [float((state.stage[0][group] > 0).double().mean()) for group in (~vaccinated, vaccinated)]
    assert found == pytest.approx(expected, abs=0.012)  # standard deviations over 8 seeds are at most 0.003
    ended = (state.stage[0] >= 3) & vaccinated
    assert float((state.stage[0] == DEAD)[ended].double().mean()) == pytest.approx(
        0.05, abs=4 * sqrt(0.0475 / float(ended.sum()))
    )


def test_vaccines_go_to_random_people_at_the_level_that_the_planner_sets() -> None:
    game = epidemic(people=20_000, vaccination={"capacity": 0.1}, planner={"every": 2}, reproduction=0.0)
    state = after(game, 3, 1, {"planner": torch.full((1, 1, 1), 0.5)})
    assert state.levers.tolist() == [[0.5]]
    assert int(state.vaccinated.sum()) / 20_000 == pytest.approx(1 - 0.95**3, abs=4 * sqrt(0.122 / 20_000))


def test_the_planner_sets_measures_on_its_days_only_and_pays_for_them() -> None:
    costs = {"infection": 2.0, "death": 5.0, "home": 0.5, "test": 0.25, "vaccine": 0.125}
    measures: dict[str, Any] = {"isolation": {}, "testing": {}, "vaccination": {}, "costs": costs}
    game = epidemic(people=300, initial_exposed=0.3, planner={"every": 3}, mortality=0.3, **measures)
    state = game.reset(random.keys(0, 2))
    assert state.levers.tolist() == [game.status_quo("planner").tolist()] * 2 == [[0.0, 1.0, 1.0]] * 2
    for day in range(20):
        levels = torch.full((2, 1, 3), (day + 1) / 20)
        transition = game.step(state, {"planner": levels})
        state = transition.state
        torch.testing.assert_close(state.levers, torch.full((2, 3), (day // 3 * 3 + 1) / 20).double())
        given = 0.25 * state.today[:, 2] + 0.125 * state.today[:, 4]
        expected = transition.rewards["person"].double().mean(-1) - given / 300
        torch.testing.assert_close(transition.rewards["planner"][:, 0].double(), expected, rtol=1e-5, atol=1e-6)
    assert int(state.counts[:, DEAD].sum()) > 0


def test_people_decide_on_their_days_and_the_dead_no_more() -> None:
    game = epidemic(people=50, isolation={"decided_by": "people", "every": 2}, mortality=1.0, initial_exposed=0.4)
    state = game.reset(random.keys(0, 1))
    for day in range(12):
        acting = game.observe(state)["person"].acting
        assert torch.equal(acting, (state.stage != DEAD) if day % 2 == 0 else torch.zeros_like(acting))
        state = game.step(state, {"person": torch.full((1, 50), 1 - day % 2)}).state
        assert bool((state.home | (state.stage == DEAD)).all())
    assert int(state.counts[0, DEAD]) == 20
    assert int(state.today[0, 5]) == 30


def test_a_game_with_all_measures_passes_the_conformance_checks() -> None:
    testing = {"capacity": 0.3, "false_positive": 0.1, "break_rate": 0.1}
    game = epidemic(
        people=40,
        initial_exposed=0.2,
        network="households",
        ages={"shares": [1, 1], "contacts": [[5, 1], [1, 3]]},
        isolation={"decided_by": "people"},
        testing=testing,
        vaccination={},
        planner={},
        horizon=20,
        reproduction=[3.0, 2.0, 1.0],
    )
    assert [check for check in check_game(game) if not check.passed] == []


def test_contact_matrices_from_a_file_are_those_in_yaml_and_mistakes_name_the_cell(tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text("age,young,old\nyoung,8,1\nold,2,4\n")
    ages: dict[str, Any] = {"names": ["young", "old"], "shares": [1, 1]}
    mixing = epidemic(ages=ages | {"contacts": str(file)}).population.mixing
    torch.testing.assert_close(mixing, epidemic(ages=ages | {"contacts": [[8, 1], [2, 4]]}).population.mixing)
    for text, message in (
        ("age,young,old\nyoung,8,1\nold,-2,4\n", "contacts.csv:3: column young: expected a number of contacts"),
        ("age,young,old\nold,8,1\nyoung,2,4\n", "expected the rows young, old in the column age"),
        ("age,young\nyoung,8\nold,2\n", "has no column 'old'"),
    ):
        file.write_text(text)
        with pytest.raises(UserError, match=message):
            epidemic(ages=ages | {"contacts": str(file)})
    with pytest.raises(UserError, match=r"economy\.ages\.contacts: cannot read"):
        epidemic(ages=ages | {"contacts": str(tmp_path / "none.csv")})
    with pytest.raises(UserError, match=r"economy\.ages\.contacts: no contact could infect anybody"):
        epidemic(ages=ages | {"contacts": [[0, 0], [0, 0]]})
