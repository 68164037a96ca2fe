"""What is learned in the coin game: by selfish players, by a team, and under a planner who fines players.

Each population learns as its scenario says, on kernels and one thread, and plays 256 episodes with held-out keys, which
are the same for all. ``selfish`` is the scenario ``coin_game``; ``team`` divides all rewards equally; ``planner`` is
``coin_game_planner``, whose players are also scored without its fine. Selfish players are also scored in episodes as
long as those with a planner, so that the difference between both is paired by episode and by training seed. Intervals
are over training seeds (95 %). Targets: selfish players take their own colour in 0.50 +/- 0.03 of cases and earn 0 +/-
0.01 per step; a team more than 0.8; the planner's players earn more than selfish ones.

Run: ``python benchmarks/coin_game.py [--seeds 5] [--parts selfish team planner] [--slice MINUTES]``. Every training
run, of half a CPU-minute to one, is recorded when it ends, and the same command continues after those that are
recorded; ``--slice`` starts none after so many minutes.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import torch
from _record import RESULTS, record
from torch import Tensor
from training_speed import Speeds

from econsim import random
from econsim.acceleration import keep_memory
from econsim.analysis.statistics import mean_interval
from econsim.kernels import require_numba
from econsim.play import HeldAction, play
from econsim.scenario import load

PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "selfish": ("coin_game", {}),
    "team": ("coin_game", {"game.pooled_share": 1.0}),
    "planner": ("coin_game_planner", {}),
}
EPISODES, FIRST_SEED = 256, 42
METRICS = ("own_colour_share", "reward_per_step", "coins_per_step")
Runs = dict[str, dict[str, dict[str, Any]]]


def scores_of(game: Any, agents: Any) -> dict[str, float]:
    """Return the mean metrics of episodes with held-out keys."""
    accounts = game.accounts(play(game, agents, keys()).state)
    return {name: round(float(accounts[name].mean()), 5) for name in METRICS}


def keys() -> Tensor:
    """Return the keys of the episodes, the same for all populations."""
    return random.keys(random.held_out_seeds("coin_game", 1)[0], EPISODES)


def trained(part: str, seed: int) -> dict[str, Any]:
    """Train and score one population; return its scores and CPU-seconds."""
    began = time.process_time()
    name, changes = PARTS[part]
    scenario = load(name, changes)
    game, agents = scenario.build("cpu")
    game = game.on_kernels()  # type: ignore[attr-defined]
    assert scenario.training is not None
    fitted = scenario.training.build().fit(game, agents, seed, Speeds())
    found: dict[str, Any] = scores_of(game, fitted)
    if part == "planner":
        role, planner, key = game.roles["planner"], fitted["planner"], random.keys(0, 1)
        payment, _ = planner.act(game.observe(game.reset(key))["planner"], planner.start(game, role, 1), key)
        found |= {"payment": round(float(payment), 3)}
        found["without_payment"] = scores_of(game, {**fitted, "planner": HeldAction(torch.zeros(1))})
    else:
        short = load("coin_game_planner").build("cpu")[0].inner.on_kernels()  # type: ignore[attr-defined]
        found["in_short_episodes"] = scores_of(short, fitted)
    return {**found, "cpu_seconds": round(time.process_time() - began)}


def interval(values: list[float]) -> dict[str, Any]:
    """Return the mean of training seeds with its 95 % interval; null where there is none."""
    mean = mean_interval(values)
    ends = [None if end is None else round(end, 4) for end in (mean.low, mean.high)]
    return {"mean": round(mean.mean, 4), "interval": ends, "seeds": len(values)}


def summary(runs: Runs) -> dict[str, Any]:
    """Return the means over seeds of every part, and what the planner adds to the reward of the same seeds."""
    result: dict[str, Any] = {
        part: {name: interval([run[name] for run in of_seed.values()]) for name in METRICS}
        for part, of_seed in runs.items()
    }
    planned, selfish, reward = runs.get("planner", {}), runs.get("selfish", {}), "reward_per_step"
    if common := [seed for seed in planned if seed in selfish]:
        paired = [planned[seed][reward] - selfish[seed]["in_short_episodes"][reward] for seed in common]
        without = [run[reward] - run["without_payment"][reward] for run in planned.values()]
        result["planner"] |= {
            "payment": interval([run["payment"] for run in planned.values()]),
            "more_reward_than_selfish": interval(paired),
            "more_reward_than_without_payment": interval(without),
        }
    return {"episodes": EPISODES, **result, "runs": runs}


def recorded() -> Runs:
    """Return the training runs that the committed result has."""
    path = RESULTS / "coin_game.json"
    runs: Runs = json.loads(path.read_text("utf-8"))["result"]["runs"] if path.is_file() else {}
    return runs


def main() -> None:
    """Train what is not recorded yet, one population at a time, and record each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--slice", type=float, default=float("inf"), metavar="MINUTES")
    given = parser.parse_args()
    require_numba()
    torch.set_num_threads(1)
    keep_memory()
    deadline = time.monotonic() + 60 * given.slice
    for seed in map(str, range(FIRST_SEED, FIRST_SEED + given.seeds)):
        for part in given.parts:
            if seed not in recorded().get(part, {}) and time.monotonic() < deadline:
                run = trained(part, int(seed))
                runs = recorded()  # another process may have recorded others in the meantime
                record("coin_game", summary({**runs, part: {**runs.get(part, {}), seed: run}}), seed=FIRST_SEED)


if __name__ == "__main__":
    main()
