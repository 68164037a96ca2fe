"""Overhead of calls to a language model: CPU time of the client with 64 concurrent calls to a server without delay.

The rows are calls that are recorded (store and ledger on disk), calls without a store, replayed calls, and a step of
1,000 workers with two calls each, compared with litellm and the openai client in a separate environment
(``--without-peers`` omits them). Questions have 1.9 kB, and rows are medians of five. Targets: less than 0.5 ms of CPU
per call, 0.1 ms per replayed call, and 2 s per step of 1,000 workers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import _peers
from _record import record

from econsim.llm import Question, Service, Settings
from econsim.llm.replies import Amount, OneOf

CONCURRENCY, REPEATS, WORKERS = 64, 5, 1000
HOURS, SATISFIED = Amount("hours", 0, 100, 1), OneOf("satisfied", ("yes", "no"))
LEDGER_OF_THE_PAST = (
    "Year 3: rates 10 12 22 24 32 35 37 %, hours 40, income 52000, tax 7100, utility 44900. Too high.\n"
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--without-peers", action="store_true")
    options = parser.parse_args()
    with serving() as base_url, tempfile.TemporaryDirectory() as folder:
        result = ours(base_url, Path(folder), options.calls)
        if not options.without_peers:
            result |= theirs(base_url, Path(folder), options.calls)
    record("llm_overhead", result)


def ours(base_url: str, folder: Path, calls: int) -> dict[str, Any]:
    """Return the rows of econsim."""
    settings = Settings(base_url=base_url, model="m", concurrency=CONCURRENCY)
    found: dict[str, list[dict[str, float]]] = {}
    for repeat in range(REPEATS + 1):  # the first warms up
        store, ledger = folder / f"{repeat}.sqlite", folder / f"{repeat}.jsonl"
        questions = [question(number, repeat, HOURS) for number in range(calls)]
        strict = settings.model_copy(update={"mode": "strict_replay", "store": str(store)})
        off = settings.model_copy(update={"mode": "off"})
        with Service(settings, store, ledger) as service:
            found.setdefault("recording", []).append(measured(service, questions))
        with Service(strict) as service:
            found.setdefault("strict replay", []).append(measured(service, questions))
        with Service(off) as service:
            found.setdefault("without a store", []).append(measured(service, questions))
        with Service(settings, folder / f"step-{repeat}.sqlite", folder / f"step-{repeat}.jsonl") as service:
            step = [question(number, repeat, form) for form in (HOURS, SATISFIED) for number in range(WORKERS)]
            found.setdefault(f"{WORKERS} workers, 2 calls each", []).append(
                measured(service, step[:WORKERS], step[WORKERS:])
            )
    return {name: {key: median(row[key] for row in rows[1:]) for key in rows[0]} for name, rows in found.items()}


def theirs(base_url: str, folder: Path, calls: int) -> dict[str, Any]:
    """Return the rows of litellm and the openai client."""
    prompts, out = folder / "prompts.json", folder / "theirs.json"
    prompts.write_text(json.dumps([question(number, 0, HOURS).user for number in range(calls)]))
    _peers.run(_peers.LLM_CLIENTS, "_llm_clients.py", base_url, str(prompts), str(out))
    rows: dict[str, Any] = json.loads(out.read_text())
    return rows


def question(number: int, repeat: int, form: Any) -> Question:
    """Return a question of 1.9 kB."""
    return Question("You work.", f"You are worker {number}.\n" + LEDGER_OF_THE_PAST * 18, form, "hours", seed=repeat)


def measured(service: Service, *steps: Sequence[Question]) -> dict[str, float]:
    """Return the CPU time (of all threads) and the wall time of the calls."""
    began, wall = time.process_time(), time.perf_counter()
    answers = [answer for questions in steps for answer in service.ask(questions)]
    cpu, wall = time.process_time() - began, time.perf_counter() - wall
    return {
        "calls": len(answers),
        "checksum": sum(40.0 if answer.value == "yes" else answer.value for answer in answers),
        "cpu_milliseconds_a_call": 1000 * cpu / len(answers),
        "calls_a_second": len(answers) / wall,
        "seconds": wall,
    }


@contextmanager
def serving() -> Iterator[str]:
    """Yield the address of a server in a separate process."""
    script = str(Path(__file__).parent / "_llm_server.py")
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        server.communicate("")


if __name__ == "__main__":
    main()
