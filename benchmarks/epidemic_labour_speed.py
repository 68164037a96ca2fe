"""A day of the epidemic with labour among a million people: cautious workers beside archetypes of a language model.

One environment copy of a well-mixed population in six age groups, on tensors and one CPU core; both play the same weeks
in turn. The six archetypes, each with five members, get replayed replies at once, so that waiting for a model does not
count. Target: a day with archetypes takes at most twice as long. Run: ``python benchmarks/epidemic_labour_speed.py``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from typing import Any

import torch
from _record import record

import econsim
from econsim import random
from econsim.agents.archetypes import Archetypes
from econsim.agents.archetypes import Parameters as ArchetypesParameters
from econsim.agents.cautious_worker import CautiousWorker
from econsim.agents.cautious_worker import Parameters as CautiousParameters
from econsim.game import Agent, Game
from econsim.llm.questions import Answer, Question
from econsim.llm.settings import Settings

REPLY = json.dumps({"action": {"propensity to work": "75 %", "propensity to consume": "75 %"}})


class Replayed:
    """Answers every question with the same reply, and counts them."""

    def __init__(self) -> None:
        self.settings = Settings(model="replayed", base_url="http://127.0.0.1:1/v1")
        self.calls = 0

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Return the reply to each question."""
        self.calls += len(questions)
        readings = [question.form.read(REPLY) for question in questions]
        return [Answer(REPLY, reading.value, reading.outcome, reading.reason) for reading in readings]


def day(game: Game[Any], agent: Agent, state: Any, memory: Any, number: int) -> tuple[Any, Any, float]:
    """Return state and memory after a day, and its CPU-seconds."""
    began = time.process_time()
    action, memory = agent.act(game.observe(state)["person"], memory, random.fold(state.key, number))
    state = game.step(state, {"person": action}).state
    return state, memory, time.process_time() - began


def main() -> None:
    """Measure on one thread, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=28)
    given = parser.parse_args()
    torch.set_num_threads(1)
    game = econsim.make("epidemic", people=given.people, ages={"shares": [1] * 6}, isolation={}, labour={})
    service = Replayed()
    archetypes = Archetypes(ArchetypesParameters(archetypes=6, answers=5))
    archetypes.connect(service)
    agents: dict[str, Agent] = {"cautious_worker": CautiousWorker(CautiousParameters()), "archetypes": archetypes}
    start = game.reset(random.keys(0, 1))
    played = {name: (start, agent.start(game, game.roles["person"], 1)) for name, agent in agents.items()}
    seconds = dict.fromkeys(agents, 0.0)
    for number in range(given.days):
        for name, agent in agents.items():
            state, memory, passed = day(game, agent, *played[name], number)
            played[name], seconds[name] = (state, memory), seconds[name] + passed
    accounts = {name: game.accounts(state) for name, (state, _) in played.items()}
    result: dict[str, Any] = {
        name: {
            "milliseconds_per_day": round(1e3 * seconds[name] / given.days, 1),
            "attack_rate": round(float(accounts[name]["attack_rate"]), 5),
            "consumption": round(float(accounts[name]["consumption"]), 3),
        }
        for name in agents
    }
    ratio = round(seconds["archetypes"] / seconds["cautious_worker"], 2)
    result |= {"people": given.people, "days": given.days, "archetypes_relative": ratio, "calls": service.calls}
    record("epidemic_labour_speed", result, seed=0)


if __name__ == "__main__":
    main()
