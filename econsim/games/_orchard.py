"""Players in an orchard, as grid social dilemmas share them: they walk, pick apples and tag one another.

``P`` cells are numbered row by row (:mod:`econsim.games._grid`); ``N`` players; ``K`` kinds of pick. Source of the beam
and the time-out: Perolat et al. 2017, "A multi-agent reinforcement learning model of common-pool resource
appropriation".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.accounts import Account, Statistic
from econsim.game import tensors
from econsim.games import _grid as grid
from econsim.games._map_game import MapParameters

ACTIONS = ("stay", *grid.MOVES, "tag")
TAG = len(grid.MOVES) + 1
FEATURES = ("row", "column", *(f"facing {name}" for name in grid.MOVES), "time_out")
UNITS = (
    "share of the rows",
    "share of the columns",
    *("1: the direction of the last move, 0: not",) * len(grid.MOVES),
    "share of the time-out that is left",
)
PLAYER_LABELS = ("", "you", "player")
Tables = Mapping[str, Tensor]


class OrchardParameters(MapParameters):
    """Parameters of all games in an orchard."""

    beam_length: int = Field(default=3, ge=1)
    """Length of the beams, in cells."""


@tensors
class Players:
    """The players of an orchard."""

    position: Tensor  # [B, N] int64, cell; the last one of a player in time-out
    facing: Tensor  # [B, N] int64, the direction of the last move, in the order of the moves
    time_out: Tensor  # [B, N] int64, steps until the player returns; 0: present
    picked: Tensor  # [B, N, K] int64, apples picked by kind of pick
    moments: Tensor  # [B, N] int64, sum of the steps in which apples were picked
    absent: Tensor  # [B] int64, steps that players have spent in time-out, summed over players

    @property
    def present(self) -> Tensor:
        """Which players are on the map, ``[B, N]`` bool."""
        return self.time_out == 0

    def occupied(self, cells: int) -> Tensor:
        """Return the cells with a player, ``[B, P]`` bool."""
        return grid.planes(torch.where(self.present, self.position, -1), cells).any(1)


def tables_of(rows: tuple[str, ...], beam_length: int, view: int, water: str = "") -> dict[str, Tensor]:
    """Return the tables of a map: ``#`` is a wall, ``P``, where there is one, a cell to start from.

    Nobody enters ``water`` cells, but beams cross them.
    """
    height, width = len(rows), len(rows[0])
    walls, marked = grid.cells_with(rows, "#"), grid.cells_with(rows, "P")
    closed = walls | grid.cells_with(rows, water)
    open_to_beams = grid.neighbours(height, width, torus=False, walls=walls)
    return {
        "walls": walls,
        "starts": marked if bool(marked.any()) else ~closed,
        "targets": grid.neighbours(height, width, torus=False, walls=closed),  # [4, P]
        "beam": _beams(open_to_beams, beam_length),  # [4, P, P] bool: facing, from, to
        "window": _windows(height, width, view),  # [P, w * w] int64; P is outside the map
    }


def _beams(targets: Tensor, length: int) -> Tensor:
    """Return the cells that a beam three cells wide reaches; walls stop it."""
    cells = targets.shape[1]
    sides = torch.tensor([[2, 3], [2, 3], [0, 1], [0, 1]])
    cell = torch.arange(cells)
    beams = torch.zeros(4, cells, cells, dtype=torch.bool)
    for facing in range(4):
        for lane in (cell, *targets[sides[facing]]):
            reached = lane
            for _ in range(length):
                reached = targets[facing, reached]
                beams[facing, cell, reached] = True
        beams[facing, cell, cell] = False
    return beams


def _windows(height: int, width: int, radius: int) -> Tensor:
    cell, side = torch.arange(height * width), torch.arange(-radius, radius + 1)
    row = (cell // width)[:, None, None] + side[:, None]
    column = (cell % width)[:, None, None] + side
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return torch.where(inside, row * width + column, height * width).flatten(1)


def started(key: Tensor, tables: Tables, players: int, picks: int) -> Players:
    """Return players in different cells to start from, who face up."""
    position = grid.free_cells(key, 0, "orchard/start", ~tables["starts"].expand(len(key), -1), players)
    nothing = torch.zeros_like(position)
    picked = torch.zeros(*position.shape, picks, dtype=torch.int64, device=key.device)
    return Players(position, nothing, nothing, picked, nothing, torch.zeros_like(key))


def walked(players: Players, actions: Tensor, key: Tensor, time: Tensor, tables: Tables) -> Players:
    """Move players one after the other, in an order drawn for every step; nobody enters an occupied cell."""
    moves = (actions > 0) & (actions <= len(grid.MOVES)) & players.present
    facing = torch.where(moves, actions - 1, players.facing)
    goals, position = tables["targets"][facing, players.position], players.position
    order = random.permutation(key, time, "orchard/order", position.shape[1])
    for rank in range(position.shape[1]):
        mover = order[:, rank, None]
        goal = goals.gather(1, mover)
        is_free = ~((position == goal) & players.present).any(1, keepdim=True)
        reached = torch.where(is_free & moves.gather(1, mover), goal, position.gather(1, mover))
        position = position.scatter(1, mover, reached)
    return replace(players, position=position, facing=facing)


def fed(players: Players, apples: Tensor, kind: Tensor, time: Tensor) -> tuple[Players, Tensor, Tensor]:
    """Let every player pick the apple of its cell; return players, the apples left ``[B, P]``, and who picked.

    ``kind`` ``[B, P]`` int64 is the kind of pick of each cell.
    """
    picks = apples.gather(1, players.position) & players.present
    kinds = torch.nn.functional.one_hot(kind.gather(1, players.position), players.picked.shape[2])
    left = apples & ~grid.planes(torch.where(picks, players.position, -1), apples.shape[1]).any(1)
    moments = players.moments + picks * time[:, None]
    return replace(players, picked=players.picked + picks[..., None] * kinds, moments=moments), left, picks


def tagged(players: Players, actions: Tensor, time_out: int, key: Tensor, time: Tensor, tables: Tables) -> Players:
    """Send all players in a beam to time-out, and let those return whose time-out is over, to cells to start from."""
    present, position = players.present, players.position
    fires = (actions == TAG) & present
    reached = tables["beam"][players.facing[..., None], position[..., None], position[:, None]]  # [B, N, N]
    hit = (reached & fires[..., None]).any(1) & present
    left = torch.where(hit, time_out, (players.time_out - 1).clamp(min=0))
    after = replace(players, time_out=left)
    returns = ~present & (left == 0)
    taken = players.occupied(tables["starts"].shape[0]) | ~tables["starts"]
    cells = grid.free_cells(key, time, "orchard/return", taken, position.shape[1])
    absent = players.absent + (~present).sum(-1)
    return replace(after, position=torch.where(returns, cells, position), absent=absent)


def image(players: Players, channels: list[Tensor], tables: Tables, view: int) -> Tensor:
    """Return the view ``[B, N, C, w, w]`` of each player: channels ``[B, P]``, walls, and the players.

    A player in time-out sees nothing.
    """
    copies, count = players.position.shape
    outside = torch.ones(copies, 1, dtype=torch.uint8, device=players.position.device)
    walls = torch.cat([tables["walls"].expand(copies, -1).to(torch.uint8), outside], 1)
    flags = [torch.cat([channel.to(torch.uint8), 0 * outside], 1) for channel in channels]
    numbers = torch.arange(1, count + 1, dtype=torch.uint8, device=outside.device).expand(copies, -1)
    cells = walls.shape[1] - 1
    on_map = torch.where(players.present, players.position, cells)
    owner = torch.zeros_like(walls).scatter(1, on_map, numbers)
    owner[:, cells] = 0
    seen = tables["window"][players.position].flatten(1)  # [B, N * w * w]
    planes = [channel.gather(1, seen).view(copies, count, -1) for channel in (*flags, walls, owner)]
    own = planes[-1] == numbers[..., None]
    planes[-1] = torch.where(own, 1, planes[-1] + (planes[-1] > 0).to(torch.uint8)).to(torch.uint8)
    side = 2 * view + 1
    return torch.stack(planes, 2).view(copies, count, len(planes), side, side) * players.present[..., None, None, None]


def features(players: Players, height: int, width: int, time_out: int) -> Tensor:
    """Return the features of :data:`FEATURES`, float64 ``[B, N, F]``."""
    row = (players.position // width) / max(height - 1, 1)
    column = (players.position % width) / max(width - 1, 1)
    facing = torch.nn.functional.one_hot(players.facing, len(grid.MOVES))
    return torch.cat([torch.stack([row, column], -1), facing, (players.time_out / time_out)[..., None]], -1).double()


ACCOUNTS = (
    Account(
        "apples",
        ("role:player",),
        "apples",
        "Apples picked",
        statistics=(
            Statistic("total", show="headline", name="collective_return", title="Apples picked by all"),
            Statistic("mean", show="detail"),
        ),
    ),
    Account("equality", title="Equality", format="index", show="table"),
    Account("sustainability", unit="steps", title="Mean step of a pick", show="table"),
    Account("peace", unit="players", title="Players not in time-out", show="table"),
)
"""The measures of Perolat et al. 2017, section 3: efficiency, equality, sustainability and peace."""


def measures(players: Players, time: Tensor) -> dict[str, Tensor]:
    """Return the accounts :data:`ACCOUNTS`, float64.

    Equality is ``1 - sum_ij |R_i - R_j| / (2 N sum_i R_i)``, 1 where nobody picks anything; sustainability the mean
    over players who picked apples of the mean step of their picks; peace the mean number of players not in time-out.
    """
    eaten = players.picked.sum(-1).double()
    count, total = eaten.shape[1], eaten.sum(-1)
    differences = (eaten[:, :, None] - eaten[:, None]).abs().sum((1, 2))
    pickers = (eaten > 0).sum(-1).clamp(min=1)
    return {
        "apples": eaten,
        "equality": 1.0 - differences / (2 * count * total.clamp(min=1.0)),
        "sustainability": (players.moments / eaten.clamp(min=1.0)).sum(-1) / pickers,
        "peace": count - players.absent / time.clamp(min=1).double(),
    }


def beamed(players: Players, fires: Tensor, tables: Tables) -> Tensor:
    """Return the cells in the beam of each player that ``fires`` (``[B, N]`` bool), ``[B, N, P]`` bool."""
    beams: Tensor = tables["beam"][players.facing, players.position]
    return beams & (fires & players.present)[..., None]


def check_map(rows: tuple[str, ...], signs: str, trees: str) -> None:
    """Raise ``ValueError`` if a map has an unknown sign or no tree."""
    grid.check_signs(rows, signs)
    if not any(trees in row for row in rows):
        raise ValueError(f"expected at least one tree, {trees}")


def check_room(rows: tuple[str, ...], players: int, water: str = "R") -> None:
    """Raise ``ValueError`` if players could be without a free cell to return to."""
    text = "".join(rows)
    cells = text.count("P") or len(text) - text.count("#") - text.count(water)
    if cells < 2 * players:
        raise ValueError(
            f"map: players={players} need {2 * players} cells to start from, since some return while others stand on "
            f"them; found {cells}"
        )
