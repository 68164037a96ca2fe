"""A language model that really runs, and is tiny: about 120,000 parameters, trained here in a minute.

It was taught the scripted model's answers in the one-step economy with US federal brackets. It reads only the last
words of a question, answers in valid JSON, and roughly right: fit to exercise tokeniser, sampling, server and parser
together, and for no finding about people.
"""

from __future__ import annotations

from pathlib import Path

from econsim.testing.endpoints.chats import Chat, Said
from econsim.testing.endpoints.tiny.training import Training, train

__all__ = ["Tiny", "Training", "train"]


class Tiny:
    """Answers by the model that :func:`train` saved; what arrives together is answered as one batch."""

    name = "tiny-economist"
    label = "tiny"

    def __init__(self, folder: Path) -> None:
        """Load the model; raises ``UserError`` where there is none, or transformers is missing."""
        from econsim.llm.in_process import InProcess

        self._model = InProcess(str(folder))

    async def reply(self, chat: Chat) -> Said:
        """Return what the model writes."""
        return Said(*await self._model.complete(chat.messages, chat.temperature, chat.max_tokens, chat.seed))
