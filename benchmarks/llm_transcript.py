"""Cost of a transcript: CPU time and bytes a call, for workers whose questions contain a line for each past step.

The transcript is measured by itself, in batches as a run writes them, since it is a small part of a call. Rows are
medians of five. Target: less than 0.1 ms of CPU a call.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from _record import record

from econsim.llm import Answer, Question, Settings
from econsim.llm.questions import Addressee
from econsim.llm.replies import Amount
from econsim.llm.requests import Request, request_of
from econsim.llm.transcript import Asker, Transcript, entries

WORKERS, STEPS, REPEATS = 200, 50, 5
RULES = "\n".join(f"Rule {number} of the economy, in a sentence of the usual length of a rule." for number in range(20))
HOURS = Amount("hours", 0, 100, 1)


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(REPEATS + 1):  # the first warms up
            rows.append(measured(Path(folder) / f"{repeat}.sqlite"))
    record("llm_transcript", {name: median(row[name] for row in rows[1:]) for name in rows[0]})


def measured(path: Path) -> dict[str, Any]:
    """Write a transcript of all steps, and return its cost and a checksum of what it holds."""
    batches = list(steps())
    transcript = Transcript(path)
    began = time.process_time()
    for questions, requests in batches:
        answers = [Answer('{"hours": 40}', 40.0, "clean") for _ in questions]
        transcript.add(Asker("policy", "scenario", 1, "worker"), [*zip(questions, requests, answers, strict=True)])
    cpu = time.process_time() - began
    transcript.close()
    calls, characters = WORKERS * STEPS, sum(len(entry.system) + len(entry.user) for entry in entries(path))
    return {
        "calls": calls,
        "cpu_milliseconds_a_call": 1000 * cpu / calls,
        "bytes_a_call": path.stat().st_size / calls,
        "characters_a_call": characters / calls,
    }


def steps() -> Iterator[tuple[list[Question], list[Request]]]:
    """Yield the questions of each step, with their requests: one more line of history in each."""
    settings = Settings(model="m")
    pasts: list[list[str]] = [[] for _ in range(WORKERS)]
    for step in range(STEPS):
        questions = []
        for worker, past in enumerate(pasts):
            text = "\n".join([f"You are worker {worker}.", *past, f"Step {step}. How many hours do you work?"])
            questions.append(Question(RULES, text, HOURS, "hours", addressee=Addressee(worker, 0, step + 1)))
            past.append(f"step {step}: rates 10 12 22 24 32 35 37 %, {worker} hours, income {40 * worker}, tax {step}")
        yield questions, [request_of(question, settings) for question in questions]


if __name__ == "__main__":
    main()
