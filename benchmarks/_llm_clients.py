"""CPU time per call of litellm and the openai client, run in their environment: ``base_url prompts.json out.json``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
CONCURRENCY = 64
Call = Callable[[str], Awaitable[str]]


def main() -> None:
    base_url, prompts, out = sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[3])
    results = {name: asyncio.run(_measured(make(base_url), prompts)) for name, make in CLIENTS.items()}
    out.write_text(json.dumps(results))


async def _measured(call: Call, prompts: list[str]) -> dict[str, Any]:
    await _all(call, prompts[:CONCURRENCY])
    began, wall = time.process_time(), time.perf_counter()
    answers = await _all(call, prompts)
    cpu, wall = time.process_time() - began, time.perf_counter() - wall
    return {
        "calls": len(answers),
        "checksum": sum(json.loads(answer)["hours"] for answer in answers),
        "cpu_milliseconds_a_call": 1000 * cpu / len(answers),
        "calls_a_second": len(answers) / wall,
    }


async def _all(call: Call, prompts: list[str]) -> list[str]:
    waiting, answers = iter(prompts), []

    async def one() -> None:
        for prompt in waiting:
            answers.append(await call(prompt))

    await asyncio.gather(*(one() for _ in range(CONCURRENCY)))
    return answers


def _messages(prompt: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": "You work."}, {"role": "user", "content": prompt}]


def _litellm(base_url: str) -> Call:
    import litellm

    async def call(prompt: str) -> str:
        done = await litellm.acompletion(
            model="openai/m", messages=_messages(prompt), base_url=base_url, api_key="none", max_tokens=256, seed=1
        )
        return str(done.choices[0].message.content)

    return call


def _openai(base_url: str) -> Call:
    import openai

    client = openai.AsyncOpenAI(base_url=base_url, api_key="none")

    async def call(prompt: str) -> str:
        done = await client.chat.completions.create(model="m", messages=_messages(prompt), max_tokens=256, seed=1)
        return str(done.choices[0].message.content)

    return call


CLIENTS: dict[str, Callable[[str], Call]] = {
    f"litellm {version('litellm')}": _litellm,
    f"openai {version('openai')}": _openai,
}

if __name__ == "__main__":
    main()
