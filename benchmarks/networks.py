"""CPU-seconds to make networks of a million people with ten neighbours on average, beside networkx at 100,000 people.

Networkx is measured at a tenth of the size, since a million people take it half a minute; its time grows a little more
than in proportion. Target: 3 s for a million people. Run: ``python benchmarks/networks.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import networkx as nx
import torch
from _record import record

from econsim import kinds

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
        if name in PEERS:
            result[name]["networkx_a_tenth_of_the_people"] = round(seconds(PEERS[name])[0], 2)
    record("networks", result, seed=42)


if __name__ == "__main__":
    main()
