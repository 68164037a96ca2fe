"""CPU-seconds to make networks of a million people with ten neighbours on average, beside networkx at 100,000 people.

``from_yaml_cpu_seconds`` is all it takes from a scenario's YAML to the initial state of a money exchange among a
million people with that network. Networkx is measured at a tenth of the size, since a million people take it half a
minute; its time grows a little more than in proportion. Target: 3 s for a million people. Run:
``python benchmarks/networks.py``.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import torch
from _record import record

import econsim
from econsim import kinds, random

PEOPLE = 1_000_000
NETWORKS: dict[str, dict[str, Any]] = {
    "small_world": {},
    "scale_free": {},
    "stochastic_block": {"probabilities": [[1.8e-5, 2e-6], [2e-6, 1.8e-5]]},
    "homophilous": {},
    "households": {},
    "worker_firm": {},
}
PEERS: dict[str, Callable[[], nx.Graph]] = {
    "small_world": lambda: nx.watts_strogatz_graph(PEOPLE // 10, 10, 0.1, seed=1),
    "scale_free": lambda: nx.barabasi_albert_graph(PEOPLE // 10, 5, seed=1),
}


def seconds(make: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    made = make()
    return time.process_time() - began, made


def populated(file: Path) -> int:
    """Return the coins of a population in its initial state, from the file of its scenario."""
    game = econsim.load(file).build_game()
    return int(game.reset(random.keys(1, 1)).wealth.sum())


def scenario_file(folder: Path, people: int, network: dict[str, Any]) -> Path:
    """Write the scenario of a money exchange with a network, and return its file."""
    economy = {"kind": "money_exchange", "people": people, "network": network}
    file = folder / f"{people}.yaml"
    file.write_text(json.dumps({"econsim": 1, "economy": economy, "agents": {"person": "mixed_strategy"}}))
    return file


def main() -> None:
    """Measure on one thread, and write the result."""
    torch.set_num_threads(1)
    result: dict[str, Any] = {}
    for name, parameters in NETWORKS.items():
        kind = kinds.load("networks", name)
        chosen = kind.build(kind.parameters.model_validate(parameters))  # type: ignore[attr-defined]
        chosen.network(1000)  # imports
        taken, network = seconds(lambda chosen=chosen: chosen.network(PEOPLE))  # type: ignore[misc]
        checksum = int(network.neighbours.long().sum())
        result[name] = {"cpu_seconds": round(taken, 2), "edges": len(network.neighbours), "checksum": checksum}
        with tempfile.TemporaryDirectory() as folder:
            choice = {"kind": name, **parameters}
            populated(scenario_file(Path(folder), 1000, choice))  # imports
            file = scenario_file(Path(folder), PEOPLE, choice)
            taken, coins = seconds(lambda file=file: populated(file))  # type: ignore[misc]
        assert coins == PEOPLE
        result[name]["from_yaml_cpu_seconds"] = round(taken, 2)
        if name in PEERS:
            result[name]["networkx_a_tenth_of_the_people"] = round(seconds(PEERS[name])[0], 2)
    record("networks", result, seed=42)


if __name__ == "__main__":
    main()
