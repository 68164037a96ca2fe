"""Text summary of a role: its number of players, its observations with units, and its actions."""

from __future__ import annotations

from collections.abc import Iterator

from econsim.game import Role
from econsim.text.actions import action_text
from econsim.text.names import Row, feature_names, feature_units, rows
from econsim.text.views import ViewText

__all__ = ["observed", "players_of", "shared_by", "summary_of"]


def players_of(role: Role) -> str:
    """Return the name of a role, its number of players and the steps in which they act."""
    players = f"{role.name}: {role.count:,} player{'s' if role.count != 1 else ''}"
    every = "in every step" if role.acts_every == 1 else f"every {role.acts_every} steps"
    return f"{players}, acting {every}{', as leader' if role.leads else ''}"


def observed(role: Role) -> list[Row]:
    """Return the features of a role with their units."""
    return rows(feature_names(role), feature_units(role))


def shared_by(role: Role) -> list[Row]:
    """Return the features that all players of a role share, with units."""
    return rows(role.shared_features, role.shared_units)


def summary_of(role: Role) -> str:
    """Return the summary of a role as text for human readers."""
    return "\n".join(_lines(role))


def _lines(role: Role) -> Iterator[str]:
    yield players_of(role)
    yield "  observes"
    yield from (f"    {row}" for row in (*observed(role), *shared_by(role)))
    if role.view:
        channels, height, width = role.view
        yield f"  sees a map of {height} x {width} tiles in {channels} channels"
        yield from (f"    {line}" for line in ViewText(role).legend)
    yield "  acts by"
    yield from (f"    {line}" for line in action_text(role).lines)
