"""Harvester: walks to the nearest apple that it sees and picks it, but spares apples with few others nearby.

It needs a view with the channels ``apple``, ``wall`` and ``you``, as in ``commons_harvest``. An apple counts as spared
if fewer than ``spare`` apples are within ``radius`` of it, and the harvester walks around those. Where it sees no apple
to pick, it walks straight on, and turns at times. With ``spare: 0`` it takes every apple: a defector. Ways of the same
length are chosen at random, so that players do not block each other for long.

Where a planner has announced payments for picks by the number of apples nearby (the game ``incentives``), it also
spares apples whose reward of 1 and payment together are not positive.

With ``clean_above`` it is a cooperator in ``clean_up``: while more than this share of the river is dirty, it walks to
the nearest dirt that it sees and cleans.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Game, Observation, Role
from econsim.parameters import Model

__all__ = ["Harvester", "Parameters"]

MOVES = ("up", "down", "left", "right")
STEPS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))  # row and column of staying and of each move
FAR = 1000.0  # more than any distance in a view
BLOCKED = 1e6
_PAYMENT = re.compile(r"payment for (?:\w+ )?pick with (\d+)(?: or more)? nearby")
_SCALE = re.compile(r"times (\S+)")


class Parameters(Model):
    """Parameters of the harvester."""

    spare: int = Field(default=0, ge=0)
    """The fewest apples that must be nearby for an apple to be picked; 0: all apples are picked."""
    radius: float = Field(default=2.0, ge=1)
    """Distance up to which apples are nearby, in cells (Euclidean)."""
    clean_above: float | None = Field(default=None, ge=0, lt=1)
    """Share of the river that may be dirty; above it, the player cleans. Null: it never cleans."""
    reach: int = Field(default=3, ge=1)
    """Distance up to which the player expects to clean, in cells; at most the length of the beam."""
    wander: float = Field(default=0.1, ge=0, le=1)
    """Probability of turning, per step in which no apple is to be picked."""


class Cleaning(NamedTuple):
    """Where a game with dirt has it: the feature of its share, the channel of the view, and the action that cleans."""

    share: int
    channel: int
    option: int


class Layout(NamedTuple):
    """Where the role's observation and action hold what the harvester needs."""

    name: str
    apple: int  # channels of the view
    wall: int
    player: int
    facing: tuple[int, ...]  # features
    options: tuple[int, ...]  # actions: staying and the moves
    payments: tuple[tuple[int, int, float], ...]  # for a pick with so many apples nearby: the feature and its unit
    most: int  # the number of apples nearby that stands for all larger ones
    cleaning: Cleaning | None


class Harvester:
    """Picks the nearest apple that it does not spare."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Layout:
        """Find channels, features and actions; raises ``UserError`` for a role that has no orchard to see."""
        channels = [set(labels) for labels in role.view_labels]
        facing = tuple(f"facing {move}" for move in MOVES)
        named = [[number for number, labels in enumerate(channels) if label in labels] for label in ("apple", "wall")]
        players = [number for number, labels in enumerate(channels) if "you" in labels]
        known = set(facing) <= set(role.features) and {"stay", *MOVES} <= set(role.action_labels)
        if not (all(named) and players and known):
            needed = "a map with apples, walls and players, and the moves up, down, left and right"
            raise UserError(f"agents.{role.name}: kind harvester needs {needed}, as in commons_harvest")
        payments, most = _payments(role)
        return Layout(
            role.name,
            named[0][0],
            named[1][0],
            players[0],
            tuple(map(role.features.index, facing)),
            tuple(map(role.action_labels.index, ("stay", *MOVES))),
            payments,
            most,
            self._cleaning(role, channels),
        )

    def _cleaning(self, role: Role, channels: list[set[str]]) -> Cleaning | None:
        if self.parameters.clean_above is None:
            return None
        if "clean" not in role.action_labels:
            raise UserError(f"agents.{role.name}.clean_above: this game has nothing to clean; it belongs to clean_up")
        channel = next(number for number, labels in enumerate(channels) if "dirt" in labels)
        return Cleaning(role.features.index("dirt"), channel, role.action_labels.index("clean"))

    def act(self, observation: Observation, memory: Layout, key: Tensor) -> tuple[Tensor, Layout]:
        """Return moves ``[B, N]``."""
        view = observation.view
        assert view is not None
        apples = view[:, :, memory.apple] > 0
        nearby = self._nearby(apples)
        wanted = apples & (nearby >= self.parameters.spare)
        for number, feature, unit in memory.payments:
            worth = 1.0 + unit * observation.features[..., feature, None, None]
            wanted = torch.where(nearby.clamp(max=memory.most) == number, wanted & (worth > 0), wanted)
        blocked = (view[:, :, memory.wall] > 0) | (view[:, :, memory.player] > 1) | (apples & ~wanted)
        if memory.cleaning is not None:
            works = observation.features[..., memory.cleaning.share] > (self.parameters.clean_above or 0.0)
            dirt = view[:, :, memory.cleaning.channel] > 0
            wanted = torch.where(works[..., None, None], dirt, wanted)
        score = self._distances(wanted) + BLOCKED * _around(blocked)
        shape = tuple(score.shape[1:])
        score += random.uniform(key, 0, f"harvester/{memory.name}", shape, torch.float64)
        facing = observation.features[..., list(memory.facing)]
        turns = random.uniform(key, 1, f"harvester/{memory.name}", shape[:1], torch.float64) < self.parameters.wander
        straight = facing * (~turns & ~wanted.flatten(2).any(-1))[..., None]
        score[..., 1:] -= straight  # at least as good as all others, unless the way is blocked
        options = torch.tensor(memory.options, device=score.device)
        moves = options[score.argmin(-1)]
        if memory.cleaning is not None:
            fires = works & self._in_beam(dirt, facing)
            moves = torch.where(fires, memory.cleaning.option, moves)
        return moves, memory

    def _in_beam(self, flags: Tensor, facing: Tensor) -> Tensor:
        """Return whether a flagged cell is in front of a player, or beside those in front, ``[B, N]`` bool."""
        side = flags.shape[-1]
        offset = torch.arange(side, device=flags.device) - side // 2
        down, right = offset[:, None].expand(side, side), offset.expand(side, side)
        ahead = torch.stack([-down, down, -right, right])  # up, down, left and right, as in MOVES
        beside = torch.stack([right, right, down, down]).abs()
        reached = (ahead >= 1) & (ahead <= self.parameters.reach) & (beside <= 1)  # [4, w, w]
        return ((flags[:, :, None] & reached).flatten(3).any(-1) & (facing > 0)).any(-1)

    def _nearby(self, apples: Tensor) -> Tensor:
        """Return the number of other apples within the radius of each cell of the view, ``[B, N, w, w]``."""
        reach = int(self.parameters.radius)
        padded = torch.nn.functional.pad(apples.to(torch.uint8), [reach] * 4)
        side, total = apples.shape[-1], torch.zeros_like(apples, dtype=torch.uint8)
        for down in range(-reach, reach + 1):
            for right in range(-reach, reach + 1):
                if 0 < down**2 + right**2 <= self.parameters.radius**2:
                    row, column = reach + down, reach + right
                    total = total + padded[..., row : row + side, column : column + side]
        return total

    def _distances(self, wanted: Tensor) -> Tensor:
        """Return the steps from the cell that each move leads to, to the nearest wanted apple, ``[B, N, 5]``."""
        side = wanted.shape[-1]
        offset = torch.arange(side, device=wanted.device) - side // 2
        distance = torch.stack([(offset - down).abs()[:, None] + (offset - right).abs() for down, right in STEPS])
        reached = torch.where(wanted[:, :, None], distance.double(), FAR)  # [B, N, 5, w, w]
        return reached.flatten(3).amin(-1)


def _payments(role: Role) -> tuple[tuple[tuple[int, int, float], ...], int]:
    """Return the announced payments of :class:`Layout`, and the number of apples nearby of the last kind of pick."""
    payments, most = [], 255
    for feature, (name, unit) in enumerate(zip(role.features, role.feature_units, strict=False)):
        if (pick := _PAYMENT.fullmatch(name)) and (scale := _SCALE.fullmatch(unit)):
            payments.append((int(pick[1]), feature, float(scale[1])))
            most = int(pick[1]) if "or more" in name else most
    return tuple(payments), most


def _around(flags: Tensor) -> Tensor:
    """Return flags of the cells that each move leads to, ``[B, N, 5]``; the own cell counts as free."""
    centre = flags.shape[-1] // 2
    around = torch.stack([flags[..., centre + down, centre + right] for down, right in STEPS], -1).double()
    around[..., 0] = 0.0
    return around
