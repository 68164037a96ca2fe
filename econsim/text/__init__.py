"""Text interface of games: prompts that describe a role to a language model, and the parsing of replies into actions.

:class:`RoleText` describes one role of a game. Names, units and labels come from the role (:class:`econsim.game.Role`)
and the rules from the docstring of the game's kind, so that a game needs no code for its text interface. A game with
its own wording implements :class:`econsim.game.TextInterface`. Agents and planners import this package; it imports the
reply forms of ``llm``, and games do not depend on it.
"""

from __future__ import annotations

from econsim.text.observations import Seen, acting_players, seen_by
from econsim.text.role_text import SEPARATOR, RoleText
from econsim.text.summary import summary_of
from econsim.text.types import Action

__all__ = ["SEPARATOR", "Action", "RoleText", "Seen", "acting_players", "seen_by", "summary_of"]
