"""Exact returns in four rooms by payment for the target, for the softly optimal player of ``four_rooms_planner``.

Player and planner are evaluated by an exact dynamic program, without play: the distribution over all cells, both goals
and the target is carried forward through an episode. ``tests/games/test_four_rooms.py`` holds the program against
plain Python on a small map, and against play. Run: ``python benchmarks/four_rooms.py``; a few CPU-seconds.
"""

from __future__ import annotations

from typing import Any

import torch
from _record import record
from torch import Tensor

from econsim import random
from econsim.agents.value_iteration import Parameters
from econsim.game import Game
from econsim.markov import Decisions, soft_policy
from econsim.scenario import load

CENTS = 100  # payments from 0 to 1, in steps of one hundredth


def announced(game: Game[Any], payments: Tensor) -> Decisions:
    """Return the decision problems of the player under each announced payment for the target, ``[C]``."""
    state = game.reset(random.keys(0, len(payments)))
    nothing = torch.zeros(len(payments), 1, dtype=torch.int64)
    after = game.step(state, {"planner": payments[:, None, None], "player": nothing}).state
    problem: Decisions = game.decisions("player", game.observe(after)["player"])  # type: ignore[attr-defined]
    return problem


def first_states(game: Game[Any], problem: Decisions) -> Tensor:
    """Return the distribution over the states of the problem at the start of an episode, ``[S]``."""
    inner, states = game.inner, problem.outcomes.shape[1]  # type: ignore[attr-defined]
    goals, cells = len(inner.constants["goals"]), len(inner.constants["walls"])
    law = torch.zeros(goals, states // goals, dtype=torch.float64)
    assert states == goals * 2 * cells
    law[:, inner.constants["starts"]] = 1.0 / (goals * len(inner.constants["starts"]))
    return law.flatten()


def expected_outcomes(problem: Decisions, policy: Tensor, law: Tensor, horizon: int) -> Tensor:
    """Return the discounted expected number of each outcome in an episode, ``[C, O]``.

    The first step of the player has the discount factor itself as its weight, since the announcement precedes it.
    """
    law, total, weight = law.expand(len(policy), -1), torch.zeros(len(policy), problem.outcomes.shape[-1]), 1.0
    total = total.double()
    for _ in range(horizon):
        weight *= problem.discount
        chosen = law[..., None] * policy  # [C, S, A]
        total = total + weight * torch.einsum("csa,sao->co", chosen, problem.outcomes[0])
        flow = (chosen[..., None] * problem.probabilities).flatten(1)  # [C, S * A * J]
        law = torch.zeros_like(law).index_add(1, problem.next_states.flatten(), flow)
    return total


def returns(scenario: Any, payments: Tensor, temperature: float) -> dict[str, Tensor]:
    """Return the expected returns of planner and player, and the share of visits, under each payment, ``[C]``."""
    game = scenario.build("cpu", torch.float64)[0]
    problem = announced(game, payments)
    policy = soft_policy(problem, temperature)
    law, horizon = first_states(game, problem), game.inner.horizon
    found = expected_outcomes(problem, policy, law, horizon)
    visits, arrivals = found[:, -2], found[:, -1]
    benefit, cost = game.inner.parameters["target_benefit"], game.parameters["cost_of_funds"]
    return {
        "planner": arrivals + (benefit - cost * payments) * visits,
        "player": arrivals + payments * visits,
        "player_alone": arrivals
        / problem.discount,  # in the game without a planner, whose first step is not discounted
        "discounted_visits": visits,
    }


def main() -> None:
    """Compute the returns under all payments, and write the result."""
    torch.set_num_threads(1)
    payments = torch.arange(CENTS + 1, dtype=torch.float64) / CENTS
    found = returns(load("four_rooms_planner"), payments, Parameters().temperature)
    best = int(found["planner"].argmax())
    rows = {
        f"{cents / CENTS:g}": {name: round(float(value[cents]), 4) for name, value in found.items()}
        for cents in (*range(0, CENTS + 1, CENTS // 10), best)
    }
    record("four_rooms", {"best_payment": best / CENTS, "by_payment": rows})


if __name__ == "__main__":
    main()
