"""Agreement of the tensor implementation of Gather-Trade-Build with its plain reference, and conservation residuals.

Episodes of the published length with random legal and illegal actions are played with 4 and 10 workers under no taxes,
federal rates and a random planner; state, masks, observations, accounts and rewards are compared after every step. Then
1,000 episodes of the tensor implementation in double and single precision give the largest residual of each
conservation law. It takes a quarter of an hour on one core. Run: ``python benchmarks/reference_agreement.py``.
"""

from __future__ import annotations

import argparse
from typing import Any, get_args

import torch
from _record import record

from econsim import random
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.reference.agreement import TOLERANCE
from econsim.economies.gather_trade_build.reference.comparison import Planning, Trial, play_tensors

SEED, WORKERS, STEPS = 0, (4, 10), 1000
CONSERVED_EPISODES = 167  # of each of six cases: 1,002 in all


def game_of(workers: int, dtype: torch.dtype) -> GatherTradeBuild:
    game = GatherTradeBuild(Parameters(workers=workers, horizon=STEPS)).to(dtype=dtype)
    assert isinstance(game, GatherTradeBuild)
    return game


def agreement(workers: int, planning: Planning, episodes: int) -> dict[str, Any]:
    """Play both implementations and return their differences; play ends at the first step with a difference."""
    trial = Trial(game_of(workers, torch.float64), random.keys(SEED + workers, episodes), planning)
    different = trial.play(STEPS)
    accounts = trial.both.game.accounts(trial.both.state)
    return {
        "workers": workers,
        "planner": planning,
        "episodes": episodes,
        "steps": trial.both.references[0].time,
        "different": different,
        "happened": {**dict(sorted(trial.happened.items())), "houses": int(trial.both.state.world.built.sum())},
        "checksum": float(accounts["productivity"].sum() + accounts["labour"].sum()),
    }


def conservation(dtype: torch.dtype, episodes: int) -> dict[str, Any]:
    """Play the tensor implementation and return the largest residual of each conservation law over all steps."""
    largest: dict[str, float] = {}
    coin, checksum = 0.0, 0.0
    for workers in WORKERS:
        for planning in get_args(Planning):
            game = game_of(workers, dtype)
            state, found = play_tensors(game, random.keys(SEED + 100 + workers, episodes), planning, STEPS)
            largest |= {name: max(value, largest.get(name, 0.0)) for name, value in found.items()}
            total = state.world.endowment.double().sum(1)
            coin, checksum = max(coin, float(total.max())), checksum + float(total.sum())
    relative = {name: largest[name] / coin for name in ("coin", "taxes")}
    played = episodes * len(WORKERS) * len(get_args(Planning))
    return {"episodes": played, "largest": largest, "relative_to_most_coin": relative, "checksum": checksum}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=34, help="episodes for each of the six cases")
    torch.set_num_threads(1)
    episodes = parser.parse_args().episodes
    compared = [agreement(workers, planning, episodes) for workers in WORKERS for planning in get_args(Planning)]
    laws = {str(dtype): conservation(dtype, CONSERVED_EPISODES) for dtype in (torch.float64, torch.float32)}
    result = {
        "episodes_compared": episodes * len(compared),
        "episodes_that_agree": sum(case["episodes"] for case in compared if not case["different"]),
        "tolerance": TOLERANCE,
        "cases": compared,
        "conservation": laws,
    }
    record("reference_agreement", result, SEED)


if __name__ == "__main__":
    main()
