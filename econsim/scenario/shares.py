"""Mixed populations: several agents in one role, each for a share of its players or for players by index or trait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_serializer, model_validator

from econsim.errors import UserError, did_you_mean
from econsim.parameters import Chosen, FromRoom, Model

if TYPE_CHECKING:
    from econsim.game import Game, Role
    from econsim.split_roles import Groups

__all__ = ["Share", "groups_of"]

_SELECTORS = ("label", "share", "index", "trait")


class Share(Model):
    """One of several agents of a role; written as the agent with one of the keys ``share``, ``index`` or ``trait``.

    An entry with none of these keys gets all remaining players. Shares are relative to the players that no index and no
    trait selects; these players are assigned at random, in the same way in every run.
    """

    label: str | None = Field(None, pattern=r"^\w[\w.+-]{0,59}$")
    """The label of the group in tables; by default, the agent's kind."""
    share: float | None = Field(None, gt=0, le=1)
    """The share of the players, a fraction."""
    index: tuple[int, ...] | None = Field(None, min_length=1)
    """The indices of the players, counted from 0."""
    trait: dict[str, tuple[str | int | float, ...]] | None = None
    """Lists of values by trait (``age``, ``education``, ...); a player must have one value of each list."""
    agent: Annotated[Chosen, FromRoom("agents", then="planners")]
    """The agent: a kind and its parameters, given next to the keys above."""

    @model_validator(mode="before")
    @classmethod
    def _part(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "agent" in data:
            return data
        selectors = {key: value for key, value in data.items() if key in _SELECTORS}
        return {**selectors, "agent": {key: value for key, value in data.items() if key not in _SELECTORS}}

    @model_validator(mode="after")
    def _one_selector(self) -> Self:
        given = [name for name in ("share", "index", "trait") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"expected one of share, index and trait, found {' and '.join(given)}")
        return self

    @model_serializer(mode="wrap")
    def _flat(self, handler: Any) -> dict[str, Any]:
        data = {name: value for name, value in handler(self).items() if value is not None}
        agent = data.pop("agent")
        return {**data, **agent}

    @property
    def name(self) -> str:
        """The label, else the agent's kind."""
        return self.label or str(self.agent.kind.name)


def groups_of(shared: Mapping[str, Sequence[Share]], game: Game[Any]) -> Groups:
    """Return the players of each agent, by role and label.

    Args:
        shared: the agents of every role with several agents.
        game: the game, before its roles are split.

    Raises:
        UserError: a player does not exist or is in two groups, the game does not report a trait, shares do not sum to
            1, or a group has no players.
    """
    return {role: _groups(shares, game, game.roles[role]) for role, shares in shared.items()}


def _groups(shares: Sequence[Share], game: Game[Any], role: Role) -> dict[str, tuple[int, ...]]:
    key = f"agents.{role.name}"
    labels = _labels(shares, key)
    players: dict[str, list[int]] = {label: _selected(share, game, role) for label, share in labels.items()}
    taken = [player for members in players.values() for player in members]
    if len(set(taken)) < len(taken):
        twice = next(player for player in taken if taken.count(player) > 1)
        raise UserError(f"{key}: player {twice} is in two groups")
    left = _shuffled(role, [player for player in range(role.count) if player not in set(taken)])
    for label, count in _counts(labels, len(left), key).items():
        players[label], left = sorted(left[:count]), left[count:]
    empty = [label for label, members in players.items() if not members]
    if empty:
        raise UserError(f"{key}: the group {empty[0]} has none of the {role.count} players; give it a larger share")
    return {label: tuple(members) for label, members in players.items()}


def _labels(shares: Sequence[Share], key: str) -> dict[str, Share]:
    labels: dict[str, Share] = {}
    for share in shares:
        if share.name in labels:
            raise UserError(f"{key}: two groups have the label {share.name}; give one of them another label")
        labels[share.name] = share
    return labels


def _selected(share: Share, game: Game[Any], role: Role) -> list[int]:
    """Return the players that an index or a trait selects."""
    if share.index is not None:
        wrong = [player for player in share.index if not 0 <= player < role.count]
        if wrong:
            raise UserError(f"agents.{role.name}: expected indices from 0 to {role.count - 1}, found {wrong[0]}")
        return list(share.index)
    if share.trait is None:
        return []
    traits = _traits(game, role)
    for name in share.trait:
        if name not in traits:
            raise UserError(
                f"agents.{role.name}: the game reports no trait {name!r} of players{did_you_mean(name, traits)}"
            )
    conditions = share.trait.items()
    return [
        player for player in range(role.count) if all(traits[name][player] in values for name, values in conditions)
    ]


def _traits(game: Game[Any], role: Role) -> Mapping[str, Sequence[Any]]:
    from econsim.game import TextInterface

    traits: Mapping[str, Sequence[Any]] = {}
    if isinstance(game, TextInterface):
        traits = game.briefing(role.name).get("traits", {})
    return traits


def _counts(labels: Mapping[str, Share], players: int, key: str) -> dict[str, int]:
    """Return the number of players of each share and of the rest, rounded by the largest-remainder method."""
    shares = {label: share.share for label, share in labels.items() if share.share is not None}
    rest = [label for label, share in labels.items() if not (share.share or share.index or share.trait)]
    total = sum(shares.values())
    if len(rest) > 1:
        raise UserError(f"{key}: {' and '.join(rest)} have no share, index or trait; at most one group can be the rest")
    if total > 1 + 1e-9 or (not rest and shares and total < 1 - 1e-9):
        raise UserError(f"{key}: expected shares that sum to 1, found {total:g}")
    if not rest and not shares and players:
        raise UserError(f"{key}: {players} players are in no group; add an agent without share, index or trait")
    quotas = {
        **{label: share * players for label, share in shares.items()},
        **dict.fromkeys(rest, (1 - total) * players),
    }
    counts = {label: int(quota + 1e-9) for label, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda label: counts[label] - quotas[label])
    for label in by_remainder[: players - sum(counts.values())]:
        counts[label] += 1
    return counts


def _shuffled(role: Role, players: list[int]) -> list[int]:
    """Return players in a random order that is always the same for a role."""
    from econsim import random

    order = random.permutation(random.keys(0, 1), 0, f"shares/{role.name}", role.count)[0].tolist()
    rank_of = {player: rank for rank, player in enumerate(order)}
    return sorted(players, key=rank_of.__getitem__)
