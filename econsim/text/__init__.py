"""Text interface of any game: what a language model is told of a role, and how its answer becomes an action.

:class:`RoleText` puts one role of a game into words. Names, units and labels come from the role
(:class:`econsim.game.Role`), the rules from the docstring of the game's kind, so that a game needs no code for it; one
that wants a wording of its own offers :class:`econsim.game.TextInterface`. The room stands below agents and planners,
which both use it, and above ``llm``, whose forms of replies it fills in; games themselves need not know it.
"""

from __future__ import annotations

from econsim.text.observations import Seen, acting_players, seen_by
from econsim.text.role_text import RoleText
from econsim.text.summary import summary_of
from econsim.text.types import Action

__all__ = ["Action", "RoleText", "Seen", "acting_players", "seen_by", "summary_of"]
