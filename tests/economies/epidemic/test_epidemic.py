"""The bare epidemic: numpy on shared random numbers, final sizes, reproduction and growth, weeks, mistakes."""

from __future__ import annotations

from math import exp, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.optimize import brentq
from scipy.stats import gamma
from torch import Tensor

from econsim import random
from econsim.economies.epidemic import Epidemic, Parameters
from econsim.economies.epidemic.contagion import DEATH, EXPOSURE
from econsim.errors import UserError
from econsim.game import leaves
from econsim.kernels import numba_version

needs_kernels = pytest.mark.skipif(numba_version() is None, reason="numba is not installed")


def epidemic(**parameters: Any) -> Epidemic:
    return Epidemic(Parameters.model_validate({"people": 200, "initial_exposed": 0.05, **parameters}))


def played(game: Epidemic, days: int, copies: int = 1, seed: int = 1) -> list[Any]:
    """Return the states of days 0 to ``days``."""
    states = [game.reset(random.keys(seed, copies))]
    for _ in range(days):
        states.append(game.step(states[-1], {}).state)
    return states


class InNumpy:
    """An independent SEIRM in numpy, of one environment copy, on the random numbers of the game."""

    def __init__(self, game: Epidemic, state: Any) -> None:
        settings, network = game.settings, game.population.network
        self.stage, self.day = state.stage[0].numpy().copy(), np.where(state.stage[0] == 1, 0, -1)
        self.key, self.edges = state.key, []
        if network is not None:
            weight = np.ones(len(network.neighbours)) if network.weights is None else network.weights.double().numpy()
            self.edges = list(zip(network.sources().tolist(), network.neighbours.tolist(), weight, strict=True))
        self.mean_weight = sum(weight for *_, weight in self.edges) / len(self.stage)
        mean, sd = settings.infectiousness_mean, settings.infectiousness_sd
        law = gamma(a=(mean / sd) ** 2, scale=sd**2 / mean)
        stages = [settings.exposed_infectiousness] * settings.exposed_days
        stages += [settings.infected_infectiousness] * settings.infected_days
        given = np.array([level * (law.cdf(k + 1) - law.cdf(k)) for k, level in enumerate(stages)])
        self.given, self.exposed_days, self.mortality = given / given.sum(), settings.exposed_days, settings.mortality

    def step(self, time: int, reproduction: float) -> None:
        people, size = range(len(self.stage)), len(self.edges) or len(self.stage)
        infectious = [reproduction * self.given[self.day[i]] if self.stage[i] in (1, 2) else 0.0 for i in people]
        draws = random.uniform(self.key, time, EXPOSURE, (size,), torch.float64)[0].numpy()
        death = random.uniform(self.key, time, DEATH, (len(self.stage),), torch.float64)[0].numpy()
        if self.edges:
            caught = {
                j
                for (i, j, weight), draw in zip(self.edges, draws, strict=True)
                if self.stage[j] == 0 and draw < 1 - exp(-infectious[i] * weight / self.mean_weight)
            }
        else:
            pressure = sum(infectious) / len(self.stage)
            caught = {j for j in people if self.stage[j] == 0 and draws[j] < 1 - exp(-pressure)}
        for i in people:
            if i in caught:
                self.stage[i], self.day[i] = 1, 0
            elif self.stage[i] in (1, 2):
                self.day[i] += 1
                if self.day[i] == len(self.given):
                    self.stage[i] = 4 if death[i] < self.mortality else 3
                elif self.day[i] >= self.exposed_days:
                    self.stage[i] = 2


@pytest.mark.parametrize("network", [None, "small_world", "households"])
def test_the_tensors_play_the_days_of_an_independent_version_in_numpy(network: str | None) -> None:
    weekly = [4.0, 2.0, 6.0, 1.0, 3.0, 3.0]
    game = epidemic(network=network, reproduction=weekly, mortality=0.2, horizon=42)
    states = played(game, 42)
    other = InNumpy(game, states[0])
    for time, state in enumerate(states[1:]):
        other.step(time, weekly[time // 7])
        assert state.stage[0].tolist() == other.stage.tolist(), time
    assert state.stage.dtype == torch.int8  # whole people: no stage is a fraction
    assert min(int((state.stage == stage).sum()) for stage in (0, 3, 4)) > 5


def share_escaping(contacts: float, initially: float) -> float:
    """Return the root of s = (1 - e) exp(-R (1 - s)) (Kermack and McKendrick 1927)."""
    return float(brentq(lambda s: s - (1 - initially) * exp(-contacts * (1 - s)), 0, 1 - initially / 2))


@needs_kernels
@pytest.mark.parametrize("reproduction", [1.5, 2.5])
def test_the_final_size_in_a_well_mixed_population_is_the_closed_form(reproduction: float) -> None:
    game = epidemic(people=200_000, reproduction=reproduction, initial_exposed=0.01, mortality=0.1).on_kernels()
    final = played(game, 200)[-1]
    assert int(final.counts[0, 1:3].sum()) < 60  # the epidemic is over
    size = float(game.accounts(final)["attack_rate"])
    # Over 10 seeds, standard deviations are 0.0025 and 0.0007.
    assert size == pytest.approx(1 - share_escaping(reproduction, 0.01), abs=0.01 if reproduction < 2 else 0.003)
    dead, ended = float(final.counts[0, 4]), float(final.counts[0, 3:].sum())
    assert dead / ended == pytest.approx(0.1, abs=4 * sqrt(0.09 / ended))


@needs_kernels
def test_the_final_size_in_a_random_network_is_that_of_percolation_of_its_edges() -> None:
    # Newman (2002): each contact transmits with T = 1 - exp(-R / c), and degrees have a Poisson distribution of mean c.
    network = {"kind": "stochastic_block", "shares": [1], "probabilities": [[4 / 40_000]]}
    game = epidemic(people=40_000, network=network, reproduction=2.0, initial_exposed=0.01).on_kernels()
    assert game.population.network is not None
    mean = float(game.population.network.degrees.double().mean())
    size = float(game.accounts(played(game, 200)[-1])["attack_rate"])
    # The standard deviation is 0.0043 over 10 seeds.
    assert size == pytest.approx(1 - share_escaping(mean * (1 - exp(-2.0 / mean)), 0.01), abs=0.017)


@pytest.mark.parametrize("network", [None, {"kind": "small_world", "degree": 8}])
def test_an_infected_person_infects_the_reproduction_number_of_people_on_average(network: Any) -> None:
    # Infectious on one day only, so that the first generation is exposed on one day: three days after the first people.
    game = epidemic(
        people=1000,
        network=network,
        reproduction=3.0,
        exposed_days=3,
        infected_days=1,
        exposed_infectiousness=0,
        infectiousness_mean=3.5,
        initial_exposed=0.001,
    )
    states = played(game, 4, copies=300)
    seeds, new = float(states[0].counts[:, 1].sum()), float(states[4].today[:, 0].sum())
    expected = 3.0 if network is None else 8 * (1 - exp(-3.0 / 8))
    assert new / seeds == pytest.approx(expected, abs=4 * sqrt(expected / seeds) + 0.005)  # others infect some twice
    assert [float(state.today[:, 0].sum()) for state in states[1:4]] == [0, 0, 0]


@needs_kernels
def test_an_epidemic_grows_at_the_rate_of_euler_and_lotka() -> None:
    game = epidemic(people=400_000, reproduction=2.0, initial_exposed=0.0005).on_kernels()
    states = played(game, 35)
    days = torch.arange(1, 11).double()  # a person exposed today infects the first others tomorrow
    rate = brentq(lambda r: float((2.0 * game.infectiousness * torch.exp(-r * days)).sum()) - 1, 0, 1)
    first, last = (sum(float(states[day + k].today[0, 0]) for k in range(5)) for day in (15, 30))
    # The standard deviation is 2 % over 5 seeds; 1.3 % of people are no longer susceptible halfway.
    assert log(last / first) / 15 == pytest.approx(rate, rel=0.08)


def exposed_in_days(game: Epidemic, days: int, **parameters: float) -> list[float]:
    states = played(game.with_parameters(**parameters), days, copies=8)  # type: ignore[arg-type]
    return [float(state.today[:, 0].sum()) for state in states[1:]]


def test_the_reproduction_number_of_a_week_acts_in_this_week_only() -> None:
    game = epidemic(people=2000, reproduction=[2.0, 2.0, 2.0], horizon=21)
    base = exposed_in_days(game, 7)
    gradient = [sum(exposed_in_days(game, 7, **{f"reproduction_{week}": 2.5})) - sum(base) for week in (1, 2, 3)]
    assert gradient[0] > 0
    assert gradient[1:] == [0.0, 0.0]
    base, changed = exposed_in_days(game, 21), exposed_in_days(game, 21, reproduction_2=2.5)
    assert changed[:7] == base[:7]
    assert sum(changed[7:14]) > sum(base[7:14])
    # From one state, the number of an earlier week acts no more.
    state = played(game, 14)[-1]
    for week, acts in ((2, False), (3, True)):
        other = game.with_parameters(**{f"reproduction_{week}": 6.0})
        assert torch.equal(other.step(state, {}).state.stage, game.step(state, {}).state.stage) is not acts


def test_copies_play_the_same_alone_and_in_a_batch() -> None:
    game = epidemic(network="small_world", reproduction=3.0)
    games = [game, game.on_kernels()] if numba_version() else [game]
    for one in games:
        batch = played(one, 30, copies=5)[-1]
        state = one.reset(random.keys(1, 5)[3:4])
        for _ in range(30):
            state = one.step(state, {}).state
        alone: dict[str, Tensor] = leaves(state)
        for name, tensor in leaves(batch).items():
            assert torch.equal(tensor[3:4], alone[name]), name


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"reproduction": [2.5, 2.0], "horizon": 21},
            "reproduction has 2 numbers for the 3 weeks of a horizon of 21 days",
        ),
        ({"reproduction": -1.0}, "reproduction -1: expected numbers from 0 to 100"),
        ({"exposed_days": 100, "infected_days": 50}, "are 150 days together; expected at most 120"),
        ({"exposed_infectiousness": 0, "infected_infectiousness": 0}, "are both 0; nobody could infect anybody"),
        ({"ages": {"shares": [1, 1], "mortality": [1, 200]}}, "ages.mortality 200 times mortality 0.01 is above 1"),
        ({"ages": {"shares": [1, 1], "contacts": [[1, 2]]}}, "contacts has 1 entries for 2 age groups"),
        ({"ages": {"shares": [1, 1], "contacts": [[1, 2], [1]]}}, "contacts.1 has 1 entries for 2 age groups"),
        ({"ages": {"shares": [1, 1], "susceptibility": [0, 0]}}, "susceptibility is zero in all age groups"),
        ({"ages": {"shares": [1, 1], "names": ["old", "old"]}}, "two age groups have the same name"),
        ({"planner": {}}, "planner: there is no measure to set"),
        ({"initial_exposed": 0}, "greater than 0"),
    ],
)
def test_a_mistake_is_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        epidemic(**parameters)


def test_what_no_epidemic_can_follow_from_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "edges.csv"
    file.write_text("source,target,weight\n0,1,2\n1,2,-0.5\n")
    with pytest.raises(UserError, match=r"economy\.network: the weight -0\.5 of a contact is negative"):
        epidemic(network={"kind": "edge_list", "file": str(file)})
    with pytest.raises(UserError, match=r"economy\.ages\.shares: none of 200 people belongs to group 2"):
        epidemic(ages={"shares": [1, 1e-9]})
    with pytest.raises(UserError, match=r"economy\.infectiousness_mean: nobody is infectious within 10 days"):
        epidemic(infectiousness_mean=1000.0)
    with pytest.raises(UserError, match=r"economy\.network: no contact could infect anybody"):
        epidemic(network={"kind": "stochastic_block", "shares": [1], "probabilities": [[0]]})
