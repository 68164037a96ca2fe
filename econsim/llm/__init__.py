"""Language-model calls: questions, typed answers, and one service that sends, records, replays and counts them.

Names are imported on first use, so that reading a scenario does not require a network library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from econsim.llm.questions import Answer, Question
    from econsim.llm.service import Service
    from econsim.llm.settings import Settings

__all__ = ["Answer", "Question", "Service", "Settings"]

_MODULES = {"Answer": "questions", "Question": "questions", "Service": "service", "Settings": "settings"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'econsim.llm' has no attribute {name!r}")
    return getattr(import_module(f"econsim.llm.{_MODULES[name]}"), name)
