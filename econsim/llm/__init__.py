"""Language models behind an economy: questions, typed answers, one service that asks, records, replays and counts.

Names are loaded when they are first used, so that reading a scenario needs no network library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from econsim.llm.questions import Answer, Question
    from econsim.llm.service import Service
    from econsim.llm.settings import Settings

__all__ = ["Answer", "Question", "Service", "Settings"]

_PLACES = {"Answer": "questions", "Question": "questions", "Service": "service", "Settings": "settings"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'econsim.llm' has no attribute {name!r}")
    return getattr(import_module(f"econsim.llm.{_PLACES[name]}"), name)
