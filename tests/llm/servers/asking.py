"""Asking a server as anybody would, and reading its answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp

Answer = tuple[int, dict[str, str], Any]


def ask(base_url: str, user: str, model: str = "scripted-economist", **more: Any) -> Answer:
    """Return status, headers and JSON of one answer."""
    body = {"model": model, "messages": [{"role": "user", "content": user}], **more}
    return post(base_url, json.dumps(body))


def post(base_url: str, body: str) -> Answer:
    async def send() -> Answer:
        async with aiohttp.ClientSession() as session, session.post(f"{base_url}/chat/completions", data=body) as found:
            return found.status, dict(found.headers), json.loads(await found.read())

    return asyncio.run(send())


def facts(**known: Any) -> str:
    return "FACTS: " + json.dumps(known)


def text_of(answer: Answer) -> str:
    status, _, content = answer
    assert status == 200, content
    text: str = content["choices"][0]["message"]["content"]
    return text
