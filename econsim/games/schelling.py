"""Schelling's segregation: people of two groups who move to an empty cell while too few of their neighbours are alike.

State
    The cell and the group of each person ``[B, N]``, whether it is happy ``[B, N]``, the empty cells ``[B, E]`` in an
    order that only draws of cells use; the step after which all were happy ``[B]``, time, and the random key.

Actions
    ``person``: under ``decisions: rule`` the rule decides, and nobody is asked. Under ``decisions: free`` each person
    chooses in each step to stay or to move.

Observations
    ``person``: the share of its neighbours who are alike, 0 without neighbours, and whether it is happy.

Dynamics
    People act one after another, in an order that is drawn for each step. Whoever was unhappy at the end of the last
    step (or chooses to move) moves to a cell drawn from those that are empty at that moment, and leaves its own empty.
    At the end of the step all see their neighbours: a person is happy if at least the share ``threshold`` of them is
    alike. Neighbours are the people within ``radius`` rows and columns; the grid has edges. An episode ends when all
    are happy, or after ``horizon`` steps.

Rewards
    1 for a happy person and 0 for an unhappy one, at the end of each step.

Conservation
    The number of people on the grid, and of each group.

Calibration
    As the example of Mesa: 20 x 20 cells, of which 80 % are inhabited, two groups of equal probability, threshold 0.4.
    Mesa draws for each cell whether it is inhabited; here the number of people is exact.

Checks
    Steps until all are happy are those of Mesa 3.3.1: a mean of 10.17 with an error of 0.26 and quartiles 8, 10 and 11
    over 120 seeds. Under the same draws, agents of Mesa's example and tensors agree for every person in every step
    (``tests/games/test_schelling_grid.py``).

References:
    Schelling (1971), "Dynamic models of segregation", Journal of Mathematical Sociology 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from econsim import random
from econsim.accounts import Account, Statistic
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.games._grid import free_cells
from econsim.parameters import Model

__all__ = ["Parameters", "Schelling"]

REFERENCES = (
    "@article{schelling1971dynamic, title={Dynamic models of segregation}, author={Schelling, Thomas C.}, "
    "journal={Journal of Mathematical Sociology}, volume={1}, number={2}, pages={143--186}, year={1971}}",
)
PERSON, MOVE = "person", 1
ORDER, TARGET = "schelling/order", "schelling/target"
_OPTIONS = ("stay", "move")


class Parameters(Model):
    """Parameters of the game."""

    height: int = Field(20, ge=2)
    """Rows of cells."""
    width: int = Field(20, ge=2)
    """Columns of cells."""
    density: float = Field(0.8, gt=0, lt=1)
    """Share of cells with a person."""
    minority_share: float = Field(0.5, ge=0, le=1)
    """Probability that a person belongs to the second group."""
    threshold: float = Field(0.4, ge=0, le=1)
    """Share of neighbours who are alike from which a person is happy; without neighbours its share is 0."""
    radius: int = Field(1, ge=1)
    """Rows and columns on each side within which people are neighbours."""
    decisions: Literal["rule", "free"] = "rule"
    """Whether exactly the unhappy move, or people choose."""
    horizon: int = Field(100, ge=1)
    """Most steps of an episode."""

    @property
    def people(self) -> int:
        """The number of people."""
        return round(self.density * self.height * self.width)

    @model_validator(mode="after")
    def _has_people_and_empty_cells(self) -> Self:
        if not 2 <= self.people < self.height * self.width:
            raise ValueError(
                f"density {self.density:g} leaves {self.people} people on {self.height * self.width} cells; expected"
                " two people and an empty cell at least"
            )
        return self


@tensors
class State:
    """State of the game."""

    key: Tensor  # [B] int64
    time: Tensor  # [B] int64, steps that have passed
    cell: Tensor  # [B, N] int64, row by row
    group: Tensor  # [B, N] int64, 0 or 1
    alike: Tensor  # [B, N] float64, share of neighbours who are alike
    happy: Tensor  # [B, N] bool
    empty: Tensor  # [B, E] int64, the empty cells
    settled: Tensor  # [B] int64, the steps until all were happy; -1 before


class Schelling(Game[State]):
    """Schelling's segregation; the module docstring describes it."""

    clocked = False
    constants: dict[str, Tensor]
    accounts_spec = (
        Account("happy_share", title="Share of happy people", format="share", show="headline"),
        Account("steps_until_happy", unit="steps", title="Steps until all are happy", format="index", show="headline"),
        Account(
            "alike", (f"role:{PERSON}",), title="Share of neighbours alike", format="share",
            statistics=(Statistic("mean", "table"),),
        ),
    )  # fmt: skip

    def __init__(self, parameters: Parameters) -> None:
        self.settings, self.people, self.horizon = parameters, parameters.people, parameters.horizon
        self.cells = parameters.height * parameters.width
        self.parameters = {"threshold": torch.tensor(parameters.threshold, dtype=torch.float64)}
        self.constants = {"near": _near(parameters.height, parameters.width, parameters.radius)}
        self.rests = parameters.decisions != "free"  # people who are all happy stay, unless they decide freely
        options = _OPTIONS if parameters.decisions == "free" else _OPTIONS[:1]
        names = ("share of neighbours alike", "happy")
        self.roles = {
            PERSON: Role(
                PERSON, self.people, Box(0, 1, (2,)), Discrete(len(options)), features=names, action_labels=options
            )
        }

    def reset(self, key: Tensor) -> State:
        """Return people in random cells, with random groups."""
        everywhere = torch.zeros((len(key), self.cells), dtype=torch.bool, device=key.device)
        shuffled = free_cells(key, 0, "schelling/cells", everywhere, self.cells)
        minority = random.uniform(key, 0, "schelling/groups", (self.people,), torch.float64)
        group = (minority < self.settings.minority_share).long()
        start = torch.zeros_like(key)
        cell, empty = shuffled[:, : self.people].contiguous(), shuffled[:, self.people :].contiguous()
        return self._seen(State(key, start, cell, group, minority, group > 0, empty, start - 1))

    def observe(self, state: State) -> dict[str, Observation]:
        """Return what each person sees of its neighbours."""
        alive = torch.ones_like(state.happy)
        acting = alive if self.settings.decisions == "free" else ~alive
        mask = alive[..., None].expand(*alive.shape, len(self.roles[PERSON].action_labels))
        features = torch.stack([state.alike, state.happy.double()], -1).to(self.dtype)
        return {PERSON: Observation(features, alive, acting, action_mask=mask)}

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Let people move one after another, and see their neighbours."""
        moves = actions[PERSON] == MOVE if self.settings.decisions == "free" else ~state.happy
        cell, empty = self._moved(state, moves)
        after = self._seen(
            State(state.key, state.time + 1, cell, state.group, state.alike, state.happy, empty, state.settled)
        )
        over = after.settled >= 0
        rewards = {PERSON: after.happy.to(self.dtype)}
        return Transition(after, rewards, over, (after.time >= self.horizon) & ~over)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return how many are happy, how alike neighbours are, and the steps until all were happy or the horizon."""
        until = torch.where(state.settled >= 0, state.settled, self.horizon)
        return {
            "happy_share": state.happy.double().mean(1),
            "steps_until_happy": until.double(),
            "alike": state.alike,
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return the people of both groups, and the sum of all cells, empty or not."""
        cells = state.cell.sum(1) + state.empty.sum(1)
        return {"second group": state.group.double().sum(1), "cells": cells.double()}

    def _moved(self, state: State, moves: Tensor) -> tuple[Tensor, Tensor]:
        """Return cells of people and empty cells after all have acted in their order."""
        cell, empty = state.cell.clone(), state.empty.clone()
        order = random.permutation(state.key, state.time, ORDER, self.people)
        level = random.uniform(state.key, state.time, TARGET, (self.people,), torch.float64)
        place = (level * empty.shape[1]).long()  # of the cell that a person would take, among the empty ones
        for person in torch.split(order, 1, dim=1):
            own, target = cell.gather(1, person), place.gather(1, person)
            free, moving = empty.gather(1, target), moves.gather(1, person)
            cell.scatter_(1, person, torch.where(moving, free, own))
            empty.scatter_(1, target, torch.where(moving, own, free))
        return cell, empty

    def _seen(self, state: State) -> State:
        """Return the state in which all people have seen their neighbours."""
        copies = len(state.cell)
        grid = torch.full((copies, self.cells + 1), -1, dtype=torch.int64, device=state.cell.device)
        grid.scatter_(1, state.cell, state.group)  # the last cell stands for all beyond the edges
        near = self.constants["near"][state.cell]  # [B, N, M]
        groups = grid.gather(1, near.flatten(1)).reshape(near.shape)
        alike, others = (groups == state.group[..., None]).sum(-1), (groups >= 0).sum(-1)
        share = alike.double() / others.clamp(min=1)
        happy = share >= self.parameters["threshold"].to(share.device).reshape(-1, 1)
        settled = torch.where(happy.all(1) & (state.settled < 0), state.time, state.settled)
        return State(state.key, state.time, state.cell, state.group, share, happy, state.empty, settled)


def _near(height: int, width: int, radius: int) -> Tensor:
    """Return the cells around each cell, ``[P, M]`` int64; ``P`` for those beyond the edges."""
    cell = torch.arange(height * width)
    steps = range(-radius, radius + 1)
    columns = []
    for down in steps:
        for right in steps:
            if down or right:
                row, column = cell // width + down, cell % width + right
                inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
                columns.append(torch.where(inside, row * width + column, height * width))
    return torch.stack(columns, 1)
