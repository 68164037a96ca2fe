"""A model's place taken by rules that read the last line of a prompt, and how an episode is played with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from econsim import kinds, random
from econsim.economies.one_step import OneStep, Parameters
from econsim.llm.questions import Answer, Question
from econsim.llm.settings import Settings

Reply = Callable[[Question, dict[str, Any]], str]


def facts_of(question: Question) -> dict[str, Any]:
    """Return the numbers of a question."""
    found: dict[str, Any] = json.loads(question.facts)
    return found


def best_hours(facts: dict[str, Any]) -> float:
    """Return the best hours on the grid, by trying all of them."""
    step, cap = facts["hours_step"] or 0.5, facts["hours_cap"]
    ends = [*facts["thresholds"][1:], float("inf")]

    def worth(hours: float) -> float:
        income = facts["skill"] * hours
        brackets = zip(facts["thresholds"], ends, facts["rates"], strict=True)
        tax = sum(rate * max(0.0, min(income, high) - low) for low, high, rate in brackets)
        cost = facts["labour_cost_scale"] * hours ** facts["labour_cost_exponent"]
        return float(income - tax - cost)

    return max((place * step for place in range(round(cap / step) + 1)), key=worth)


def rational(question: Question, facts: dict[str, Any]) -> str:
    """Return the best hours, satisfaction where utility did not fall, and for a planner a half everywhere."""
    if question.purpose == "hours":
        return json.dumps({"hours": best_hours(facts)})
    if question.purpose == "satisfaction":
        return json.dumps({"satisfied": "yes" if facts["utility_change"] >= 0 else "no"})
    return json.dumps({"rates": [0.5] * len(facts["rates"])})


class Scripted:
    """Answers questions in a service's place, and remembers them."""

    def __init__(self, reply: Reply = rational, **settings: Any) -> None:
        self.settings = Settings(model="scripted", base_url="http://127.0.0.1:1/v1", **settings)
        self.reply, self.asked = reply, list[Question]()
        self.calls = 0

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        self.calls += 1
        self.asked += questions
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Answer:
        text = self.reply(question, facts_of(question))
        reading = question.form.read(text)
        return Answer(text, reading.value, reading.outcome, reading.reason)


def economy(**parameters: object) -> OneStep:
    """Return the economy of the published hundred people, in double precision."""
    chosen = {"population": {"kind": "gb2", "sampling": "published"}, "hours_step": 0.5, **parameters}
    return OneStep(Parameters.model_validate(chosen)).to(dtype=torch.float64)  # type: ignore[return-value]


def mind(room: str, service: Any, **parameters: object) -> Any:
    """Return a mind of kind llm, connected."""
    kind = kinds.load(room, "llm")
    made = kind.build(kind.parameters.model_validate(parameters))  # type: ignore[attr-defined]
    made.connect(service)
    return made


def flat(game: OneStep, rate: float, copies: int = 1) -> Tensor:
    """Return the announcement of one rate for all brackets, ``[B, 1, K]``."""
    return torch.full((copies, 1, game.brackets), rate, dtype=torch.float64)


def work(game: OneStep, worker: Any, steps: int, announce: Callable[[int], Tensor], copies: int = 1) -> list[Any]:
    """Return the states after each of ``steps`` steps."""
    key = random.keys(3, copies)
    state, memory = game.reset(key), worker.start(game, game.roles["worker"], copies)
    states = []
    for time in range(steps):
        seen = game.observe(state)["worker"]
        action, memory = worker.act(seen, memory, random.fold(key, time))
        state = game.step(state, {"planner": announce(time), "worker": action}).state
        states.append(state)
    return states
