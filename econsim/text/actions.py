"""Actions in words: which are legal, the form of an answer, and the way between an answer and an action.

A player's action is a tuple of numbers here: one for a discrete action or a single number, else one for each choice or
entry of the box. The value of an answer is a label, an object of labels, a number or a list of numbers.
"""

from __future__ import annotations

from typing import Any, Protocol

from econsim.game import Box, Discrete, Role
from econsim.llm.replies import Form
from econsim.text.names import entry_names, option_names
from econsim.text.numbers import NumberText
from econsim.text.options import OptionText
from econsim.text.types import Action, Mask

__all__ = ["ActionText", "action_text"]


class ActionText(Protocol):
    """The actions of one role in words."""

    @property
    def lines(self) -> list[str]:
        """What a player may choose from, one line each."""

    @property
    def example(self) -> str:
        """The value of an answer as JSON, with capitals for what is to be filled in."""

    def legal(self, mask: Mask) -> list[str]:
        """Return what is legal now, one line each; nothing where everything is."""

    def form(self, mask: Mask, thought: bool = False) -> Form:
        """Return the form of the answer; its JSON schema allows only what is legal."""

    def action(self, value: Any) -> Action:
        """Return the action that the value of an answer names."""

    def answer(self, action: Action) -> Any:
        """Return the value that names an action."""

    def named(self, action: Action) -> str:
        """Return an action as it stands in a list of past ones."""

    def neutral(self, mask: Mask) -> Action:
        """Return the legal action that is nearest to doing nothing: the first option, or the number next to zero."""

    def allows(self, action: Action, mask: Mask) -> bool:
        """Return whether an action is legal now."""


def action_text(role: Role) -> ActionText:
    """Return the actions of a role in words."""
    if isinstance(role.action, Box):
        return NumberText(role.action, entry_names(role), role.action_unit)
    return OptionText(entry_names(role), option_names(role), role.action_unit, isinstance(role.action, Discrete))
