"""Pages of games that ``econsim describe`` prints: roles and accounts, or the questions of a language model."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from econsim import kinds
from econsim.accounts import account_rows
from econsim.cli.console_tables import table
from econsim.errors import UserError

if TYPE_CHECKING:
    from econsim.game import Agent, Game

__all__ = ["described_game"]

_SCENARIOS = "scenarios"
_ROOMS = ("economies", "games")
_SEED = 42
_NARROWEST = 40


def described_game(name: str, axes: Sequence[str], rooms: Sequence[str], text: bool) -> list[str]:
    """Return the sections about a game: that of the scenario of a name, else of the kind with its defaults.

    Args:
        name: the name of a scenario or kind.
        axes: the folders of YAML files that contain the name.
        rooms: the rooms that contain a kind of the name.
        text: whether to show the questions of a language model instead of roles and accounts.

    Returns:
        The sections; none where the name is not that of a game.

    Raises:
        UserError: the scenario is not valid; or ``text`` is true and there is no game.
    """
    game, agents = _built(name, axes, rooms)
    if game is None:
        if text:
            raise UserError(
                f"describe: --text needs a scenario, or a game whose parameters all have defaults; {name} is neither"
            )
        return []
    if text:
        from econsim.cli.sample_questions import sample_questions

        return [sample_questions(game, agents, _SEED)]
    from econsim.text import summary_of

    roles = ["roles", *(_wrapped(summary_of(role)) for role in game.roles.values())]
    return [*roles, f"accounts\n\n{_accounts(game)}"] if game.accounts_spec else roles


def _accounts(game: Game[Any]) -> str:
    """Return the table of a game's declared accounts."""
    header = ("account", "axes", "unit", "meaning", "metrics")
    return table([header, *account_rows(game.accounts_spec, game.unit)], indent="  ")


def _wrapped(text: str) -> str:
    """Return a text with its long lines wrapped to the terminal's width, with their indentation."""
    width = max(shutil.get_terminal_size((120, 24)).columns, _NARROWEST)
    lines = ((line, " " * (len(line) - len(line.lstrip()) + 2)) for line in text.splitlines())
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        for line, indent in lines
    )


def _built(name: str, axes: Sequence[str], rooms: Sequence[str]) -> tuple[Game[Any] | None, Mapping[str, Agent]]:
    """Return the game, and the agents of the scenario by role."""
    from econsim.scenario import load

    if _SCENARIOS in axes:
        return load(name).build()
    for room in (room for room in rooms if room in _ROOMS):
        kind = kinds.load(room, name)
        try:
            return kind.build(kind.parameters()), {}
        except ValidationError:  # some parameters have no default
            break
    return None, {}
