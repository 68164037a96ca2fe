from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from dilemma import SILENT, TALKS, Always, Dilemma, Silence, Tossing
from torch import Tensor

import econsim
from econsim import random
from econsim.agents import best_response, fixed_hours, noisy_response, ppo
from econsim.analysis.equilibrium import exact_deviator, trained_deviator, trained_policies, unilateral_gain
from econsim.analysis.equilibrium.unilateral import unilateral_pairs
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.planners import flat

KEY = random.fold(random.keys(1, 4), "gain")
ELASTICITY, UNTAXED = 0.4, 60.0


def one_step(**parameters: Any) -> Game[Any]:
    return econsim.make("one_step", **{"workers": 12, "hours_step": None, **parameters})


def players(workers: Agent, rate: float = 0.0) -> dict[str, Agent]:
    return {"worker": workers, "planner": flat.Flat(flat.Parameters(rate=rate))}


def hours(amount: float) -> Agent:
    return fixed_hours.FixedHours(fixed_hours.Parameters(hours=amount))


def worth(amount: float, rate: float) -> float:
    """Return what a year of work is worth, in incomes of 40 hours: net income less v l0 / d (l / l0)^d."""
    exponent = 1 + 1 / ELASTICITY
    return ((1 - rate) * amount - UNTAXED / exponent * (amount / UNTAXED) ** exponent) / 40


def in_float64(game: Game[Any]) -> Game[Any]:
    return game.to(dtype=torch.float64)


def learned_deviator(
    game: Game[Any], agents: dict[str, Agent], role: str, iterations: int, key: Tensor, seed: int, recorder: Silence
) -> Agent:
    policies = trained_policies(game, agents, role, iterations, seed, recorder)
    return trained_deviator(game, agents, role, policies, key)


# --- the prisoners ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("all_do", "one_does", "expected"), [(SILENT, TALKS, 2.0), (TALKS, SILENT, -1.0)])
def test_one_prisoner_deviates_while_the_other_stays(all_do: int, one_does: int, expected: float) -> None:
    gain = unilateral_gain(Dilemma(), {"prisoner": Always(all_do)}, "prisoner", Always(one_does), KEY)
    assert (gain.difference, gain.largest, gain.over) == (expected, expected, "nothing")


def test_against_a_coin_the_interval_holds_the_expected_gain() -> None:
    key = random.keys(5, 400)
    gain = unilateral_gain(Dilemma(), {"prisoner": Tossing()}, "prisoner", Always(TALKS), key)
    # Tossing earns (3 + 0 + 5 + 1) / 4, talking (5 + 1) / 2.
    assert gain.low is not None
    assert gain.high is not None
    assert gain.low < 0.75 < gain.high
    assert gain.over == "episodes"
    assert gain.high - gain.low < 0.5


def test_a_trained_prisoner_learns_to_talk_and_stays_where_all_talk() -> None:
    def trained(all_do: int) -> float:
        agents: dict[str, Agent] = {"prisoner": Always(all_do)}
        deviator = learned_deviator(Dilemma(), agents, "prisoner", 12, random.keys(8, 4), 0, Silence())
        return unilateral_gain(Dilemma(), agents, "prisoner", deviator, KEY).difference

    assert trained(SILENT) == 2.0
    assert trained(TALKS) == 0.0


def test_a_deviation_is_found_from_a_policy_that_does_not_explore() -> None:
    game, frozen = Dilemma(), ppo.Ppo(ppo.Parameters(hidden=(8,)))
    network = frozen.prepare(game, game.roles["prisoner"], random.keys(0, 1))
    with torch.no_grad():
        network.policy_outputs.bias[SILENT] += 60.0  # silent with certainty, so that training sees nothing else
    agents: dict[str, Agent] = {"prisoner": frozen}
    deviator = learned_deviator(game, agents, "prisoner", 12, random.keys(8, 4), 0, Silence())
    assert unilateral_gain(game, agents, "prisoner", deviator, KEY).difference == 2.0


# --- workers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [{}, {"hours_step": 0.5}, {"redraw_population": True}])
def test_exact_workers_gain_nothing(parameters: dict[str, Any]) -> None:
    game = in_float64(one_step(**parameters))
    exact = best_response.BestResponse(best_response.Parameters())
    assert unilateral_gain(game, players(exact, 0.3), "worker", exact_deviator(), KEY).difference == 0.0


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_fixed_hours_lose_what_the_closed_form_says(rate: float) -> None:
    gain = unilateral_gain(in_float64(one_step()), players(hours(40), rate), "worker", exact_deviator(), KEY)
    best = UNTAXED * (1 - rate) ** ELASTICITY
    assert gain.own == pytest.approx(worth(40, rate), abs=1e-12)
    # float64 powers and sums.
    assert gain.difference == pytest.approx(worth(best, rate) - worth(40, rate), abs=1e-12)
    assert gain.largest == pytest.approx(gain.difference, abs=1e-12)


def test_noise_costs_less_the_more_rational_workers_are() -> None:
    def gain(rationality: float) -> float:
        noisy = noisy_response.NoisyResponse(noisy_response.Parameters(rationality=rationality))
        game = in_float64(one_step(hours_step=0.5))
        return unilateral_gain(game, players(noisy, 0.3), "worker", exact_deviator(), KEY).difference

    assert gain(1.0) > gain(10.0) > gain(1000.0) > 0


def test_of_many_players_some_are_tried_the_same_in_every_episode() -> None:
    game = in_float64(one_step(workers=40))
    agents = players(hours(40))
    pairs = unilateral_pairs(game, agents, "worker", exact_deviator(), KEY, most=7)
    assert pairs.own.shape == pairs.reached.shape == (4, 7)
    assert len(set(pairs.players.tolist())) == 7
    every = unilateral_pairs(game, agents, "worker", exact_deviator(), KEY)
    assert torch.equal(pairs.reached, every.reached[:, pairs.players])


def fresh() -> Agent:
    return hours(40)


def neural() -> Agent:
    """Return a mind whose first weights nobody trained."""
    mind = ppo.Ppo(ppo.Parameters(hidden=(32,)))
    mind.prepare(one_step(), one_step().roles["worker"], random.keys(0, 1))
    return mind


@pytest.mark.parametrize("frozen", [fresh, neural])
def test_a_trained_deviator_finds_most_of_the_exact_gain(frozen: Callable[[], Agent]) -> None:
    game, agents, recorder = one_step(), players(frozen(), 0.4), Silence()
    deviator = learned_deviator(game, agents, "worker", 24, random.keys(8, 2), 3, recorder)
    exact = unilateral_gain(in_float64(game), agents, "worker", exact_deviator(), KEY).difference
    found = unilateral_gain(in_float64(game), agents, "worker", deviator, KEY).difference
    # A lower bound: never above the exact gain, but for rounding.
    assert 0.95 * exact <= found <= exact + 1e-12
    trained = 24 if frozen is fresh else 48  # from the role's own policy, and from new weights
    assert recorder.done == [(done, trained) for done in range(1, trained + 1)]


def test_training_leaves_the_frozen_mind_as_it_was() -> None:
    frozen: Any = neural()
    before = frozen.state_dict()
    learned_deviator(one_step(), players(frozen), "worker", 2, random.keys(8, 2), 3, Silence())
    assert all(torch.equal(value, before[name]) for name, value in frozen.state_dict().items())


def test_a_mind_with_memory_that_shared_its_weights_deviates_with_weights_of_its_own() -> None:
    game = one_step(workers=4)
    mind = ppo.Ppo(ppo.Parameters(hidden=(8,), recurrent=8, shares_with="low"))
    mind.prepare(game, game.roles["worker"], random.keys(0, 1))
    before = mind.state_dict()
    deviator: Any = learned_deviator(game, players(mind), "worker", 2, random.keys(8, 2), 3, Silence())
    after = deviator.deviator.state_dict()
    assert before.keys() == after.keys()
    assert any(not torch.equal(value, after[name]) for name, value in before.items())
    assert unilateral_gain(game, players(mind), "worker", deviator, KEY).count == 4


def test_one_seed_gives_one_deviator() -> None:
    def found(seed: int) -> float:
        deviator = learned_deviator(one_step(), players(hours(40)), "worker", 3, random.keys(8, 2), seed, Silence())
        return unilateral_gain(one_step(), players(hours(40)), "worker", deviator, KEY).reached

    assert found(1) == found(1) != found(2)


def test_leaders_are_refused() -> None:
    with pytest.raises(UserError, match="role planner leads"):
        unilateral_gain(one_step(), players(hours(40)), "planner", hours(40), KEY)
