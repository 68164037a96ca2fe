"""Four rooms: players walk to a goal, and pass a place where others would like them to be only if that is on their way.

State
    The cell and the goal of each player ``[B, N]``, whether it has been at the target and has arrived at its goal; how
    often each outcome has occurred ``[B, N, O]``; time and keys.

Actions
    Role ``player``: up, down, left or right, by one cell.

Observations
    The map with the player, the other players, doors, the target and the player's own goal; and as features its cell,
    its goal, and whether it has been at the target. Players do not observe time.

Dynamics
    All players move at the same time, and several can be in one cell. With probability ``slip`` a player moves in one
    of the three other directions, all equally likely; into a wall, it stays. A player that reaches its goal stays
    there. Each player starts in a cell ``S`` and has a goal among the cells ``G``, all equally likely. The game ends
    when all have arrived, and is cut off after ``horizon`` steps.

Rewards
    1 for the arrival at the goal. ``pooled_share`` of all rewards is divided equally among all players. Others gain
    ``target_benefit`` when a player is at the target for the first time; no player receives it.

Conservation
    Arrivals: the players who are at their goals are those who have been counted when they arrived.

Calibration
    Map, start, goals, target, slip, horizon and discount as published (Thoma et al. 2024, and their code); a benefit
    of 1. There, a planner gains from every visit and fines cells; here it gains from the first one, and can pay for
    doors and for the target, so that nobody is paid for walking back and forth.

Checks
    Returns under the softly optimal policy are those of an exact dynamic program; a planner who pays for the target
    finds the best payment of that program.

References:
    Sutton, Precup and Singh (1999) for the rooms; Thoma et al. (2024), *Contextual Bilevel Reinforcement Learning for
    Incentive Alignment*, for the planner.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field, field_validator
from torch import Tensor

from econsim import random
from econsim.accounts import Account
from econsim.game import Box, Discrete, Observation, Role, Transition, tensors
from econsim.games import _grid as grid
from econsim.games._map_game import PLAYER, MapGame, MapParameters
from econsim.markov import Decisions

__all__ = ["FourRooms", "Parameters"]

REFERENCES = (
    "@article{sutton1999between, title={Between {MDPs} and semi-{MDPs}: A framework for temporal abstraction in "
    "reinforcement learning}, author={Sutton, Richard S. and Precup, Doina and Singh, Satinder}, journal={Artificial "
    "Intelligence}, volume={112}, pages={181--211}, year={1999}}",
    "@inproceedings{thoma2024contextual, title={Contextual Bilevel Reinforcement Learning for Incentive Alignment}, "
    "author={Thoma, Vinzenz and P{\\'a}sztor, Barna and Krause, Andreas and Ramponi, Giorgia and Hu, Yifan}, "
    "booktitle={Advances in Neural Information Processing Systems}, year={2024}}",
)
SIGNS = ".#SGTD"
MOVES = len(grid.MOVES)
FEATURES = ("row", "column", "row of the goal", "column of the goal", "been at the target")
UNITS = ("share of the rows", "share of the columns") * 2 + ("1: yes, 0: not yet",)
MAP = """
#############
#.....#..G..#
#.....#.....#
#.....D.....#
#S....#.....#
#.....#.....#
##D####.....#
#.....###D###
#...T.#.....#
#.....#.....#
#.....D.....#
#.....#....G#
#############
"""


class Parameters(MapParameters):
    """Parameters of four rooms."""

    players: int = Field(default=1, ge=1, le=64)
    """Number of players, who do not get in each other's way."""
    map: str = MAP
    """The map, a line for each row of cells: ``#`` a wall, ``S`` a cell to start from, ``G`` a goal, ``T`` the target,
    ``D`` a door, ``.`` any other cell. Doors are numbered row by row."""
    slip: float = Field(default=1 / 3, ge=0, le=1)
    """Probability of a move in another direction than the chosen one."""
    target_benefit: float = Field(default=1.0, ge=0)
    """Gain of others, of whom a planner takes account, for each player that has been at the target."""
    horizon: int = Field(default=200, ge=1)
    """Largest number of steps of an episode."""
    discount: float = Field(default=0.99, gt=0, le=1)
    """Weight of a reward relative to a reward one step earlier."""

    @field_validator("map")
    @classmethod
    def _is_a_map(cls, text: str) -> str:
        rows = grid.rows_of(text)
        grid.check_signs(rows, SIGNS)
        for sign, what in (("S", "a cell to start from"), ("G", "a goal"), ("T", "a target")):
            if not any(sign in row for row in rows):
                raise ValueError(f"expected at least one cell with {sign}, {what}")
        return text


@tensors
class State:
    """State of four rooms."""

    time: Tensor  # [B] int64
    key: Tensor  # [B] int64
    position: Tensor  # [B, N] int64, cell
    goal: Tensor  # [B, N] int64, number of the goal
    counts: Tensor  # [B, N, O] int64, how often each outcome has occurred

    @property
    def been(self) -> Tensor:
        """Which players have been at the target, ``[B, N]`` bool."""
        return self.counts[..., -2] > 0

    @property
    def arrived(self) -> Tensor:
        """Which players have arrived at their goals, ``[B, N]`` bool."""
        return self.counts[..., -1] > 0


class FourRooms(MapGame[State]):
    """Four rooms; the module docstring describes it."""

    clocked = False
    rests = True
    accounts_spec = (
        Account("target_share", title="Share of players who were at the target", format="share", show="headline"),
        Account("arrived_share", title="Share of players who arrived", format="share", show="table"),
    )

    def __init__(self, parameters: Parameters) -> None:
        rows = grid.rows_of(parameters.map)
        super().__init__(parameters, rows, ("slip", "target_benefit"))
        self.settings = parameters
        walls, doors = grid.cells_with(rows, "#"), grid.cells_with(rows, "D")
        self.constants = {
            "walls": walls,
            "doors": doors,
            "target": grid.cells_with(rows, "T"),
            "starts": grid.cells_with(rows, "S").nonzero()[:, 0],
            "goals": grid.cells_with(rows, "G").nonzero()[:, 0],
            "moves": grid.neighbours(self.height, self.width, torus=False, walls=walls),  # [4, P]
            "scale": torch.tensor([max(self.height - 1, 1), max(self.width - 1, 1)]),  # the last row and column
            "door_number": torch.where(doors, doors.cumsum(0) - 1, -1),  # [P]
        }
        self.doors = int(doors.sum())
        self.constants |= self._decision_tables()
        self.roles = {PLAYER: _role(parameters, self.height, self.width)}

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies."""
        shape, starts, goals = (self.settings.players,), self.constants["starts"], self.constants["goals"]
        position = starts[random.integers(key, 0, "four_rooms/start", len(starts), shape)]
        goal = random.integers(key, 0, "four_rooms/goal", len(goals), shape)
        counts = torch.zeros(*position.shape, self.doors + 2, dtype=torch.int64, device=key.device)
        return State(torch.zeros_like(key), key, position, goal, counts)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return the map as each player sees it, its cell, its goal, and whether it has been at the target."""
        cells = torch.stack([state.position, self.constants["goals"][state.goal]], -1)  # [B, N, 2]
        places = torch.stack([cells // self.width, cells % self.width], -1) / self.constants["scale"]
        features = torch.cat([places.flatten(2), state.been[..., None]], -1)
        return self.seen(features, ~state.arrived, self._view(state))

    def _view(self, state: State) -> Tensor:
        """Return the view ``[B, N, C, h, w]``: walls, doors, the target, the player's goal, and players."""
        copies, count = state.position.shape
        fixed = torch.stack([self.constants[name] for name in ("walls", "doors", "target")])
        goal = grid.planes(self.constants["goals"][state.goal], fixed.shape[1])[:, :, None]
        at = grid.planes(state.position, fixed.shape[1])  # [B, N, P]
        players = 2 * at.any(1, keepdim=True).to(torch.uint8) - at.to(torch.uint8)  # 1: the player itself, 2: another
        layers = [fixed.expand(copies, count, -1, -1), goal, players[:, :, None]]
        view = torch.cat([layer.to(torch.uint8) for layer in layers], 2)
        return view.reshape(*view.shape[:-1], self.height, self.width)

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Move players, some of them in another direction than they chose."""
        time, shape = state.time + 1, (self.settings.players,)
        slips = random.uniform(state.key, time, "four_rooms/slip", shape, torch.float64)
        turn = random.integers(state.key, time, "four_rooms/turn", MOVES - 1, shape) + 1
        move = (actions[PLAYER] + torch.where(slips < self.parameters["slip"].reshape(-1, 1), turn, 0)) % MOVES
        after = torch.where(state.arrived, state.position, grid.moved(state.position, move, self.constants["moves"]))
        found = (
            self._outcomes(state.position, after, state.been, self.constants["goals"][state.goal])
            & ~state.arrived[..., None]
        )
        reached = State(time, state.key, after, state.goal, state.counts + found)
        return self.ended(reached, time, found[..., -1], reached.arrived.all(-1))

    def _outcomes(self, before: Tensor, after: Tensor, been: Tensor, goal: Tensor) -> Tensor:
        """Return which outcomes a move has, ``[..., O]`` bool: doors entered, a first visit of the target, arrival."""
        doors = torch.arange(self.doors, device=after.device)
        entered = (self.constants["door_number"][after][..., None] == doors) & (after != before)[..., None]
        first = self.constants["target"][after] & ~been
        return torch.cat([entered, first[..., None], (after == goal)[..., None]], -1)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the shares of players who were at the target, and who have arrived at their goals."""
        shares = {"target_share": state.been, "arrived_share": state.arrived}
        return {name: flags.double().mean(-1) for name, flags in shares.items()}

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return the players at their goals less those who have been counted as arrived, which is 0."""
        at_goal = state.position == self.constants["goals"][state.goal]
        return {"arrivals": (at_goal.long() - state.counts[..., -1]).sum(-1).double()}

    def outcome_labels(self, role: str) -> tuple[str, ...]:
        """Return what a planner can pay for: doors entered, the target reached for the first time, and the goal."""
        return (*(f"enter door {number}" for number in range(1, self.doors + 1)), "reach target", "reach goal")

    def outcomes(self, before: State, after: State) -> dict[str, Tensor]:
        """Return how often each outcome occurred in a step, ``[B, N, O]``."""
        return {PLAYER: after.counts - before.counts}

    def external_benefit(self, before: State, after: State) -> Tensor:
        """Return what others gain in a step, ``[B]``; see :class:`~econsim.mechanisms.incentives.BenefitsOthers`."""
        visits = (after.counts - before.counts)[..., -2].sum(-1)
        return visits * self.parameters["target_benefit"]

    def decisions(self, role: str, observation: Observation) -> Decisions:
        """Return the decision problem of a player; see :class:`~econsim.markov.DecisionGame`.

        Its states are all cells, for every goal and both before and after the target. Pooled rewards of other players
        are not part of it.
        """
        found, following = self.constants["decision_outcomes"], self.constants["decision_next"]
        slip = self.parameters["slip"].reshape(-1, 1, 1)
        chosen = torch.eye(MOVES, dtype=torch.float64, device=found.device)
        moves = (1.0 - slip) * chosen + slip / (MOVES - 1) * (1.0 - chosen)  # [1 | B, A, J]
        outcomes = torch.einsum("baj,sjo->bsao", moves, found.double())
        own = 1.0 - self.parameters["pooled_share"].reshape(-1, 1, 1) * (1.0 - 1.0 / self.settings.players)
        rewards = (outcomes[..., -1] * own).expand(len(observation.alive), -1, -1)
        shape = (len(found), MOVES, MOVES)
        return Decisions(
            self._decision_state(observation),
            rewards,
            outcomes,
            following[:, None].expand(shape),
            moves[:, None].expand(-1, *shape),
            self.discount,
            self.constants["decision_start"],
        )

    def _decision_tables(self) -> dict[str, Tensor]:
        """Return the outcomes ``[S, J, O]`` and the next states ``[S, J]`` of each move in a decision problem.

        Also the probability of each first state, ``[S]``: any start with any goal.
        """
        goals, cells = self.constants["goals"], len(self.constants["walls"])
        state = torch.arange(2 * len(goals) * cells)
        cell, been, goal = state % cells, state // cells % 2 > 0, goals[state // (2 * cells)]
        over = cell == goal
        after = torch.where(over[:, None], cell[:, None], self.constants["moves"][:, cell].T)
        found = self._outcomes(cell[:, None], after, been[:, None], goal[:, None]) & ~over[:, None, None]
        first = (state - cell - been * cells)[:, None]  # the first state with the same goal
        following = first + (been[:, None] | found[..., -2]) * cells + after
        first_states = (2 * torch.arange(len(goals))[:, None] * cells + self.constants["starts"]).flatten()
        start = torch.zeros(len(state), dtype=torch.float64).index_fill(0, first_states, 1 / len(first_states))
        return {"decision_outcomes": found, "decision_next": following, "decision_start": start}

    def _decision_state(self, observation: Observation) -> Tensor:
        """Return the number of the state of :meth:`decisions` that each player observes, ``[B, N]``."""
        seen = observation.features[..., : len(FEATURES)].double()
        cells = seen[..., :4] * self.constants["scale"].repeat(2)
        row, column, goal_row, goal_column = cells.round().long().unbind(-1)
        goal = (goal_row * self.width + goal_column)[..., None] == self.constants["goals"]
        been = seen[..., 4] > 0.5
        number = goal.long().argmax(-1) * 2 + been
        state: Tensor = (number * self.height + row) * self.width + column
        return state


def _role(parameters: Parameters, height: int, width: int) -> Role:
    return Role(
        PLAYER,
        parameters.players,
        Box(0, 1, (len(FEATURES),)),
        Discrete(MOVES),
        features=FEATURES,
        feature_units=UNITS,
        action_labels=tuple(grid.MOVES),
        view=(5, height, width),
        view_counts=(2, 2, 2, 2, 3),
        view_labels=(("", "wall"), ("", "door"), ("", "target"), ("", "goal"), ("", "you", "another player")),
    )
