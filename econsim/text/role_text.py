"""Text interface of one role: its rules, the question of each step, the form of the reply, and its action.

The default text is built from the names, units and labels of the role. A game with its own wording
(:class:`econsim.game.TextInterface`) replaces the templates and adds variables to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from econsim.game import Game, Role, TextInterface
from econsim.llm.replies import Form
from econsim.split_roles import base_game, base_role
from econsim.text.actions import action_text
from econsim.text.names import Row
from econsim.text.observations import Seen
from econsim.text.pages import games_of, pages_of
from econsim.text.payoffs import payoff_lines
from econsim.text.presentation import GIVEN, Presentation, renaming_of
from econsim.text.summary import observed, players_of, shared_by
from econsim.text.types import Action
from econsim.text.views import ViewText
from econsim.text.wording import Wording

__all__ = ["SEPARATOR", "STANDARD", "RoleText"]

PROMPTS = Path(__file__).parent / "prompts"
STANDARD = "standard"
SEPARATOR = "; "
"""What stands between the past actions of a question."""
_NO_STORY = "What every player is paid is listed below."
TEMPLATES = "templates"
"""The key of a briefing under which a game gives the folder of its own templates."""


class RoleText:
    """Text form of a role. ``rules`` is the text that precedes every question to every player of the role."""

    def __init__(
        self,
        game: Game[Any],
        role: Role,
        wording: str = STANDARD,
        key: str = "wording",
        thought: bool = False,
        presentation: Presentation = GIVEN,
    ) -> None:
        """Render the rules.

        Args:
            game: the game; its own wording is used if it has one.
            role: one of the game's roles.
            wording: ``standard``, ``plain`` (the same in other words), or the path of a folder with the Jinja templates
                ``rules`` and ``question``.
            key: the scenario key that selects the wording, for error messages.
            thought: whether the reply includes a short line of reasoning before the action.
            presentation: the order of options, and other names.

        Raises:
            UserError: there is no such wording, a template is invalid, or a new name is given to nothing.
        """
        briefing = dict(game.briefing(role.name)) if isinstance(game, TextInterface) else {}
        templates = str(briefing.pop(TEMPLATES, STANDARD))
        self._renaming = renaming_of(game, presentation.names, f"{key.rpartition('.')[0]}.names".lstrip("."))
        role = self._renaming.role(role)
        self._is_reversed = presentation.order == "reversed"
        self.role, self.action, self.thought = role, action_text(role, self._is_reversed), thought
        self._features, self._shared = observed(role), shared_by(role)
        self._view = ViewText(role)
        self._wording = Wording(PROMPTS, templates if wording == STANDARD else wording, key)
        self._briefing = briefing
        self.rules = self._wording.render("rules", **{**self._static(game), **briefing})

    def question(self, seen: Seen, history: Sequence[Action] = ()) -> str:
        """Return the question that asks a player for an action.

        Args:
            seen: the player's observation.
            history: the player's last actions, the oldest first.
        """
        values = {
            "role": self._renaming.text(base_role(self.role.name)),
            "history": SEPARATOR.join(self.past(history)),
            "observation": _lines(self._features, seen.features),
            "shared": _lines(self._shared, seen.shared),
            "view": "" if seen.view is None else self._view.draw(seen.view),
            "legal": self.action.legal(seen.mask),
            "example": self.action.example,
            "thought": self.thought,
            "facts": seen.facts,
        }
        return self._wording.render("question", **{**values, **self._briefing})

    def observed(self, numbers: Sequence[float]) -> list[tuple[str, str]]:
        """Return the names of what a player observes, each with its numbers in words.

        Args:
            numbers: the features of a player followed by those that all players share (:attr:`Seen.numbers`).
        """
        own = self._features[-1].first + self._features[-1].size if self._features else 0
        pairs = (self._features, numbers[:own]), (self._shared, numbers[own:])
        return [(row.name, _numbers(row, values)) for named, values in pairs for row in named]

    def past(self, history: Sequence[Action]) -> tuple[str, ...]:
        """Return past actions in words, between which a question has :data:`SEPARATOR`."""
        return tuple(self.action.named(action) for action in history)

    def form(self, seen: Seen) -> Form:
        """Return the form of the reply."""
        return self.action.form(seen.mask, self.thought)

    def _static(self, game: Game[Any]) -> Mapping[str, Any]:
        renamed = self._renaming
        payoffs = list(renamed.texts(next(filter(None, map(payoff_lines, games_of(base_game(game)))), [])))
        has_story = not (renamed.is_neutral and payoffs)
        parameters = [name for each in games_of(base_game(game)) for name in _parameters(each)]
        return {
            "role": renamed.text(base_role(self.role.name)),
            "players": base_game(game).roles[base_role(self.role.name)].count,
            "page": renamed.text(pages_of(base_game(game))) if has_story else _NO_STORY,
            "parameters": ", ".join(renamed.texts(parameters)) if has_story else "",
            "payoffs": payoffs[::-1] if self._is_reversed else payoffs,
            "unit": game.unit,
            "roles": list(renamed.texts(map(players_of, base_game(game).roles.values()))),
            "horizon": game.horizon,
            "clocked": game.clocked,
            "discount": "" if game.discount == 1.0 else f"{game.discount:.6g}",
            "acts_every": self.role.acts_every,
            "observation": list(map(str, self._features)),
            "shared": list(map(str, self._shared)),
            "legend": self._view.legend,
            "actions": self.action.lines,
            "example": self.action.example,
            "thought": self.thought,
        }


def _lines(named: Sequence[Row], values: Sequence[float]) -> list[str]:
    """Return values with their names and units, one line per row."""
    return [_line(row, values) for row in named]


def _line(row: Row, values: Sequence[float]) -> str:
    numbers = _numbers(row, values)
    return f"{row.name}: {numbers} ({row.unit})" if row.unit else f"{row.name}: {numbers}"


def _numbers(row: Row, values: Sequence[float]) -> str:
    """Return the numbers of a row among all ``values``."""
    return " ".join(f"{value:.4g}" for value in values[row.first : row.first + row.size])


def _parameters(game: Game[Any]) -> Iterator[str]:
    """Yield the numeric parameters that are the same in all environment copies."""
    for name, value in game.parameters.items():
        if value.numel() == 1:
            yield f"{name} = {float(value):.6g}"
