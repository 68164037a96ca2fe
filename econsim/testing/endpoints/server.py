"""OpenAI-compatible server of simulated models, which runs in a thread: chat completions, embeddings, the models.

Every response names the kind of simulated model in the header ``x-econsim-simulated``, and requests for a model of
another name are rejected, so that replies cannot be mistaken for those of a real language model.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from econsim.errors import UserError, did_you_mean
from econsim.llm.chat_completions import SIMULATED as HEADER
from econsim.testing.endpoints.chats import Chat, Said, chat_of
from econsim.testing.endpoints.embeddings import EMBEDDING_MODEL, embedding
from econsim.testing.endpoints.faults import Faults
from econsim.testing.endpoints.quirks import QUIRKS, Quirk
from econsim.testing.endpoints.responders import Responder, Speaker, Unanswerable, responder_of

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["HEADER", "serve"]

_NO_QUIRK = Quirk("", "")
_HERE = "127.0.0.1"
_LONGEST_BODY = 16 << 20  # bytes
_LONGEST_START = 60.0  # seconds


@contextmanager
def serve(
    responder: Responder | Speaker, faults: Faults | None = None, port: int = 0, quirk: str = ""
) -> Iterator[str]:
    """Serve a simulated model within the context, and yield its address, the value of ``llm.base_url``.

    Args:
        responder: the simulated model, or a function from :class:`Chat` to a text (the model is named ``scripted``).
        faults: the injected faults.
        port: the port of the server; 0 stands for any free port.
        quirk: the name of a quirk in :data:`econsim.testing.endpoints.quirks.QUIRKS`.

    Raises:
        UserError: the port is in use, there is no such quirk, or aiohttp is not installed.
    """
    try:
        import aiohttp.web  # noqa: F401
    except ImportError:
        raise UserError('the endpoints need aiohttp; install it with: pip install "econsim[llm]"') from None
    if quirk and quirk not in QUIRKS:
        raise UserError(f"quirk {quirk!r}: no such quirk{did_you_mean(quirk, QUIRKS)}")
    handler = _Handler(responder_of(responder), faults or Faults(), QUIRKS.get(quirk, _NO_QUIRK))
    serving = _Serving(handler, port)
    try:
        yield serving.begin()
    finally:
        serving.end()


class _Serving:
    """The thread in which the server runs."""

    def __init__(self, handler: _Handler, port: int) -> None:
        self._handler, self._port = handler, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="econsim-endpoint", daemon=True)
        self._runner: web.AppRunner | None = None

    def begin(self) -> str:
        """Start the server and return its address."""
        self._thread.start()
        try:
            return asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(_LONGEST_START)
        except OSError as error:
            raise UserError(f"port {self._port}: cannot use this port ({error.strerror}); choose another") from None

    def end(self) -> None:
        """Close all connections and end the thread."""
        if self._runner is not None:
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(_LONGEST_START)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> str:
        from aiohttp import web

        application = web.Application(client_max_size=_LONGEST_BODY)
        application.router.add_post("/v1/chat/completions", self._handler.complete)
        application.router.add_post("/v1/embeddings", self._handler.embed)
        application.router.add_get("/v1/models", self._handler.models)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, _HERE, self._port).start()
        return f"http://{_HERE}:{self._runner.addresses[0][1]}/v1"


class _Handler:
    """Handles requests; its only state is the number of attempts of each request."""

    def __init__(self, responder: Responder, faults: Faults, quirk: Quirk) -> None:
        self._responder, self._faults, self._quirk = responder, faults, quirk
        self._attempts: Counter[bytes] = Counter()

    async def models(self, request: web.Request) -> web.StreamResponse:
        """Return the list of models."""
        model = {"id": self._responder.name, "object": "model", "owned_by": self._responder.label}
        return self._response(200, {"object": "list", "data": [model]})

    async def embed(self, request: web.Request) -> web.StreamResponse:
        """Reply with the embedding of a text."""
        try:
            body = json.loads(await request.text())
            model, text = body["model"], body["input"]
        except (ValueError, TypeError, KeyError):
            return self._refusal(400, "not a request for an embedding")
        if model != EMBEDDING_MODEL or not isinstance(text, str):
            return self._refusal(404, f"no embeddings of {model!r}; this server only simulates {EMBEDDING_MODEL}")
        vector = {"object": "embedding", "index": 0, "embedding": embedding(text)}
        usage = {"prompt_tokens": len(text) // 4, "total_tokens": len(text) // 4}
        return self._response(200, {"object": "list", "model": model, "data": [vector], "usage": usage})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Reply to a chat request, with the injected faults."""
        try:
            chat = chat_of(json.loads(await request.text()))
        except (ValueError, TypeError, AttributeError) as error:
            return self._refusal(400, f"not a chat request: {error}")
        if chat.model != self._responder.name:
            return self._refusal(404, f"no model {chat.model!r}; this server only simulates {self._responder.name}")
        attempt = self._attempts[chat.digest]
        self._attempts[chat.digest] += 1
        refusal = self._quirk.refusal(chat, attempt)
        if refusal is not None:
            return self._response(refusal.status, {"error": refusal.error})
        fault = self._faults.of_call(chat.digest, attempt) if self._faults.of_calls else None
        if fault == "too_many":
            wait = {"Retry-After": f"{self._faults.retry_after:g}"}
            return self._refusal(429, "too many requests (an injected fault)", wait)
        if fault == "failing":
            return self._refusal(500, "internal error (an injected fault)")
        if fault == "slow":
            await asyncio.sleep(self._faults.seconds)
        try:
            said = self._faults.spoiled(await self._responder.reply(chat), chat)
        except Unanswerable as error:
            return self._refusal(422, f"{self._responder.name}: {error}")
        answer = self._response(200, _completion(self._responder.name, chat, said, self._quirk))
        return await _cut(request, answer) if fault == "cut" else answer

    def _refusal(self, status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
        return self._response(status, {"error": {"message": message, "code": status}}, headers)

    def _response(self, status: int, content: Any, headers: dict[str, str] | None = None) -> web.Response:
        from aiohttp import web

        labelled = {HEADER: self._responder.label, **(headers or {})}
        return web.json_response(content, status=status, headers=labelled)


def _completion(model: str, chat: Chat, said: Said, quirk: Quirk) -> dict[str, Any]:
    input_tokens, output_tokens = chat.tokens(said)
    completion = {
        "id": f"chatcmpl-{chat.digest[:8].hex()}",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [quirk.choice(said.text)],
    }
    usage = {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }
    return {**completion, "usage": usage} if quirk.has_usage else completion


async def _cut(request: web.Request, answer: web.Response) -> web.StreamResponse:
    """Send half of a response and abort the connection."""
    from aiohttp import web

    whole = answer.body if isinstance(answer.body, bytes) else b""
    response = web.StreamResponse(headers={**answer.headers, "Content-Length": str(len(whole))})
    await response.prepare(request)
    await response.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response
