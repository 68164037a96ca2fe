"""Random finite Markov games."""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from pydantic import Field, model_validator
from scipy.special import gammaincinv

from econsim import random
from econsim.games._markov_tables import Floats, Tables, check_size, numbered
from econsim.parameters import Model


class RandomTables(Model):
    """Random tables: payoffs are uniform on [0, 1], and transitions follow a symmetric Dirichlet law."""

    players: int = Field(default=2, ge=1, le=8)
    """Number of players."""
    states: int = Field(default=2, ge=1)
    """Number of states; the game starts in the first."""
    options: int = Field(default=2, ge=1)
    """Number of options of every player."""
    concentration: float = Field(default=0.5, gt=0)
    """Concentration of the Dirichlet law; below 1, few next states are likely."""
    zero_sum: bool = False
    """Whether the second of two players is paid one less the payoff of the first."""
    seed: int = Field(default=0, ge=0)
    """Seed of the tables. The tables differ between periods."""

    @model_validator(mode="after")
    def _two_players(self) -> RandomTables:
        if self.zero_sum and self.players != 2:
            raise ValueError(f"zero_sum: expected 2 players, found {self.players}")
        return self


def random_tables(law: RandomTables, periods: int) -> Tables:
    """Return a game with tables of its own in every period.

    The draws of the Dirichlet law are gamma variates, by the inverse of their distribution, over their sum.
    """
    profiles = (law.options,) * law.players
    check_size(law.states, profiles, periods)
    paid = (periods, 1 if law.zero_sum else law.players, law.states, *profiles)
    rewards = _uniform(law.seed, "tabular/rewards", paid)
    rewards = np.concatenate([rewards, 1 - rewards], 1) if law.zero_sum else rewards
    draws = _uniform(law.seed, "tabular/transitions", (periods, law.states, *profiles, law.states))
    gammas = np.maximum(gammaincinv(law.concentration, draws), np.finfo(np.float64).tiny)
    names = tuple(f"player_{number + 1}" for number in range(law.players))
    options, states = (numbered(law.options),) * law.players, numbered(law.states)
    return Tables(names, options, states, rewards, gammas / gammas.sum(-1, keepdims=True), np.eye(law.states)[0])


def _uniform(seed: int, stream: str, shape: tuple[int, ...]) -> Floats:
    draws: Floats = random.uniform(random.keys(seed, 1), 0, stream, (prod(shape),), torch.float64).numpy()
    return draws.reshape(shape)
