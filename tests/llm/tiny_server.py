"""A tiny OpenAI-compatible server whose every answer a test decides."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from econsim.llm.settings import Settings

Answering = Callable[[dict[str, Any]], Any]


@dataclass
class Server:
    """``answer`` gets a request's body and returns a text, or a whole response (coroutines are awaited).

    ``respond`` handles requests in its place, where it is given. ``listed``: the models that the server lists.
    """

    answer: Answering = lambda body: '{"hours": 40}'
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    models: int = 404
    listed: list[Any] | None = None
    respond: Callable[[web.Request], Any] | None = None
    base_url: str = ""
    _now: int = 0

    def settings(self, **more: Any) -> Settings:
        return Settings.model_validate({"base_url": self.base_url, "model": "m", "backoff": 0.0, **more})

    async def list_models(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        return web.Response(status=self.models) if self.listed is None else web.json_response({"data": self.listed})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            body = await request.json()
            self.bodies.append(body)
            self.headers.append(dict(request.headers))
            if self.respond is not None:
                return await self.respond(request)  # type: ignore[no-any-return]
            found = self.answer(body)
            if asyncio.iscoroutine(found):
                found = await found
            return found if isinstance(found, web.StreamResponse) else completion(found)
        finally:
            self._now -= 1


def completion(text: str, asked: int = 10, answered: int = 5) -> web.Response:
    usage = {"prompt_tokens": asked, "completion_tokens": answered}
    return web.Response(text=json.dumps({"choices": [{"message": {"content": text}}], "usage": usage}))


def said(body: dict[str, Any]) -> str:
    text: str = body["messages"][-1]["content"]
    return text


@contextmanager
def serving() -> Iterator[Server]:
    found, started, loop = Server(), threading.Event(), asyncio.new_event_loop()

    async def start() -> web.AppRunner:
        application = web.Application()
        application.router.add_get("/v1/models", found.list_models)
        application.router.add_post("/v1/chat/completions", found.handle)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        found.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    def serve() -> None:
        runner = loop.run_until_complete(start())
        started.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    started.wait(10)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
