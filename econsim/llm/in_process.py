"""A model in this process: what is asked within a moment is answered as one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from econsim.llm.local_model import LocalModel, Prompt

__all__ = ["InProcess"]

Answered = tuple[str, int, int]
_MOMENT = 0.002  # seconds that a batch waits for more questions
_BATCH = 64


class InProcess:
    """Answers questions by a model in a folder; call it from one event loop at a time."""

    def __init__(self, folder: str, device: str = "auto", batch: int = _BATCH) -> None:
        """Load the model.

        Args:
            folder: where it was saved.
            device: ``auto``: a GPU where there is one.
            batch: most questions that are answered together.

        Raises:
            UserError: transformers is missing, or the folder holds no model.
        """
        self._model = LocalModel(folder, device)
        self._batch = batch
        self._waiting: list[tuple[Prompt, asyncio.Future[Answered]]] = []
        self._working: asyncio.Task[None] | None = None

    async def complete(
        self, messages: Sequence[Mapping[str, str]], temperature: float, max_tokens: int, seed: int
    ) -> Answered:
        """Return the reply, the tokens of the question and those of the reply.

        Raises:
            EndpointError: the question is longer than the model reads.
        """
        prompt = self._model.prompt(messages, temperature, max_tokens, seed)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Answered] = loop.create_future()
        self._waiting.append((prompt, answered))
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._work())
        return await answered

    async def _work(self) -> None:
        """Answer batch after batch until nobody waits."""
        await asyncio.sleep(_MOMENT)
        while self._waiting:
            batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
            try:
                replies = await asyncio.to_thread(self._model.replies, [prompt for prompt, _ in batch])
            except Exception as error:
                _tell(batch, error)
                continue
            for (prompt, answered), (text, tokens) in zip(batch, replies, strict=True):
                if not answered.done():
                    answered.set_result((text, len(prompt.tokens), tokens))


def _tell(batch: Sequence[tuple[Prompt, asyncio.Future[Answered]]], error: Exception) -> None:
    """Raise an error for everybody who waits for a batch."""
    for _, answered in batch:
        if not answered.done():
            answered.set_exception(error)
