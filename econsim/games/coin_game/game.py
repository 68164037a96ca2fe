"""The coin game on tensors: state, moves, coins, rewards, observations and accounts."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from econsim import random
from econsim.accounts import Account, Statistic
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors
from econsim.games import _grid as grid
from econsim.games.coin_game.parameters import Parameters
from econsim.kernels import require_numba

if TYPE_CHECKING:
    from econsim.games.coin_game.kernels.playing import Kernels

__all__ = ["COIN_CELL", "COIN_COLOUR", "OUTCOMES", "PLAYER", "CoinGame", "State"]

PLAYER = "player"
COIN_CELL, COIN_COLOUR = "coin_game/cell", "coin_game/colour"  # streams of draws
OUTCOMES = ("own coin", "other coin")
COLOURS = {
    "alternate": "Coins have the colours of the players in turn.",
    "random": "Each coin has the colour of a player drawn at random.",
}
NUMBERS = ("coin_reward", "loss", "pooled_share")


@tensors
class State:
    """State of the coin game."""

    time: Tensor  # [B] int64, steps that have passed
    key: Tensor  # [B] int64, of the draws
    position: Tensor  # [B, N] int64, the cell of each player
    coin: Tensor  # [B] int64, the cell of the coin
    colour: Tensor  # [B] int64, the player whose colour the coin has
    taken: Tensor  # [B, N, N] int64, coins that the first player has taken, by the player whose colour they had
    score: Tensor  # [B, N] float64, the rewards of each player since the start, in points


class CoinGame(Game[State]):
    """Coin game; the docstring of the package describes it."""

    clocked = True
    unit = "points"
    accounts_spec = (
        Account("own_colour_share", title="Share of coins taken by their own player", format="share", show="headline"),
        Account("reward_per_step", unit="points", title="Reward per player and step", format="index", show="table"),
        Account("coins_per_step", title="Coins taken per step", format="index", show="table"),
        Account("score", (f"role:{PLAYER}",), "points", "Score", statistics=(Statistic(), Statistic("total"))),
    )

    def __init__(self, parameters: Parameters) -> None:
        self.settings = parameters
        self.horizon, self.discount = parameters.horizon, parameters.discount
        self.players, self.cells = parameters.players, parameters.height * parameters.width
        self.parameters: Mapping[str, Tensor] = {
            name: torch.tensor(getattr(parameters, name), dtype=torch.float64) for name in NUMBERS
        }
        number = torch.arange(self.players)
        self.constants = {
            "targets": grid.neighbours(parameters.height, parameters.width, torus=True),  # [4, P]
            "in_turn": (number[:, None] + number) % self.players,  # [N, N], the players as each counts them from itself
        }
        self.roles = {PLAYER: _role(parameters)}
        self._kernels: Kernels | None = None

    def reset(self, key: Tensor) -> State:
        """Return the initial state of ``B`` environment copies: players in different cells, and one coin."""
        position = random.permutation(key, 0, "coin_game/start", self.cells)[:, : self.players]
        time = torch.zeros_like(key)
        coin = grid.free_cell(key, 0, COIN_CELL, grid.planes(position, self.cells).any(1))
        colour = random.integers(key, 0, COIN_COLOUR, self.players)
        taken = torch.zeros(len(key), self.players, self.players, dtype=torch.int64, device=key.device)
        score = torch.zeros(len(key), self.players, dtype=torch.float64, device=key.device)
        return State(time, key, position, coin, colour, taken, score)

    def observe(self, state: State) -> dict[str, Observation]:
        """Return planes of players and coins, as each player counts the players from itself."""
        if self._kernels is not None and self._kernels.read(self, state):
            return self._kernels.observe(self, state)
        in_turn, shape = self.constants["in_turn"], state.position.shape
        cells = state.position[:, in_turn]  # [B, N, N]
        owned = state.colour[:, None] == torch.arange(self.players, device=state.colour.device)
        coins = torch.where(owned, state.coin[:, None], -1)[:, in_turn]
        planes = grid.planes(torch.cat([cells, coins], -1), self.cells)  # [B, N, 2 N, P]
        view = planes.to(torch.uint8).reshape(*planes.shape[:-1], self.settings.height, self.settings.width)
        coin = torch.stack([state.coin[:, None].expand(shape), (coins >= 0).long().argmax(-1)], -1)
        alive = torch.ones(shape, dtype=torch.bool, device=state.time.device)
        facts = {"seen": torch.cat([cells, coin], -1)}
        return {PLAYER: Observation(planes.flatten(2).to(self.dtype), alive, alive, view=view, facts=facts)}

    def step(self, state: State, actions: Mapping[str, Tensor]) -> Transition[State]:
        """Move all players, give the coin to those who reach it, and lay a new one."""
        if self._kernels is not None and self._kernels.read(self, state):
            return self._kernels.step(self, state, actions[PLAYER])
        time = state.time + 1
        position = grid.moved(state.position, actions[PLAYER], self.constants["targets"])
        takes = position == state.coin[:, None]
        found = takes.any(-1)
        owned = state.colour[:, None] == torch.arange(self.players, device=time.device)
        rewards = self._rewards(takes, owned)
        fresh = grid.free_cell(state.key, time, COIN_CELL, grid.planes(position, self.cells).any(1))
        after = State(
            time,
            state.key,
            position,
            torch.where(found, fresh, state.coin),
            torch.where(found, self._next_colour(state, time), state.colour),
            state.taken + (takes[:, :, None] & owned[:, None]),
            state.score + rewards,
        )
        over = time >= self.horizon
        return Transition(after, {PLAYER: rewards.to(self.dtype)}, torch.zeros_like(over), over)

    def _rewards(self, takes: Tensor, owned: Tensor) -> Tensor:
        """Return rewards ``[B, N]``, float64; ``takes``, ``owned`` ``[B, N]``: who takes the coin, and whose it is."""
        coin_reward, loss, pooled = (self.parameters[name].reshape(-1, 1) for name in NUMBERS)
        stolen = (takes & ~owned).sum(-1, keepdim=True)
        own = coin_reward * takes - loss * torch.where(owned, stolen, 0)
        return own + pooled * (own.mean(-1, keepdim=True) - own)

    def _next_colour(self, state: State, time: Tensor) -> Tensor:
        if self.settings.coin_colours == "alternate":
            return (state.colour + 1) % self.players
        return random.integers(state.key, time, COIN_COLOUR, self.players)

    def accounts(self, state: State) -> dict[str, Tensor]:
        """Return the share of own colours, 0 where no coin was taken, rewards and coins per step, and scores."""
        total, own = state.taken.sum((1, 2)).double(), state.taken.diagonal(dim1=1, dim2=2).sum(-1).double()
        steps = state.time.clamp(min=1)
        return {
            "own_colour_share": own / total.clamp(min=1.0),
            "reward_per_step": state.score.mean(-1) / steps,
            "coins_per_step": total / steps,
            "score": state.score,
        }

    def conserved(self, state: State) -> dict[str, Tensor]:
        """Return all scores less what the coins taken are worth, which is 0."""
        total, own = state.taken.sum((1, 2)), state.taken.diagonal(dim1=1, dim2=2).sum(-1)
        worth = self.parameters["coin_reward"] * total - self.parameters["loss"] * (total - own)
        return {"points": state.score.sum(-1) - worth}

    def outcome_labels(self, role: str) -> tuple[str, ...]:
        """Return the outcomes that a planner can pay for; see :class:`~econsim.mechanisms.incentives.PaidOutcomes`."""
        return OUTCOMES

    def outcomes(self, before: State, after: State) -> dict[str, Tensor]:
        """Return how many coins of its own and of other colours each player took in a step, ``[B, N, 2]``."""
        taken = after.taken - before.taken
        own = taken.diagonal(dim1=1, dim2=2)
        return {PLAYER: torch.stack([own, taken.sum(-1) - own], -1)}

    def not_covered(self) -> str:
        """Return "", since kernels cover every coin game."""
        return ""

    def on_kernels(self) -> CoinGame:
        """Return this game played by its kernels where it is on the CPU and no gradient is taken.

        Raises:
            UserError: numba is not installed.
        """
        require_numba()
        from econsim.games.coin_game.kernels.playing import Kernels

        other = copy(self)
        other._kernels, other.by_kernels = Kernels(), True
        return other

    def briefing(self, role: str) -> dict[str, Any]:
        """Return templates of rules and questions; the grid, its cells, players and colours in words."""
        height, width = self.settings.height, self.settings.width
        return {
            "templates": str(Path(__file__).parent / "prompts"),
            "height": height,
            "width": width,
            "cells": [f"row {cell // width + 1}, column {cell % width + 1}" for cell in range(self.cells)],
            "names": _names(self.players),
            "colours": COLOURS[self.settings.coin_colours],
        }


def _names(players: int) -> tuple[str, ...]:
    """Return the names of the players, as one of them counts them from itself."""
    others = ("the other player",) if players == 2 else tuple(f"player {n} after you" for n in range(1, players))
    return ("you", *others)


def _role(parameters: Parameters) -> Role:
    count, cells = parameters.players, parameters.height * parameters.width
    names_of = _names(count)
    signs = (*names_of, "your coin", *(f"coin of {other}" for other in names_of[1:]))
    names = tuple(f"{sign}, cell {cell}" for sign in signs for cell in range(1, cells + 1))
    return Role(
        PLAYER,
        count,
        Box(0, 1, (len(names),)),
        Discrete(len(grid.MOVES)),
        features=names,
        feature_units=("1: in this cell, 0: not",) * len(names),
        action_labels=tuple(grid.MOVES),
        view=(len(signs), parameters.height, parameters.width),
        view_labels=tuple(("", sign) for sign in signs),
    )
