"""Games of one round with players of one role, who choose a level of one quantity at the same time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor

from econsim.anonymous import MOST_PROFILES, are_listed, is_crowd
from econsim.errors import UserError
from econsim.game import Box, Discrete, Game, Observation, Role, Transition, tensors


def check_profiles(options: int, players: int) -> None:
    """Raise ``ValueError`` if the choices of all players have too many combinations to list their payoffs."""
    if not are_listed(options, players):
        raise ValueError(f"{_too_many(options, players)}; use fewer options or players")


def _too_many(options: int, players: int) -> str:
    return f"{options} options of {players:,} players have more than {MOST_PROFILES:,} combinations"


@tensors
class Round:
    """State of a game of one round."""

    time: Tensor  # [B] int64
    choices: Tensor  # [B, N] int64, the option of each player; -1 before the round


class OneRound(Game[Round]):
    """Game of one round; a subclass says what each player is paid."""

    horizon = 1
    clocked = True

    def __init__(self, role: str, players: int, labels: tuple[str, ...], unit: str = "") -> None:
        units = ("0: before the round, 1: after it",)
        self.roles = {
            role: Role(
                role,
                players,
                Box(0, 1, (1,)),
                Discrete(len(labels)),
                features=("round",),
                feature_units=units,
                action_labels=labels,
                action_unit=unit,
            )
        }

    @abstractmethod
    def payoffs(self, choices: Tensor) -> Tensor:
        """Return the payoff of each player, float64 ``[B, N]``, at choices ``[B, N]``."""

    @property
    def role(self) -> Role:
        """The only role."""
        return next(iter(self.roles.values()))

    def number(self, name: str) -> Tensor:
        """Return a parameter as ``[1, 1]`` or ``[B, 1]``, to go with ``[B, N]``."""
        return self.parameters[name].reshape(-1, 1)

    def reset(self, key: Tensor) -> Round:
        """Return the initial state of ``B`` environment copies, before any choice."""
        return Round(torch.zeros_like(key), torch.full((len(key), self.role.count), -1, device=key.device))

    def observe(self, state: Round) -> dict[str, Observation]:
        """Return the round, the only observed feature."""
        shape = (len(state.time), self.role.count)
        alive = torch.ones(shape, dtype=torch.bool, device=state.time.device)
        features = state.time[:, None, None].expand(*shape, 1).to(self.dtype)
        return {self.role.name: Observation(features, alive, (state.time == 0)[:, None].expand(shape))}

    def step(self, state: Round, actions: Mapping[str, Tensor]) -> Transition[Round]:
        """Pay every player at the choices of all players."""
        choices = actions[self.role.name]
        over = torch.ones_like(state.time, dtype=torch.bool)
        rewards = {self.role.name: self.payoffs(choices).to(self.dtype)}
        return Transition(Round(state.time + 1, choices), rewards, over, torch.zeros_like(over))

    def conserved(self, state: Round) -> dict[str, Tensor]:
        """Return no residuals, since payoffs need not be conserved."""
        return {}

    def payoff_tensor(self) -> Tensor:
        """Return payoffs, float64 ``[N, A, ..., A]``; see :class:`~econsim.game.Enumerable`.

        Raises:
            UserError: an anonymous game, which may have many players, has too many combinations of choices.
        """
        options, players = self.role.action.mask_size, self.role.count  # type: ignore[union-attr]
        if is_crowd(self):
            raise UserError(f"payoffs: {_too_many(options, players)}; use the solver mean_field, or fewer players")
        shape = (options,) * players
        numbers = torch.arange(prod(shape), device=self.device)
        powers = torch.tensor([options**place for place in reversed(range(players))], device=self.device)
        choices = numbers[:, None] // powers % options
        return self.payoffs(choices).T.reshape(players, *shape)
