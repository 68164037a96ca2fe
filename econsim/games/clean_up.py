"""Clean-up: apples grow only while a river is clean, and who cleans it picks no apples.

State
    The cell, the direction and the rest of the time-out of each player ``[B, N]``; which cells have an apple, and which
    cells of the river are dirty ``[B, P]``; what has been picked, grown and cleaned; time and keys.

Actions
    Role ``player``: stay, up, down, left, right, tag, or clean. A player faces in the direction of its last move, also
    where the move was blocked.

Observations
    A square window of the map around the player: apples, trees without an apple, clean and dirty river, walls and
    players; the player's own cell, direction and time-out; and the share of the river that is dirty.

Dynamics
    In every step players move one after the other in a random order; nobody enters a wall, the river or an occupied
    cell. A player in a cell with an apple picks it. A beam of three by ``beam_length`` cells in front of a player who
    cleans removes the dirt that it reaches; a player who tags sends all others in such a beam to time-out. Then each
    tree without an apple and without a player bears one with the probability ``growth * (1 - d / depletion)``, and
    never where the share ``d`` of the river that is dirty is ``depletion`` or more. After ``clean_steps`` steps, one
    clean cell of the river becomes dirty with the probability ``pollution`` per step. The game is cut off after
    ``horizon`` steps.

Rewards
    1 for each apple. ``pooled_share`` of all rewards is divided equally among all players: 0 for selfish players, 1 for
    a team.

Conservation
    Apples: those on trees and those picked, less those grown, are none. Dirt: dirty cells and those cleaned, less those
    polluted, are the dirty cells at the start.

Calibration
    Growth, depletion, pollution, its delay, beam and time-out as in Melting Pot 2 (Clean Up) and SocialJax; the map is
    smaller, so that the same pollution is a larger share of the river. Players do not enter the river, and observe how
    dirty it is.

Checks
    Growth and pollution have the stated frequencies; without cleaning the orchard stops bearing; a Schelling diagram
    shows that it is a social dilemma.

References:
    Hughes et al. (2018), *Inequity aversion improves cooperation in intertemporal social dilemmas*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from pydantic import Field, field_validator, model_validator
from torch import Tensor

from econsim import random
from econsim.accounts import Account
from econsim.game import Box, Discrete, Observation, Role, Transition, tensors
from econsim.games import _grid as grid
from econsim.games import _orchard as orchard
from econsim.games._map_game import PLAYER, MapGame

__all__ = ["CleanUp", "Parameters"]

REFERENCES = (
    "@inproceedings{hughes2018inequity, title={Inequity aversion improves cooperation in intertemporal social dilemmas}"
    ", author={Hughes, Edward and others}, booktitle={Advances in Neural Information Processing Systems}, year={2018}}",
)
SIGNS = ".#APR"
RIVER = "R"
ACTIONS = (*orchard.ACTIONS, "clean")
CLEAN = len(ACTIONS) - 1
FEATURES = (*orchard.FEATURES, "dirt")
MAP = """
RRRRRRRRRRRRR
RRRRRRRRRRRRR
.P..P.P.P..P.
.............
.P..P.P.P..P.
AAAAAAAAAAAAA
AAAAAAAAAAAAA
"""


class Parameters(orchard.OrchardParameters):
    """Parameters of clean-up."""

    map: str = MAP
    """The map, a line for each row of cells: ``A`` a tree, ``R`` the river, ``#`` a wall, ``P`` a cell to start from,
    ``.`` any other cell. Without ``P``, players start anywhere but in walls and in the river."""
    growth: float = Field(default=0.05, ge=0, le=1)
    """Probability per step that a tree bears an apple while the river is clean."""
    depletion: float = Field(default=0.4, gt=0, le=1)
    """Share of the river that is dirty from which on no apples grow."""
    pollution: float = Field(default=0.5, ge=0, le=1)
    """Probability per step that one more cell of the river becomes dirty."""
    clean_steps: int = Field(default=50, ge=0)
    """Steps at the start without pollution."""
    dirty_at_start: float = Field(default=0.5, ge=0, le=1)
    """Share of the river that is dirty at the start, rounded to whole cells."""
    time_out: int = Field(default=50, ge=1)
    """Steps for which a tagged player is off the map."""
    view: int = Field(default=6, ge=1)
    """Cells that a player sees in each direction."""

    @field_validator("map")
    @classmethod
    def _is_a_map(cls, text: str) -> str:
        rows = grid.rows_of(text)
        orchard.check_map(rows, SIGNS, trees="A")
        if not any(RIVER in row for row in rows):
            raise ValueError(f"expected at least one cell of the river, {RIVER}")
        return text

    @model_validator(mode="after")
    def _have_room(self) -> Parameters:
        orchard.check_room(grid.rows_of(self.map), self.players, RIVER)
        return self


@tensors
class State:
    """State of clean-up."""

    time: Tensor  # [B] int64
    key: Tensor  # [B] int64
    players: orchard.Players
    apples: Tensor  # [B, P] bool
    dirt: Tensor  # [B, P] bool
    grown: Tensor  # [B] int64, apples grown since the start
    polluted: Tensor  # [B] int64, cells that were dirty at the start or became dirty
    cleaned: Tensor  # [B, N] int64, cells cleaned; those that several players reach count for the first of them


class CleanUp(MapGame[State]):
    """Clean-up; the module docstring describes it."""

    unit = "apples"

    def __init__(self, parameters: Parameters) -> None:
        rows = grid.rows_of(parameters.map)
        super().__init__(parameters, rows, ("growth", "depletion", "pollution"))
        self.settings = parameters
        self.constants = {
            **orchard.tables_of(rows, parameters.beam_length, parameters.view, RIVER),
            "trees": grid.cells_with(rows, "A"),
            "river": grid.cells_with(rows, RIVER),
        }
        self.accounts_spec = (
            *orchard.ACCOUNTS,
            Account("cells_cleaned", unit="cells", show="table"),
            Account("river_dirt", title="Dirty share of the river", format="share", show="table"),
        )
        self.roles = {PLAYER: _role(parameters)}

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies: no apples, and dirt in random cells of the river."""
        river, players = self.constants["river"], orchard.started(key, self.constants, self.settings.players, 1)
        time, dry = torch.zeros_like(key), ~river.expand(len(key), -1)
        count = round(self.settings.dirty_at_start * int(river.sum()))
        dirt = grid.planes(grid.free_cells(key, 0, "clean_up/dirt", dry, count), len(river)).any(1)
        nothing = torch.zeros_like(players.position)
        return State(time, key, players, torch.zeros_like(dirt), dirt, time, dirt.sum(-1), nothing)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return what each player sees around it, and the share of the river that is dirty."""
        players, settings, tables = state.players, self.settings, self.constants
        channels = [state.apples, tables["trees"] & ~state.apples, tables["river"] & ~state.dirt, state.dirt]
        view = orchard.image(players, channels, tables, settings.view)
        own = orchard.features(players, self.height, self.width, settings.time_out)
        share = self._dirty(state.dirt)[:, None, None].expand(-1, settings.players, 1)
        return self.seen(torch.cat([own, share], -1), players.present, view)

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Move players, let them pick, clean and tag; then apples grow and the river becomes dirty."""
        tables, chosen, time, key = self.constants, actions[PLAYER], state.time + 1, state.key
        players = orchard.walked(state.players, chosen, key, time, tables)
        players, apples, picks = orchard.fed(players, state.apples, torch.zeros_like(state.apples).long(), time)
        reached = orchard.beamed(players, chosen == CLEAN, tables) & state.dirt[:, None]  # [B, N, P]
        first = reached & (reached.cumsum(1) == 1)
        dirt = state.dirt & ~reached.any(1)
        players = orchard.tagged(players, chosen, self.settings.time_out, key, time, tables)
        grows = self._grows(apples, dirt, players, key, time)
        fouled = self._fouled(dirt, key, time)
        after = replace(
            state,
            time=time,
            players=players,
            apples=apples | grows,
            dirt=dirt | fouled,
            grown=state.grown + grows.sum(-1),
            polluted=state.polluted + fouled.sum(-1),
            cleaned=state.cleaned + first.sum(-1),
        )
        return self.ended(after, time, picks)

    def _dirty(self, dirt: Tensor) -> Tensor:
        """Return the share of the river that is dirty, float64 ``[B]``."""
        share: Tensor = dirt.sum(-1).double() / self.constants["river"].sum()
        return share

    def _grows(self, apples: Tensor, dirt: Tensor, players: orchard.Players, key: Tensor, time: Tensor) -> Tensor:
        """Return the cells in which an apple grows, ``[B, P]`` bool."""
        clean = (1.0 - self._dirty(dirt) / self.parameters["depletion"]).clamp(min=0.0)
        is_open = self.constants["trees"] & ~apples & ~players.occupied(apples.shape[1])
        draws = random.uniform(key, time, "clean_up/growth", (apples.shape[1],), torch.float64)
        grows: Tensor = is_open & (draws < (self.parameters["growth"] * clean)[:, None])
        return grows

    def _fouled(self, dirt: Tensor, key: Tensor, time: Tensor) -> Tensor:
        """Return the cell of the river that becomes dirty, ``[B, P]`` bool, none where it does not."""
        is_open = self.constants["river"] & ~dirt
        draws = random.uniform(key, time, "clean_up/pollution", (), torch.float64)
        falls = (draws < self.parameters["pollution"]) & (time > self.settings.clean_steps)
        cell = grid.free_cells(key, time, "clean_up/fouled", ~is_open, 1)[:, 0]
        fouled: Tensor = grid.planes(torch.where(falls, cell, -1), dirt.shape[1]) & is_open
        return fouled

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the measures of Perolat et al. (2017), cells cleaned, and how dirty the river is."""
        own = {"cells_cleaned": state.cleaned.sum(-1).double(), "river_dirt": self._dirty(state.dirt)}
        return {**orchard.measures(state.players, state.time), **own}

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return apples and dirt of which nothing appears or is lost."""
        apples = state.apples.sum(-1) + state.players.picked.sum((1, 2)) - state.grown
        dirt = state.dirt.sum(-1) + state.cleaned.sum(-1) - state.polluted
        return {"apples": apples.double(), "dirt": dirt.double()}

    def outcome_labels(self, role: str) -> tuple[str, ...]:
        """Return what a planner can pay for: apples picked and cells cleaned."""
        return ("apple picked", "cell cleaned")

    def outcomes(self, before: State, after: State) -> dict[str, Tensor]:
        """Return how many apples every player picked and how many cells it cleaned in a step, ``[B, N, 2]``."""
        picked = (after.players.picked - before.players.picked).sum(-1)
        return {PLAYER: torch.stack([picked, after.cleaned - before.cleaned], -1)}


def _role(parameters: Parameters) -> Role:
    side = 2 * parameters.view + 1
    labels = (("", "apple"), ("", "tree without an apple"), ("", "river, clean"), ("", "dirt"), ("", "wall"))
    return Role(
        PLAYER,
        parameters.players,
        Box(0, 1, (len(FEATURES),)),
        Discrete(len(ACTIONS)),
        features=FEATURES,
        feature_units=(*orchard.UNITS, "share of the river"),
        action_labels=ACTIONS,
        view=(6, side, side),
        view_counts=(2, 2, 2, 2, 2, parameters.players + 2),
        view_labels=(*labels, orchard.PLAYER_LABELS),
    )
