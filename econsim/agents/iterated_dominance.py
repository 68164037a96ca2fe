"""Iterated dominance: players who rule out dominated options, and options that are dominated once others are ruled out.

An option is dominated if another one pays at least as much whatever the others choose, and more against some choice.
In every round, all dominated options of all players are ruled out. The remaining options are equally likely. In the
prisoners' dilemma this is defection; where a planner pays enough for cooperation, it is cooperation.

The game must list its payoffs: one round in normal form, with or without announced payments.

Source: Luce and Raiffa (1957), *Games and Decisions*, section 5.7; Bernheim (1984) on rationalizable choices.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from econsim import random
from econsim.acceleration import known
from econsim.actions import check_discrete
from econsim.errors import UserError
from econsim.game import Enumerable, Game, Observation, Role
from econsim.mechanisms.incentives import AnnouncesPayoffs
from econsim.nn import Probabilities
from econsim.parameters import Model

__all__ = ["IteratedDominance", "Parameters", "surviving_options"]

REFERENCES = (
    "@article{bernheim1984rationalizable, title={Rationalizable Strategic Behavior}, author={Bernheim, B. Douglas}, "
    "journal={Econometrica}, volume={52}, number={4}, pages={1007--1028}, year={1984}}",
)
TOLERANCE = 1e-5  # relative to the largest payoff, since announced payments are observed in float32


class Parameters(Model):
    """Iterated dominance has no parameters."""


class Players(NamedTuple):
    """What the agent keeps during an episode: the game, the role, and the numbers of its players."""

    game: Game[Any]
    role: Role
    first: int


class IteratedDominance:
    """Draws one of the options that iterated dominance leaves."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Players:
        """Return the game, the role and the number of its first player.

        Raises:
            UserError: the role's action is not one discrete choice, or the game lists no payoffs.
        """
        check_discrete(role, "iterated_dominance")
        if not isinstance(game, (Enumerable, AnnouncesPayoffs)):
            name = type(game).__name__
            raise UserError(f"agents.{role.name}: iterated_dominance needs a table of payoffs; {name} has none")
        names = list(game.roles)
        return Players(game, role, sum(game.roles[name].count for name in names[: names.index(role.name)]))

    def act(self, observation: Observation, memory: Players, key: Tensor) -> tuple[Tensor, Players]:
        """Draw options ``[B, N]``; zeros in a step in which no player acts, such as an announcement."""
        if known(~observation.acting.any()):
            return torch.zeros(observation.acting.shape, dtype=torch.int64, device=key.device), memory
        distribution, _ = self.policy(observation, memory)
        stream = f"iterated_dominance/{memory.role.name}"
        return random.categorical(key, 0, stream, distribution.probabilities.log()), memory

    def policy(self, observation: Observation, memory: Players) -> tuple[Probabilities, Players]:
        """Return the probabilities, ``[B, N, A]``."""
        game, role, first = memory
        if isinstance(game, AnnouncesPayoffs):
            payoffs = game.announced_payoffs(observation)
        else:
            assert isinstance(game, Enumerable)
            payoffs = game.payoff_tensor().expand(len(observation.alive), *[-1] * game.payoff_tensor().ndim)
        left = torch.stack(surviving_options(payoffs)[first : first + role.count], 1).double()
        return Probabilities(left / left.sum(-1, keepdim=True)), memory


def surviving_options(payoffs: Tensor) -> list[Tensor]:
    """Return which options of each player iterated dominance leaves, ``[B, A_p]`` bool.

    Args:
        payoffs: ``[B, P, A_1, ..., A_P]``.
    """
    options = payoffs.shape[2:]
    tolerance = TOLERANCE * payoffs.abs().flatten(1).amax(-1).clamp(min=1.0)
    left = [torch.ones(len(payoffs), count, dtype=torch.bool, device=payoffs.device) for count in options]
    for _ in range(sum(options) - len(options)):  # at least one option is ruled out in each round, or none ever again
        left = [mask & ~_dominated(payoffs, left, player, tolerance) for player, mask in enumerate(left)]
    return left


def _dominated(payoffs: Tensor, left: list[Tensor], player: int, tolerance: Tensor) -> Tensor:
    """Return which options of a player another one that is left dominates, ``[B, A_p]``."""
    possible = torch.ones(len(payoffs), 1, dtype=torch.bool, device=payoffs.device)
    for mask in (mask for other, mask in enumerate(left) if other != player):
        possible = (possible[..., None] & mask[:, None]).flatten(1)  # [B, R]
    paid = payoffs[:, player].movedim(1 + player, 1).flatten(2)  # [B, A, R]
    better = paid[:, :, None] - paid[:, None]  # [B, A, A, R], of the first option over the second
    slack, considered = tolerance[:, None, None, None], possible[:, None, None]
    never_worse = ((better >= -slack) | ~considered).all(-1)
    once_better = ((better > slack) & considered).any(-1)
    return (never_worse & once_better & left[player][:, :, None]).any(1)
