"""Commons harvest: apples regrow only near other apples, so that players who pick them all destroy the orchard.

State
    The cell, the direction and the rest of the time-out of each player ``[B, N]``; which cells have an apple
    ``[B, P]``; what has been picked and grown; time and keys.

Actions
    Role ``player``: stay, up, down, left, right, or tag. A player faces in the direction of its last move.

Observations
    A square window of the map around the player: apples, trees without an apple, walls and players; and the player's
    own cell, direction and time-out. Players do not observe time.

Dynamics
    In every step players move one after the other in a random order, and nobody enters a wall or an occupied cell. A
    player in a cell with an apple picks it. A player who tags sends all others in a beam of three by ``beam_length``
    cells in front of it to time-out; walls stop the beam. Players return to a free cell to start from. Then each tree
    without an apple and without a player bears one with the probability ``regrowth[n]``, where ``n`` is the number of
    apples within ``radius``. The game is cut off after ``horizon`` steps.

Rewards
    1 for each apple. ``pooled_share`` of all rewards is divided equally among all players: 0 for selfish players, 1 for
    a team.

Conservation
    Apples: those on trees and those picked, less those grown, are the apples at the start.

Calibration
    Probabilities of regrowth as in SocialJax, and in Melting Pot 2 but for one neighbour (0.0025); time-out of Perolat
    et al. (2017). The map is smaller than theirs, with four patches of twelve trees.

Checks
    Regrowth has the stated frequencies; players who spare apples without three others nearby harvest in the whole
    episode, those who take all leave a bare orchard; a Schelling diagram shows that it is a social dilemma.

References:
    Janssen et al. (2010) for the mechanism; Perolat et al. (2017), *A multi-agent reinforcement learning model of
    common-pool resource appropriation*; Hughes et al. (2018) for the diagram.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field, field_validator, model_validator
from torch import Tensor

from econsim import random
from econsim.accounts import Account
from econsim.game import Box, Discrete, Observation, Role, Transition, tensors
from econsim.games import _grid as grid
from econsim.games import _orchard as orchard
from econsim.games._map_game import PLAYER, MapGame

__all__ = ["CommonsHarvest", "Parameters"]

REFERENCES = (
    "@inproceedings{perolat2017multi, title={A multi-agent reinforcement learning model of common-pool resource "
    "appropriation}, author={Perolat, Julien and Leibo, Joel Z. and Zambaldi, Vinicius and Beattie, Charles and Tuyls, "
    "Karl and Graepel, Thore}, booktitle={Advances in Neural Information Processing Systems}, year={2017}}",
    "@article{janssen2010lab, title={Lab Experiments for the Study of Social-Ecological Systems}, author={Janssen, "
    "Marco A. and Holahan, Robert and Lee, Allen and Ostrom, Elinor}, journal={Science}, volume={328}, pages={613--617}"
    ", year={2010}}",
)
SIGNS = ".#AP"
MAP = """
..A.........A..
.AAA...P...AAA.
AAAAA.....AAAAA
.AAA..P.P..AAA.
...............
.P..P..P..P..P.
...............
.AAA..P.P..AAA.
AAAAA.....AAAAA
.AAA...P...AAA.
..A.........A..
"""


class Parameters(orchard.OrchardParameters):
    """Parameters of commons harvest."""

    map: str = MAP
    """The map, a line for each row of cells: ``A`` a tree, ``#`` a wall, ``P`` a cell to start from, ``.`` any other
    cell. Without ``P``, players start anywhere but in walls."""
    regrowth: tuple[float, ...] = Field(default=(0.0, 0.001, 0.005, 0.025), min_length=1)
    """Probability per step that a tree bears an apple again, by the number of apples nearby; the last one for that
    number and more."""
    radius: float = Field(default=2.0, ge=1)
    """Distance up to which apples are nearby, in cells (Euclidean)."""
    time_out: int = Field(default=25, ge=1)
    """Steps for which a tagged player is off the map."""
    view: int = Field(default=5, ge=1)
    """Cells that a player sees in each direction."""

    @field_validator("map")
    @classmethod
    def _is_a_map(cls, text: str) -> str:
        orchard.check_map(grid.rows_of(text), SIGNS, trees="A")
        return text

    @field_validator("regrowth")
    @classmethod
    def _are_probabilities(cls, regrowth: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 <= probability <= 1 for probability in regrowth):
            raise ValueError(f"expected probabilities between 0 and 1, found {', '.join(map(str, regrowth))}")
        return regrowth

    @model_validator(mode="after")
    def _have_room(self) -> Parameters:
        orchard.check_room(grid.rows_of(self.map), self.players)
        return self


@tensors
class State:
    """State of commons harvest."""

    time: Tensor  # [B] int64
    key: Tensor  # [B] int64
    players: orchard.Players
    apples: Tensor  # [B, P] bool
    grown: Tensor  # [B] int64, apples grown since the start


class CommonsHarvest(MapGame[State]):
    """Commons harvest; the module docstring describes it."""

    unit = "apples"

    def __init__(self, parameters: Parameters) -> None:
        rows = grid.rows_of(parameters.map)
        super().__init__(parameters, rows)
        self.settings = parameters
        self.constants = {
            **orchard.tables_of(rows, parameters.beam_length, parameters.view),
            "trees": grid.cells_with(rows, "A"),
            "near": _near(self.height, self.width, parameters.radius),  # [P, P] 0/1
            "regrowth": torch.tensor(parameters.regrowth),
        }
        self.accounts_spec = (*orchard.ACCOUNTS, Account("apples_left", unit="apples", show="table"))
        self.roles = {PLAYER: _role(parameters)}

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies: an apple on every tree, players in different cells."""
        players = orchard.started(key, self.constants, self.settings.players, len(self.constants["regrowth"]))
        time = torch.zeros_like(key)
        return State(time, key, players, self.constants["trees"].expand(len(key), -1).clone(), time)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return what each player sees around it."""
        players, settings = state.players, self.settings
        bare = self.constants["trees"] & ~state.apples
        view = orchard.image(players, [state.apples, bare], self.constants, settings.view)
        features = orchard.features(players, self.height, self.width, settings.time_out)
        return self.seen(features, players.present, view)

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Move players, let them pick and tag, and let apples grow."""
        tables, chosen, time = self.constants, actions[PLAYER], state.time + 1
        nearby = self._nearby(state.apples)
        players = orchard.walked(state.players, chosen, state.key, time, tables)
        players, apples, picks = orchard.fed(players, state.apples, nearby, time)
        players = orchard.tagged(players, chosen, self.settings.time_out, state.key, time, tables)
        grows = self._grows(apples, players, state.key, time)
        after = State(time, state.key, players, apples | grows, state.grown + grows.sum(-1))
        return self.ended(after, time, picks)

    def _nearby(self, apples: Tensor) -> Tensor:
        """Return the number of apples near each cell, at most the last entry of ``regrowth``, int64 ``[B, P]``."""
        nearby: Tensor = apples.float() @ self.constants["near"]
        return nearby.long().clamp(max=len(self.constants["regrowth"]) - 1)

    def _grows(self, apples: Tensor, players: orchard.Players, key: Tensor, time: Tensor) -> Tensor:
        """Return the cells in which an apple grows, ``[B, P]`` bool."""
        is_open = self.constants["trees"] & ~apples & ~players.occupied(apples.shape[1])
        draws = random.uniform(key, time, "commons_harvest/regrowth", (apples.shape[1],))
        grows: Tensor = is_open & (draws < self.constants["regrowth"][self._nearby(apples)])
        return grows

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the measures of Perolat et al. (2017) and the apples that are left."""
        return {**orchard.measures(state.players, state.time), "apples_left": state.apples.sum(-1).double()}

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return the apples at the start: those on trees and those picked, less those grown."""
        left, picked = state.apples.sum(-1), state.players.picked.sum((1, 2))
        return {"apples": (left + picked - state.grown).double()}

    def outcome_labels(self, role: str) -> tuple[str, ...]:
        """Return what a planner can pay for: picks by the number of apples nearby."""
        last = len(self.constants["regrowth"]) - 1
        return (*(f"pick with {number} nearby" for number in range(last)), f"pick with {last} or more nearby")

    def outcomes(self, before: State, after: State) -> dict[str, Tensor]:
        """Return how many apples of each kind every player picked in a step, ``[B, N, K]``."""
        return {PLAYER: after.players.picked - before.players.picked}


def _near(height: int, width: int, radius: float) -> Tensor:
    """Return 1 where two different cells are within the radius, float32 ``[P, P]``."""
    cell = torch.arange(height * width)
    row, column = cell // width, cell % width
    squared = (row[:, None] - row) ** 2 + (column[:, None] - column) ** 2
    return ((squared > 0) & (squared <= radius**2)).float()


def _role(parameters: Parameters) -> Role:
    side = 2 * parameters.view + 1
    return Role(
        PLAYER,
        parameters.players,
        Box(0, 1, (len(orchard.FEATURES),)),
        Discrete(len(orchard.ACTIONS)),
        features=orchard.FEATURES,
        feature_units=orchard.UNITS,
        action_labels=orchard.ACTIONS,
        view=(4, side, side),
        view_counts=(2, 2, 2, parameters.players + 2),
        view_labels=(("", "apple"), ("", "tree without an apple"), ("", "wall"), orchard.PLAYER_LABELS),
    )
