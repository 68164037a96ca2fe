"""Mean-field Stackelberg learning in the scenario bewley_planner, beside exact households and an exact search.

``two_level`` trains with the budget of the scenario and with four times as much, for one seed a call: the government's
return under the learned households, what a best response would add for a household, and the learned policy beside the
optimum of an exact search over constant policies, both under exact households. ``schemes`` trains the published
alternating scheme, its ablations and cloned households with the same networks, range of actions and budget, and scores
what each government chose under exact households, beside fixed and random policies. ``ai_economist`` among them is
independent PPO of households, first under the status quo, and then of households and government together, as Zheng et
al. (2022) train theirs, in about as many CPU-seconds. ``exact`` is the search.

Run: ``python benchmarks/mean_field.py two_level 1 42``, ``... two_level 4 42``, ``... schemes 42`` and other seeds, and
``... exact``, then without arguments, which writes the result of the parts that are there.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from operator import itemgetter
from statistics import mean
from typing import Any

import numpy as np
import torch
from _audits import Audits
from _record import RESULTS, record
from torch import Tensor

from econsim import random
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.analysis.equilibrium import household_gain
from econsim.economies.bewley import Bewley
from econsim.game import Agent
from econsim.households.exploitability import path_value
from econsim.households.welfare import Value, consumption_equivalent
from econsim.planners.random_schedule import Parameters as RandomSchedules
from econsim.planners.random_schedule import RandomSchedule
from econsim.play import HeldAction, play
from econsim.scenario import load
from econsim.training.mean_field import MeanField, Parameters
from econsim.training.ppo import Parameters as PpoParameters
from econsim.training.ppo import Ppo

SEED = 42
PARTS = RESULTS.parent / "unfinished"
STATUS_QUO = (0.25, 0.18, 0.3)
PPO_COPIES, PPO_ITERATIONS = 16, (55, 85)
RANDOM_EPISODES = 8
FIXED = ("status_quo", "free_market", "us_federal", "saez")
SCHEMES = ("random", "cloned", "ai_economist", "alternating", "no_stackelberg", "no_mean_field", "neither")


def whole(game: Bewley) -> Bewley:
    """Return the economy with the whole population."""
    settings = game.settings.model_copy(update={"households": "distribution"})
    exact = Bewley(settings).to(dtype=torch.float64)
    assert isinstance(exact, Bewley)
    return exact


def exact_score(game: Bewley, action: Any) -> dict[str, float]:
    """Return the government's return under exact households, and the gain over the status quo in consumption."""
    return score_of(game, HeldAction(torch.tensor(action, dtype=torch.float64)), random.keys(SEED, 1))


def score_of(game: Bewley, government: Agent, keys: Tensor) -> dict[str, float]:
    """Return the mean over episodes of ``exact_score`` for a government that need not act alike in all of them."""
    population, values = whole(game), []
    status_quo = HeldAction(torch.tensor(STATUS_QUO, dtype=torch.float64))
    for each, episodes in ((status_quo, keys[:1]), (government, keys)):
        agents: dict[str, Agent] = {"household": ExactHousehold(NoParameters()), "government": each}
        paths = [population.household_path(agents, key[None]) for key in episodes]
        parts = [path_value(population.household_problem, path).mean(path.mass) for path in paths]
        values.append(Value(*(np.mean(part, 0) for part in zip(*parts, strict=True))))
    returns = play(population, agents, keys).returns["government"]
    gain = consumption_equivalent(population.household_problem, *values)
    return {"return": float(returns.mean()), "gain_in_consumption": float(gain)}


def trained(budget: int, seed: int = SEED, scheme: str = "stackelberg", aggregates: str = "moments") -> dict[str, Any]:
    """Train with a multiple of the scenario's budget, and return what was learned."""
    scenario = load("bewley_planner", [f"economy.aggregates={aggregates}"])
    game, agents = scenario.build()
    assert scenario.training is not None
    settings = scenario.training.parameters.model_dump() | {"scheme": scheme, "audit_every": 30 * budget}
    settings |= {name: settings[name] * budget for name in ("cloning", "warm_up", "iterations")}
    begin = time.process_time()
    MeanField(Parameters.model_validate(settings)).fit(game, agents, seed, Audits())
    return {"cpu_seconds": time.process_time() - begin, **outcome(game, agents)}


def independent(seed: int) -> dict[str, Any]:
    """Train households by PPO under the status quo, then households and government, and return what was learned."""
    scenario = load("bewley_planner")
    game, agents = scenario.build()
    first = {**agents, "government": HeldAction(torch.tensor(STATUS_QUO))}
    rate = {"follower": {"learning_rate": 3e-3, "minibatches": 16}, "leader": {"learning_rate": 3e-3, "minibatches": 1}}
    budget = {"copies": PPO_COPIES, "steps": 50}
    begin = time.process_time()
    for cast, iterations in ((first, PPO_ITERATIONS[0]), (agents, PPO_ITERATIONS[1])):
        Ppo(PpoParameters.model_validate({**budget, **rate, "iterations": iterations})).fit(
            game.on_kernels(), cast, seed, Audits()
        )
    return {"cpu_seconds": time.process_time() - begin, **outcome(game, agents)}


def outcome(game: Bewley, agents: Mapping[str, Agent]) -> dict[str, Any]:
    """Return what trained agents do: the policy, returns, gains from a best response, and welfare under exact ones."""
    population, key = whole(game), random.keys(SEED, 1)
    with torch.no_grad():
        episode = play(population, agents, key)
        gains = household_gain(population, agents, key).equivalents
        unreformed = {**agents, "government": HeldAction(torch.tensor(STATUS_QUO, dtype=torch.float64))}
        of_status_quo = household_gain(population, unreformed, key).equivalents
        stationary = play(population, unreformed, key).state
    action = [float(episode.state.policy[0, index]) for index in (1, 2, 3)]
    equilibrium = population.equilibrium
    return {
        "action": action,
        "return_under_learned": float(episode.returns["government"]),
        "gain_from_best_response": {name: gains[name] for name in ("mean", "largest")},
        "gain_at_status_quo": {name: of_status_quo[name] for name in ("mean", "largest")},
        "assets_at_status_quo": float(stationary.capital) / equilibrium.aggregates.assets - 1,
        "interest_at_status_quo": float(stationary.last.interest_rate) - equilibrium.interest_rate,
        "under_exact": exact_score(game, action),
    }


def schemes(seed: int) -> dict[str, Any]:
    """Return what each scheme learns, and fixed policies under the same action map; stored after each."""
    path = PARTS / f"mean_field_schemes_seed_{seed}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    scenario = load("bewley_planner")
    game = scenario.build_game()
    assert isinstance(game, Bewley)
    for label in FIXED:
        agent: Any = scenario.baselines[label].build()
        if label == "saez":
            agent.fit(game, game.roles["government"], {}, seed, Audits())
        action = agent.action(game, game.roles["government"]).double().tolist()
        found[label] = {"action": action, "under_exact": exact_score(game, action)}
    for name in SCHEMES:
        found[name] = found.get(name) or of_scheme(name, game, seed)
        found = {each: found[each] for each in (*FIXED, *SCHEMES) if each in found}
        path.write_text(json.dumps(found, indent=1))
    return found


def of_scheme(name: str, game: Bewley, seed: int) -> dict[str, Any]:
    """Return what a scheme learns, or the score of random policies."""
    if name == "random":
        drawn = random.keys(seed, RANDOM_EPISODES)
        return {"under_exact": score_of(game, RandomSchedule(RandomSchedules()), drawn)}
    return independent(seed) if name == "ai_economist" else trained(1, seed, scheme=name)


def exact() -> dict[str, Any]:
    """Return the optimum of constant policies under exact households."""
    scenario = load("bewley_planner", ["economy.households=distribution"])
    game = scenario.build_game()
    assert isinstance(game, Bewley)
    search: Any = scenario.baselines["search"].build()
    begin = time.process_time()
    agents = {"household": ExactHousehold(NoParameters())}
    search.fit(game, game.roles["government"], agents, SEED, Audits())
    action = search.action(game, game.roles["government"]).tolist()
    return {"cpu_seconds": time.process_time() - begin, "action": action, "under_exact": exact_score(game, action)}


def joined() -> dict[str, Any]:
    """Return the parts that are there, and what they say together."""
    two_level: dict[str, Any] = {}
    for path in sorted(PARTS.glob("mean_field_two_level_*.json")):
        budget, seed = path.stem.removeprefix("mean_field_two_level_").split("_seed_")
        two_level.setdefault(f"budget_{budget}", {})[seed] = json.loads(path.read_text())
    result: dict[str, Any] = {"two_level": two_level}
    if (path := PARTS / "mean_field_exact.json").exists():
        result["exact"] = json.loads(path.read_text())
    for path in sorted(PARTS.glob("mean_field_schemes_seed_*.json")):
        result.setdefault("schemes", {})[path.stem.rpartition("_")[2]] = json.loads(path.read_text())
    few, many = (two_level.get(f"budget_{budget}", {}) for budget in (1, 4))
    if both := sorted(few.keys() & many.keys()):
        result["return_below_four_times_the_budget"] = {
            name: below({seed: (of(few[seed]), of(many[seed])) for seed in both})
            for name, of in (
                ("under_learned", itemgetter("return_under_learned")),
                ("under_exact", lambda part: part["under_exact"]["return"]),
            )
        }
    if few and "exact" in result:
        best = 1 + result["exact"]["under_exact"]["gain_in_consumption"]
        found = {seed: 1 + part["under_exact"]["gain_in_consumption"] for seed, part in few.items()}
        result["below_exact_optimum_in_consumption"] = {seed: best / each - 1 for seed, each in found.items()}
    return result


def below(returns: dict[str, tuple[float, float]]) -> dict[str, float]:
    """Return by how much the first of two returns is below the second, as a share, by seed and of their means."""
    pairs = {**returns, "means": tuple(map(mean, zip(*returns.values(), strict=True)))}
    return {name: (more - less) / abs(more) for name, (less, more) in pairs.items()}


def main(arguments: list[str]) -> None:
    """Compute one part, or join them."""
    if not arguments:
        record("mean_field", joined(), SEED)
        return
    part, *numbers = arguments
    if part == "two_level":
        budget, seed = (int(number) for number in numbers)
        name, work = f"two_level_{budget}_seed_{seed}", lambda: trained(budget, seed)
    elif part == "schemes":
        seed = int(*numbers)
        name, work = f"schemes_seed_{seed}", lambda: schemes(seed)
    else:
        name, work = "exact", exact
    PARTS.mkdir(exist_ok=True)
    (PARTS / f"mean_field_{name}.json").write_text(json.dumps(work(), indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
