"""Replay of episodes in Foundation with given actions and random draws; states and observations are recorded each step.

The script runs in Foundation's environment as ``python _foundation_replay.py JOB``. ``JOB`` is an ``npz`` file with
``settings`` (JSON: ``configuration`` and the folder ``output``) and, for ``E`` episodes of ``T`` steps, ``N`` workers
and ``S`` sources:

    position [E, N, 2], payment [E, N], bonus_chance [E, N]       the initial state
    actions [E, T, N], rates [E, T, 7]                            actions; rate 0 keeps the current rate
    order [E, T, N]                                               the order in which workers move
    bonus [E, T, N], regrowth [E, T, S]                           uniform draws; sources of stone, then wood, by rows

It writes ``starts.json``, the initial position of each skill rank by Foundation's own rule, ``labels.json``, the names
of observations, and ``episode_<e>.npz``: arrays over ``T + 1`` observations, the initial one first, and ``T`` rewards.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
from _foundation_world import build
from ai_economist.foundation.components import move  # type: ignore[import-not-found]

GOODS = ("Stone", "Wood")
Arrays = dict[str, Any]


class Chance:
    """Source of given random draws that replaces Foundation's random numbers while an episode is replayed."""

    def __init__(self, world: Any, job: Arrays, episode: int) -> None:
        self.people = world.world.agents
        self.draws = {name: job[name][episode] for name in ("order", "bonus", "regrowth")}
        self.sources = [numpy.argwhere(world.world.maps.get(good + "SourceBlock") > 0) for good in GOODS]
        self.step, self.turn = 0, 0
        self.asked: list[str] = []

    def in_order(self) -> Iterator[Any]:
        """Yield the workers in the given order and record whose turn it is."""
        for number in self.draws["order"][self.step]:
            self.turn = int(number)
            yield self.people[self.turn]

    def bonus(self) -> float:
        """Return the draw for the bonus unit of the worker whose turn it is."""
        return float(self.draws["bonus"][self.step, self.turn])

    def regrowth(self, *shape: int) -> Any:
        """Return the draws of a map; Foundation requests the map of wood first and then the map of stone."""
        good = ("Wood", "Stone")[len(self.asked) % 2]
        self.asked.append(good)
        draws = numpy.split(self.draws["regrowth"][self.step], [len(self.sources[0])])[GOODS.index(good)]
        field = numpy.ones(shape)
        field[tuple(self.sources[GOODS.index(good)].T)] = draws
        return field


class Totals:
    """Running sums of the events that Foundation stores in lists."""

    def __init__(self, workers: int) -> None:
        names = ("bought", "sold", "spent", "earned")
        self.trades = {name: numpy.zeros((workers, len(GOODS))) for name in names}
        self.taxes = {name: numpy.zeros(workers) for name in ("tax", "rebate")}

    def add(self, world: Any) -> None:
        """Add the events of the last step."""
        for trade in world.get_component("ContinuousDoubleAuction").executed_trades[-1]:
            good = GOODS.index(trade["commodity"])
            for who, units, coin in (("buyer", "bought", "spent"), ("seller", "sold", "earned")):
                self.trades[units][trade[who], good] += 1
                self.trades[coin][trade[who], good] += trade["price"]
        collected = world.get_component("PeriodicBracketTax").taxes[-1]
        for number in range(len(world.world.agents) if collected else 0):
            self.taxes["tax"][number] += collected[str(number)]["tax_paid"]
            self.taxes["rebate"][number] += collected[str(number)]["lump_sum"]


def begin(world: Any, job: Arrays, episode: int) -> Any:
    """Reset ``world`` to the given initial state and return its first observations."""
    world.reset()
    people = world.world.agents
    world.world.clear_agent_locs()
    for number, worker in enumerate(people):
        world.world.set_agent_loc(worker, *(int(at) for at in job["position"][episode, number]))
        worker.state["build_payment"] = float(job["payment"][episode, number])
        worker.state["bonus_gather_prob"] = float(job["bonus_chance"][episode, number])
    return world._generate_observations(flatten_observations=True, flatten_masks=True)


def replay(world: Any, job: Arrays, episode: int) -> Arrays:
    """Return the states, observations and rewards of an episode by name, over time."""
    observations = begin(world, job, episode)
    chance, totals = Chance(world, job, episode), Totals(len(world.world.agents))
    world.world.get_random_order_agents = chance.in_order
    move.rand, usual = chance.bonus, numpy.random.rand
    numpy.random.rand = chance.regrowth
    rows, rewards = [snapshot(world, totals, observations)], []
    for step in range(job["actions"].shape[1]):
        chance.step = step
        actions = chosen(world, job["actions"][episode, step], job["rates"][episode, step])
        observations, reward, _, _ = world.step(actions)
        totals.add(world)
        rows.append(snapshot(world, totals, observations))
        rewards.append([reward[str(number)] for number in range(len(world.world.agents))] + [reward["p"]])
    numpy.random.rand = usual
    del world.world.get_random_order_agents
    return {**{name: numpy.stack([row[name] for row in rows]) for name in rows[0]}, "rewards": numpy.array(rewards)}


def chosen(world: Any, actions: Any, rates: Any) -> dict[str, Any]:
    """Return the actions as a dictionary for Foundation."""
    given: dict[str, Any] = {str(number): int(action) for number, action in enumerate(actions)}
    if world.get_component("PeriodicBracketTax").get_n_actions("BasicPlanner"):
        given["p"] = [int(rate) for rate in rates]
    return given


def snapshot(world: Any, totals: Totals, observations: Any) -> Arrays:
    """Return the state and its observations; the first axis of workers' arrays is that of workers."""
    return {
        **_people(world),
        **_market(world),
        **{name: table.copy() for name, table in (totals.trades | totals.taxes).items()},
        **_taxes(world),
        **_seen(observations, len(world.world.agents)),
    }


def _people(world: Any) -> Arrays:
    people, maps = world.world.agents, world.world.maps
    stock = [maps.get(good)[maps.get(good + "SourceBlock") > 0] for good in GOODS]
    metric = world.curr_optimization_metric
    return {
        "position": numpy.array([worker.loc for worker in people]),
        "coin": numpy.array([worker.state["inventory"]["Coin"] for worker in people]),
        "coin_in_escrow": numpy.array([worker.state["escrow"]["Coin"] for worker in people]),
        "goods": numpy.array([[worker.state["inventory"][good] for good in GOODS] for worker in people]),
        "goods_in_escrow": numpy.array([[worker.state["escrow"][good] for good in GOODS] for worker in people]),
        "labour": numpy.array([worker.state["endogenous"]["Labor"] for worker in people]),
        "utility": numpy.array([metric[worker.idx] for worker in people]),
        "welfare": numpy.array(metric["p"]),
        "owner": maps.get("House", owner=True) + 1,
        "stock": numpy.concatenate(stock),
    }


def _market(world: Any) -> Arrays:
    """Return open orders as ``1 + 100 price + age`` by good and worker, ascending, with zeros for no order."""
    auction, count = world.get_component("ContinuousDoubleAuction"), len(world.world.agents)
    book = {}
    for side, who, price in (("bid", "buyer", "bid"), ("ask", "seller", "ask")):
        codes = numpy.zeros((len(GOODS), count, auction.max_num_orders), dtype=numpy.int64)
        for number, good in enumerate(GOODS):
            for worker in range(count):
                own = [order for order in getattr(auction, side + "s")[good] if order[who] == worker]
                found = sorted(1 + 100 * order[price] + order[side + "_lifetime"] for order in own)
                codes[number, worker, auction.max_num_orders - len(found) :] = found
        book[side + "s"] = codes
    return book


def _taxes(world: Any) -> Arrays:
    tax = world.get_component("PeriodicBracketTax")
    held = [worker.total_endowment("Coin") for worker in world.world.agents]
    return {
        "income": numpy.array(held) - numpy.array(tax.last_coin),
        "rates_in_force": numpy.array(tax.curr_marginal_rates, dtype=float),
        "last_income": numpy.array(tax.last_income, dtype=float),
        "last_marginal_rate": numpy.array(tax.last_marginal_rate, dtype=float),
    }


def _seen(observations: Any, workers: int) -> Arrays:
    by_worker = [observations[str(number)] for number in range(workers)]
    planner = observations["p"]
    return {
        "features": numpy.stack([entry["flat"] for entry in by_worker]),
        "map": numpy.stack([entry["world-map"] for entry in by_worker]).astype(numpy.uint8),
        "idx_map": numpy.stack([entry["world-idx_map"] for entry in by_worker]).astype(numpy.uint8),
        "mask": numpy.stack([entry["action_mask"] for entry in by_worker]).astype(bool),
        "planner_features": planner["flat"],
        "of_workers": numpy.stack([planner[f"p{number}"] for number in range(workers)]),
        "planner_mask": numpy.asarray(planner["action_mask"]).astype(bool),
    }


def labels(world: Any) -> dict[str, list[str]]:
    """Return the names of the entries of flat observations."""
    seen = world._generate_observations(flatten_observations=False, flatten_masks=True)

    def names(fields: dict[str, Any]) -> list[str]:
        flat = {name: numpy.atleast_1d(value) for name, value in fields.items() if not isinstance(value, dict)}
        sizes = {name: value.size for name, value in flat.items() if value.ndim == 1 and name != "action_mask"}
        return [
            f"{name}_{index}" if sizes[name] > 1 else name for name in sorted(sizes) for index in range(sizes[name])
        ]

    return {"features": names(seen["0"]), "planner_features": names(seen["p"]), "of_workers": names(seen["p"]["p0"])}


def main(job: Arrays) -> None:
    """Replay every episode of ``job``."""
    settings = json.loads(str(job["settings"]))
    world, folder = build(settings["configuration"]), Path(settings["output"])
    world.reset()
    (folder / "labels.json").write_text(json.dumps(labels(world)))
    by_skill = sorted(world.world.agents, key=lambda worker: worker.state["build_payment"])
    (folder / "starts.json").write_text(json.dumps([[int(at) for at in worker.loc] for worker in by_skill]))
    for episode in range(len(job["actions"])):
        numpy.savez(folder / f"episode_{episode}.npz", **replay(world, job, episode))


if __name__ == "__main__":
    with numpy.load(sys.argv[1]) as archive:
        main(dict(archive))
