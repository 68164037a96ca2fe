"""Simulated language-model endpoints for tests and demonstrations, which need no API keys and no network.

``serve(Scripted())`` starts an OpenAI-compatible server on this machine::

    from econsim.testing.endpoints import Faults, Scripted, serve

    with serve(Scripted(), Faults(garbage=0.2, too_many=0.05)) as base_url:
        econsim.run("llm_economist", **{"llm.base_url": base_url, "llm.model": Scripted.name})

The shell command is ``python -m econsim.testing.endpoints scripted --port 8001``.
"""

from __future__ import annotations

from econsim.testing.endpoints.chats import Chat, Said
from econsim.testing.endpoints.faults import INJECTIONS, Faults
from econsim.testing.endpoints.responders import Responder, Unanswerable
from econsim.testing.endpoints.scripted import Scripted
from econsim.testing.endpoints.server import serve

__all__ = ["INJECTIONS", "Chat", "Faults", "Responder", "Said", "Scripted", "Unanswerable", "serve"]
