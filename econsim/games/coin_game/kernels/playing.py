"""Steps and observations of the coin game by its kernels: hands tensors to kernels and wraps what they return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from econsim.game import Observation, Transition
from econsim.games.coin_game.game import NUMBERS, PLAYER, State
from econsim.games.coin_game.kernels.rules import Sizes, observe, step
from econsim.kernels.allocation import addresses_of, array_of, contiguous, like
from econsim.kernels.constants import KeptConstants, can_be_read
from econsim.kernels.threads import over_copies, slices_of

if TYPE_CHECKING:
    from econsim.games.coin_game.game import CoinGame

__all__ = ["Kernels"]


class Constants(NamedTuple):
    """What kernels need again in every call for batches of the same size."""

    sizes: Sizes
    numbers: Any  # [1 | B, 3] float64, the numeric parameters
    targets: Any  # [4, P] int64, cells to which moves lead
    unit: Any  # an array in the precision of the game
    slices: int  # rows of scratch memory
    rewards: Tensor  # the patterns of rewards [B, N], features [B, N, F], images and cells
    features: Tensor
    view: Tensor
    seen: Tensor
    alive: Tensor  # [B, N] bool, all True
    never: Tensor  # [B] bool, all False


class Kernels:
    """The kernels of a coin game and what they need again in every call."""

    def __init__(self) -> None:
        self._constants = KeptConstants(_constants)

    def read(self, game: CoinGame, state: State) -> bool:
        """Return whether kernels can read a state: it lies on the CPU, and no gradient is taken."""
        return can_be_read(game, state.score)

    def step(self, game: CoinGame, state: State, actions: Tensor) -> Transition[State]:
        """Return what the tensors of :meth:`CoinGame.step` return."""
        held, constants = contiguous(list(vars(state).values())), self._constants.of(game, len(state.time))
        time, key, *others = held
        new = [torch.empty_like(time), key, *like(others)]
        rewards, over = like([constants.rewards, constants.never])
        tensors = [*held, *new, actions.long().contiguous(), rewards, over]
        work = np.empty((constants.slices, game.players))
        given = (constants.sizes, constants.numbers, constants.targets, addresses_of(tensors), work, constants.unit)
        over_copies(step, len(time), *given)
        new[1] = state.key
        return Transition(State(*new), {PLAYER: rewards}, constants.never, over)

    def observe(self, game: CoinGame, state: State) -> dict[str, Observation]:
        """Return what the tensors of :meth:`CoinGame.observe` return."""
        held, constants = contiguous(list(vars(state).values())), self._constants.of(game, len(state.time))
        written = like([constants.features, constants.view, constants.seen])
        over_copies(observe, len(state.time), constants.sizes, addresses_of([*held, *written]), constants.unit)
        features, view, seen = written
        alive = constants.alive
        return {PLAYER: Observation(features, alive, alive, view=view, facts={"seen": seen})}


def _constants(game: CoinGame, copies: int) -> Constants:
    players, planes = game.players, 2 * game.players
    settings = game.settings
    columns = [game.parameters[name].reshape(-1) for name in NUMBERS]
    rows = max(len(column) for column in columns)
    return Constants(
        sizes=Sizes(copies, players, game.cells, game.horizon, int(settings.coin_colours == "alternate")),
        numbers=array_of(torch.stack([column.expand(rows) for column in columns], 1)),
        targets=array_of(game.constants["targets"]),
        unit=array_of(torch.ones(1, dtype=game.dtype)),
        slices=slices_of(copies),
        rewards=torch.empty(copies, players, dtype=game.dtype),
        features=torch.empty(copies, players, planes * game.cells, dtype=game.dtype),
        view=torch.empty(copies, players, planes, settings.height, settings.width, dtype=torch.uint8),
        seen=torch.empty(copies, players, players + 2, dtype=torch.int64),
        alive=torch.ones(copies, players, dtype=torch.bool),
        never=torch.zeros(copies, dtype=torch.bool),
    )
