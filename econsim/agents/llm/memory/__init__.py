"""Memory of language-model agents: retrieval of a player's own past, and reflection.

An experience is what a player observed, what it chose, and what had changed when it acted again; maps are not kept.
Experiences and conclusions are tensors of bytes in the agent's memory (:class:`Moments`), so that play that is resumed
or branched continues with the same memories.
"""

from __future__ import annotations

from econsim.agents.llm.memory.moments import Moments
from econsim.agents.llm.memory.parameters import Memory, Reflection, Retrieval
from econsim.agents.llm.memory.recollection import Recollection, RoleInWords, Turn
from econsim.agents.llm.memory.scoring import Moment

__all__ = ["Memory", "Moment", "Moments", "Recollection", "Reflection", "Retrieval", "RoleInWords", "Turn"]
