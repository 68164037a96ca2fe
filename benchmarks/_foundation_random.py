"""Uniform legal play in Foundation, written as one line of JSON per episode.

The script runs in Foundation's environment as ``python _foundation_random.py JOB``, where ``JOB`` is a JSON file with
``configuration``, ``seed``, ``first`` and ``last`` (episodes ``first .. last - 1``). Episode ``e`` depends only on the
seed and on ``e``, so that samples can be extended. Observations take most of Foundation's time and use no random
numbers, and are therefore left out, except for the action masks. A job with ``observe`` set to true computes them; the
figures must be the same.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy
from _foundation_world import build

Outcome = dict[str, Any]


def without_observations(world: Any) -> None:
    """Make ``world`` return only the action masks from every step."""

    def masks_only(flatten_observations: bool = False, flatten_masks: bool = False) -> dict[str, Any]:
        masks = world._generate_masks(flatten_masks=flatten_masks)
        return {str(who): {"action_mask": mask} for who, mask in masks.items()}

    world._generate_observations = masks_only


def actions(observations: dict[str, Any], generator: Any) -> dict[str, Any]:
    """Return a uniform legal action for every worker, and one per bracket for a planner that has a choice."""
    chosen: dict[str, Any] = {}
    for who, seen in observations.items():
        mask = numpy.asarray(seen["action_mask"])
        if who != "p":
            chosen[who] = int(generator.choice(numpy.flatnonzero(mask)))
        elif mask.size > 1:
            chosen[who] = [int(generator.choice(numpy.flatnonzero(head))) for head in mask.reshape(7, -1)]
    return chosen


def play(world: Any, seed: int, episode: int) -> Outcome:
    """Return the final figures of one episode."""
    state, choices = numpy.random.SeedSequence([seed, episode]).spawn(2)
    numpy.random.seed(int(state.generate_state(1)[0]))
    generator = numpy.random.default_rng(choices)
    observations, done = world.reset(), False
    while not done:
        observations, _, finished, _ = world.step(actions(observations, generator))
        done = finished["__all__"]
    return {"episode": episode, **outcome(world)}


def outcome(world: Any) -> Outcome:
    """Return the final figures of an episode, with workers in ascending order of building payment."""
    people = sorted(world.world.agents, key=lambda worker: worker.state["build_payment"])
    names = [worker.idx for worker in people]
    builds = [event["builder"] for events in world.get_component("Build").builds for event in events]
    gathers = [event for events in world.get_component("Gather").gathers for event in events]
    trades = [trade for events in world.get_component("ContinuousDoubleAuction").executed_trades for trade in events]
    collected = [taxes for taxes in world.get_component("PeriodicBracketTax").taxes if taxes]
    return {
        "payment": [worker.state["build_payment"] for worker in people],
        "coin": [worker.total_endowment("Coin") for worker in people],
        "labour": [worker.state["endogenous"]["Labor"] for worker in people],
        "utility": [float(world.curr_optimization_metric[worker.idx]) for worker in people],
        "houses": [builds.count(name) for name in names],
        "tax": [sum(period[str(name)]["tax_paid"] for period in collected) for name in names],
        "prices": {good: [t["price"] for t in trades if t["commodity"] == good] for good in ("Stone", "Wood")},
        "gathered": {good: sum(int(g["n"]) for g in gathers if g["resource"] == good) for good in ("Stone", "Wood")},
    }


def main(job: dict[str, Any]) -> None:
    """Play the episodes of ``job`` and append each to its ``output`` as soon as it ends."""
    world = build(job["configuration"])
    if not job.get("observe", False):
        without_observations(world)
    with Path(job["output"]).open("a") as output:
        for episode in range(job["first"], job["last"]):
            output.write(json.dumps(play(world, job["seed"], episode)) + "\n")
            output.flush()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
