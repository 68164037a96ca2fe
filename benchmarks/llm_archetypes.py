"""Archetypes: one million workers represented by 200 archetypes with 5 replies each, in 1,000 calls per step.

The endpoint is a local server in a separate process that replies without delay. The benchmark measures the CPU time of
this process for one step: observations, questions, 1,000 calls over HTTP, replies, and the step of the economy. Target:
under 3 s of CPU per step. Run: ``python benchmarks/llm_archetypes.py``.
"""

from __future__ import annotations

import time
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

import torch
from _record import record

from econsim import random
from econsim.agents.archetypes import Archetypes, Parameters
from econsim.economies.one_step import OneStep
from econsim.economies.one_step import Parameters as Economy
from econsim.llm import Service, Settings
from econsim.testing.endpoints import Scripted, serve

WORKERS, STEPS, TARGET = 1_000_000, 4, 3.0
SEED = 42


def measured(service: Service) -> dict[str, Any]:
    """Return the calls and CPU seconds of the steps after the first, for each phase of a step."""
    chosen = {"workers": WORKERS, "population": {"kind": "gb2", "sampling": "stratified"}, "hours_step": 0.5}
    game = OneStep(Economy.model_validate({**chosen, "steps_per_tax_year": STEPS}))
    worker, role, key = Archetypes(Parameters(archetypes=200, answers=5)), game.roles["worker"], random.keys(SEED, 1)
    worker.connect(service)
    began = time.process_time()
    state, memory = game.reset(key), worker.start(game, role, 1)
    start, parts, calls = time.process_time() - began, [], [0]
    for step in range(STEPS + 1):
        clocks = [time.process_time()]
        seen = game.observe(state)["worker"]
        clocks.append(time.process_time())
        action, memory = worker.act(seen, memory, random.fold(key, step))
        clocks.append(time.process_time())
        rates = game.initial_rates.float()[None, None]
        state = game.step(state, {"planner": rates, "worker": action}).state
        clocks.append(time.process_time())
        parts.append([after - before for before, after in pairwise(clocks)])
        calls.append(service.counters["hours"].questions if "hours" in service.counters else 0)
    seconds = torch.tensor(parts[2:]).mean(0)
    return {
        "target_cpu_seconds_a_step": TARGET,
        "calls_a_step": [after - before for before, after in pairwise(calls[1:])],
        "cpu_seconds_a_step": round(float(seconds.sum()), 3),
        "of_which_observing_asking_stepping": [round(value, 3) for value in seconds.tolist()],
        "cpu_seconds_to_start": round(start, 3),
        "checksum": round(float(state.hours.double().sum()), 3),
    }


def main() -> None:
    """Measure with a scripted endpoint in a separate process."""
    torch.set_num_threads(1)
    context = get_context("spawn")
    place, end = context.Queue(), context.Event()
    server = context.Process(target=_serve, args=(place, end), daemon=True)
    server.start()
    try:
        with Service(Settings(base_url=place.get(timeout=60), model=Scripted.name, mode="off")) as service:
            result = measured(service)
    finally:
        end.set()
        server.join(60)
    record("llm_archetypes", result, SEED)


def _serve(place: Any, end: Any) -> None:
    with serve(Scripted()) as base_url:
        place.put(base_url)
        end.wait()


if __name__ == "__main__":
    main()
