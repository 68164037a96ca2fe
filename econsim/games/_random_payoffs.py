"""Random normal-form games of named families, after GAMUT (Nudelman et al. 2004)."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator

from econsim import random
from econsim.games._one_round import check_profiles
from econsim.parameters import Model

Floats = NDArray[np.float64]
Family = Literal["uniform", "zero_sum", "common_interest", "covariant", "potential", "polymatrix", "congestion"]


class RandomPayoffs(Model):
    """Random payoffs of one family; payoffs are uniform on [0, 1] where the family says nothing else."""

    family: Family = "uniform"
    """``uniform``: independent; ``zero_sum``: the second of two players is paid one less the payoff of the first;
    ``common_interest``: all are paid the same; ``covariant``: standard normal, with ``correlation`` between players;
    ``potential``: a common potential plus what depends on the other players' choices only; ``polymatrix``: the sum of
    games with each other player; ``congestion``: options are facilities whose cost rises with the number of users."""
    players: int = Field(default=2, ge=1, le=8)
    """Number of players."""
    options: int = Field(default=2, ge=1)
    """Number of options of every player."""
    correlation: float | None = Field(default=None, ge=-1, le=1)
    """Of the payoffs of any two players, in the family ``covariant``: from -1 / (players - 1) to 1. Null: 0."""
    seed: int = Field(default=0, ge=0)
    """Seed of the payoffs."""

    @model_validator(mode="after")
    def _fits_the_family(self) -> RandomPayoffs:
        if self.family == "zero_sum" and self.players != 2:
            raise ValueError(f"family zero_sum: expected 2 players, found {self.players}")
        if self.correlation is not None and self.family != "covariant":
            raise ValueError(f"correlation belongs to the family covariant, not to {self.family}")
        if (self.correlation or 0.0) * (self.players - 1) < -1 - 1e-12:
            lowest = -1 / (self.players - 1)
            raise ValueError(f"correlation: expected at least {lowest:.4g} for {self.players} players")
        check_profiles(self.options, self.players)
        return self


def random_payoffs(law: RandomPayoffs) -> dict[str, Floats]:
    """Return the payoffs ``[A, ..., A]`` of each player; players are ``row`` and ``column``, or are numbered."""
    tables = _FAMILIES[law.family](law)
    names = ["row", "column"] if law.players == 2 else [f"player_{number + 1}" for number in range(law.players)]
    return dict(zip(names, tables, strict=True))


def _draws(law: RandomPayoffs, shape: tuple[int, ...], stream: str = "payoffs", normal: bool = False) -> Floats:
    draw = random.normal if normal else random.uniform
    key = random.keys(law.seed, 1)
    draws: Floats = draw(key, 0, f"normal_form/{stream}", (prod(shape),), torch.float64).numpy()
    return draws.reshape(shape)


def _profiles(law: RandomPayoffs) -> tuple[int, ...]:
    return (law.options,) * law.players


def _uniform(law: RandomPayoffs) -> Floats:
    return _draws(law, (law.players, *_profiles(law)))


def _zero_sum(law: RandomPayoffs) -> Floats:
    row = _draws(law, _profiles(law))
    return np.stack([row, 1 - row])


def _common_interest(law: RandomPayoffs) -> Floats:
    return np.broadcast_to(_draws(law, _profiles(law)), (law.players, *_profiles(law)))


def _covariant(law: RandomPayoffs) -> Floats:
    """Combine the mean of independent payoffs and the deviations from it, which are independent of the mean."""
    independent, correlation = _draws(law, (law.players, *_profiles(law)), normal=True), law.correlation or 0.0
    mean = independent.mean(0)
    of_mean = np.sqrt(max(0.0, 1 + (law.players - 1) * correlation))
    return np.asarray(np.sqrt(1 - correlation) * (independent - mean) + of_mean * mean)


def _potential(law: RandomPayoffs) -> Floats:
    potential = _draws(law, _profiles(law), "potential")
    others = _draws(law, (law.players, law.options ** (law.players - 1)))
    shapes = [
        tuple(1 if other == player else law.options for other in range(law.players)) for player in range(law.players)
    ]
    return np.stack([potential + other.reshape(shape) for other, shape in zip(others, shapes, strict=True)])


def _polymatrix(law: RandomPayoffs) -> Floats:
    pairs = _draws(law, (law.players, law.players, law.options, law.options))
    choices = np.indices(_profiles(law))
    return np.stack(
        [
            np.sum(
                [pairs[own, other][choices[own], choices[other]] for other in range(law.players) if other != own]
                or [np.zeros(_profiles(law))],
                0,
            )
            for own in range(law.players)
        ]
    )


def _congestion(law: RandomPayoffs) -> Floats:
    costs = _draws(law, (law.options, law.players)).cumsum(-1)  # of each facility, by the number of its users
    choices = np.indices(_profiles(law))
    users = np.stack([(choices == facility).sum(0) for facility in range(law.options)])
    return np.stack([-costs[own, np.take_along_axis(users, own[None], 0)[0] - 1] for own in choices])


_FAMILIES: dict[Family, Callable[[RandomPayoffs], Floats]] = {
    "uniform": _uniform,
    "zero_sum": _zero_sum,
    "common_interest": _common_interest,
    "covariant": _covariant,
    "potential": _potential,
    "polymatrix": _polymatrix,
    "congestion": _congestion,
}
