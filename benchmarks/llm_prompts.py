"""CPU time of writing prompts: a worker's question with a history of 50 steps, and the update of the history.

One hundred workers are measured after 60 steps of play, with a service that replies without delay and without a model.
The benchmark measures the work of an agent in a step except for waiting: conversion of facts, update of the history,
writing of questions and parsing of replies. Boundedly rational workers, who ask a second question in each step, are
reported separately. Target: under 0.2 ms per worker and step. Run: ``python benchmarks/llm_prompts.py``.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import Any

import torch
from _record import record

from econsim import random
from econsim.agents.llm import LanguageWorker, Parameters
from econsim.llm.questions import Answer, Question
from econsim.llm.settings import Settings
from econsim.scenario import load

STEPS, COUNTED, TARGET = 70, 10, 0.2  # target in milliseconds per worker and step
SEED = 42


class Echo:
    """A service that replies without delay and keeps a checksum of all questions."""

    settings = Settings(model="none", base_url="http://127.0.0.1:1/v1")

    def __init__(self) -> None:
        self.hash, self.characters, self.questions = hashlib.sha256(), 0, 0

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        self.hash.update("".join(question.user for question in questions).encode())
        self.characters += sum(len(question.user) for question in questions)
        self.questions += len(questions)
        return [Answer("", 45.0 if question.purpose == "hours" else "yes", "clean") for question in questions]


def measured(bounded: bool) -> dict[str, Any]:
    """Return the CPU time in milliseconds per worker and step in the last steps, when the history is full."""
    long = {"economy.tax_years": 1, "economy.steps_per_tax_year": STEPS}
    game, _ = load("llm_economist", long).build(dtype=torch.float64)
    worker, echo, role = LanguageWorker(Parameters(bounded=bounded, history=50)), Echo(), game.roles["worker"]
    worker.connect(echo)  # type: ignore[arg-type]
    key = random.keys(SEED, 1)
    state, memory = game.reset(key), worker.start(game, role, 1)
    rates, spent = game.status_quo("planner")[None, None], 0.0  # type: ignore[attr-defined]
    for step in range(STEPS + 1):
        seen, began = game.observe(state)["worker"], time.process_time()
        action, memory = worker.act(seen, memory, random.fold(key, step))
        spent += (time.process_time() - began) * (step > STEPS - COUNTED)
        state = game.step(state, {"planner": rates, "worker": action}).state
    return {
        "ms_per_worker_and_step": round(1000 * spent / COUNTED / role.count, 4),
        "characters_per_question": round(echo.characters / echo.questions),
        "checksum": echo.hash.hexdigest()[:16],
    }


def main() -> None:
    """Measure plain and boundedly rational workers."""
    torch.set_num_threads(1)
    record("llm_prompts", {"target_ms": TARGET, "plain": measured(False), "bounded": measured(True)}, SEED)


if __name__ == "__main__":
    main()
