"""Text form of actions: legal actions, the form of a reply, and conversion between replies and actions.

A player's action is represented as a tuple of numbers: one number for a discrete action or a scalar box, otherwise one
per choice or entry of the box. The value of a reply is a label, an object of labels, a number or a list of numbers.
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
    """Text form of the actions of one role."""

    @property
    def lines(self) -> list[str]:
        """The available options or ranges, one line each."""

    @property
    def example(self) -> str:
        """The value of a reply as JSON, with placeholders in capitals."""

    def legal(self, mask: Mask) -> list[str]:
        """Return the legal options, one line each; empty if every option is legal."""

    def form(self, mask: Mask, thought: bool = False) -> Form:
        """Return the form of the reply; its JSON schema allows legal actions only."""

    def action(self, value: Any) -> Action:
        """Return the action that corresponds to the value of a reply."""

    def answer(self, action: Action) -> Any:
        """Return the value of a reply that corresponds to an action."""

    def named(self, action: Action) -> str:
        """Return the text of an action in a list of past actions."""

    def neutral(self, mask: Mask) -> Action:
        """Return the default legal action: the first option, or the number closest to zero."""

    def allows(self, action: Action, mask: Mask) -> bool:
        """Return whether an action is legal under the mask."""


def action_text(role: Role, is_reversed: bool = False) -> ActionText:
    """Return the text form of the actions of a role; ``is_reversed``: options are listed from the last to the first."""
    if isinstance(role.action, Box):
        return NumberText(role.action, entry_names(role), role.action_unit)
    return OptionText(
        entry_names(role), option_names(role), role.action_unit, isinstance(role.action, Discrete), is_reversed
    )
