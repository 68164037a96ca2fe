"""Model in the same process: questions that arrive within a short time are answered as one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from econsim.llm.local_model import LocalModel, Prompt

__all__ = ["InProcess"]

Answered = tuple[str, int, int]
_MOMENT = 0.002  # seconds for which a batch waits for more questions
_BATCH = 64


class InProcess:
    """Answers questions with a model from a local folder; to be called from one event loop at a time."""

    def __init__(self, folder: str, device: str = "auto", batch: int = _BATCH) -> None:
        """Load the model.

        Args:
            folder: where the model was saved.
            device: a torch device, or ``auto``: a GPU if there is one, else the CPU.
            batch: maximum number of questions answered together.

        Raises:
            UserError: transformers is missing, or the folder contains no model.
        """
        self._model = LocalModel(folder, device)
        self._batch = batch
        self._waiting: list[tuple[Prompt, asyncio.Future[Answered]]] = []
        self._working: asyncio.Task[None] | None = None

    async def complete(
        self, messages: Sequence[Mapping[str, str]], temperature: float, max_tokens: int, seed: int
    ) -> Answered:
        """Return the reply, the number of tokens of the question, and that of the reply.

        Raises:
            EndpointError: the question is longer than the context of the model.
        """
        prompt = self._model.prompt(messages, temperature, max_tokens, seed)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Answered] = loop.create_future()
        self._waiting.append((prompt, answered))
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._work())
        return await answered

    async def _work(self) -> None:
        """Answer batch after batch until no question is waiting."""
        await asyncio.sleep(_MOMENT)
        while self._waiting:
            batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
            try:
                replies = await asyncio.to_thread(self._model.replies, [prompt for prompt, _ in batch])
            except Exception as error:
                _fail(batch, error)
                continue
            for (prompt, answered), (text, tokens) in zip(batch, replies, strict=True):
                if not answered.done():
                    answered.set_result((text, len(prompt.tokens), tokens))


def _fail(batch: Sequence[tuple[Prompt, asyncio.Future[Answered]]], error: Exception) -> None:
    """Set an error as the result of all questions of a batch."""
    for _, answered in batch:
        if not answered.done():
            answered.set_exception(error)
