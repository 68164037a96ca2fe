"""Tiny language model: a trained transformer with about 120,000 parameters, for tests of the whole inference path.

It is trained in about a minute to imitate the replies of the scripted model in the one-step economy with US federal
brackets. It reads only the last words of a question and replies in valid JSON that is roughly correct. Use it to test
tokeniser, sampling, server and parser together, not to draw conclusions about behaviour.
"""

from __future__ import annotations

from pathlib import Path

from econsim.testing.endpoints.chats import Chat, Said
from econsim.testing.endpoints.tiny.training import Training, train

__all__ = ["Tiny", "Training", "train"]


class Tiny:
    """Replies with the model that :func:`train` saved; simultaneous requests are processed as one batch."""

    name = "tiny-economist"
    label = "tiny"

    def __init__(self, folder: Path) -> None:
        """Load the model.

        Raises:
            UserError: the folder holds no model, or transformers is not installed.
        """
        from econsim.llm.in_process import InProcess

        self._model = InProcess(str(folder))

    async def reply(self, chat: Chat) -> Said:
        """Return the model's reply."""
        return Said(*await self._model.complete(chat.messages, chat.temperature, chat.max_tokens, chat.seed))
