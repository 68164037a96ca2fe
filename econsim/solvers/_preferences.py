"""Regularised preference games: their step of mirror descent, their equilibrium conditions and exact gaps.

Two symmetric players choose among ``C`` alternatives; ``P`` ``[C, C]`` is the payoff of the row alternative against the
column alternative, with ``P + P'`` constant. A policy ``pi`` is a probability of each alternative. In the regularised
game, both pay ``tau KL(pi || mu)`` for leaving a reference policy ``mu``; its unique equilibrium is the fixed point
``pi(y) ~ mu(y) exp(P(y > pi) / tau)``. With ``tau = 0`` an equilibrium is a maximal lottery of ``P``.

The gap is the gain of a best response to the policy in the regularised game, in closed form ``tau log sum_y mu(y)
exp(P(y > pi) / tau) + tau KL(pi || mu) - P(pi > pi)``; for ``tau = 0``, ``max_y P(y > pi) - P(pi > pi)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.parameters import Model
from econsim.solvers._fitting import not_fitting
from econsim.solvers._pace import Stops
from econsim.solvers._tables import CONSTANT_SUM, zero_sum_table

__all__ = [
    "Found",
    "RegularisedSettings",
    "Settings",
    "Step",
    "Target",
    "best_on",
    "names_of",
    "preference_table",
    "regularised_gap",
    "target_of",
]

_CHECK_EVERY = 10


class Settings(Model):
    """Parameters that all learning methods of preference games share."""

    start: dict[str, float] = Field(default_factory=dict)
    """Probability of each alternative at the start, all positive; if not given, the reference, or all equal."""
    step: float | None = Field(default=None, gt=0)
    """Length of every step, in inverse units of payoff; null: that of the method."""
    gap: float = Field(default=1e-9, ge=0)
    """The gap of the regularised game at which the solver stops, in payoffs."""
    iterations: int = Field(default=2_000, ge=1)
    """The largest number of steps."""
    hidden: int | None = Field(default=None, ge=1)
    """Hidden units of a policy network with one layer, which minimises the loss of the method in each step; null:
    a table of probabilities, for which that minimum is a closed form."""
    updates: int = Field(default=20, ge=1)
    """Gradient updates of a policy network per step."""
    learning_rate: float = Field(default=0.03, gt=0)
    """Learning rate of a policy network, with Adam."""

    @property
    def regularisation(self) -> tuple[float, Mapping[str, float]]:
        """The temperature, and the probability of each alternative in the reference; empty if all are equal."""
        return 0.0, {}


class RegularisedSettings(Settings):
    """Parameters of methods that stay close to a reference policy."""

    temperature: float = Field(default=0.0, ge=0)
    """Weight ``tau`` of the Kullback-Leibler divergence from the reference, in payoffs; 0: a maximal lottery."""
    reference: dict[str, float] = Field(default_factory=dict)
    """Probability of each alternative in the reference policy, such as the status quo; all equal if not given."""

    @property
    def regularisation(self) -> tuple[float, Mapping[str, float]]:
        """The temperature, and the probability of each alternative in the reference; empty if all are equal."""
        return self.temperature, self.reference


class Target(NamedTuple):
    """The regularised game: payoffs ``[C, C]``, log probabilities of the reference ``[C]``, and the temperature."""

    payoffs: Tensor
    log_reference: Tensor
    temperature: float

    @property
    def margins(self) -> Tensor:
        """Half the difference of payoffs, ``M = (P - P') / 2``, ``[C, C]``."""
        return (self.payoffs - self.payoffs.T) / 2


@dataclass(frozen=True)
class Step:
    """A step of mirror descent from a policy ``[C]``, given by its log probabilities, with a length ``rate``."""

    target: Target
    log_policy: Tensor
    rate: float

    @property
    def pull(self) -> float:
        """The weight of the reference in this step, between 0 and 1."""
        return min(1.0, self.rate * self.target.temperature)

    @property
    def log_mixture(self) -> Tensor:
        """The geometric mixture of policy and reference, ``pi^(1 - rate tau) mu^(rate tau)``, normalised."""
        mixed = (1 - self.pull) * self.log_policy + self.pull * self.target.log_reference
        return torch.log_softmax(mixed, 0)

    def values(self, log_opponent: Tensor) -> Tensor:
        """Return the payoff of each alternative against an opponent, ``[C]``."""
        return self.target.payoffs @ log_opponent.exp()

    def towards(self, values: Tensor) -> Tensor:
        """Return the log policy that maximises ``rate <values, pi> - KL(pi || mixture)``, in closed form."""
        return torch.log_softmax(self.log_mixture + self.rate * values, 0)

    def loss(self, log_policy: Tensor, values: Tensor) -> Tensor:
        """Return the negative of what :meth:`towards` maximises, for gradient descent."""
        return (log_policy.exp() * (log_policy - self.log_mixture - self.rate * values)).sum()


def preference_table(game: Game[Any], fixed: Mapping[str, Agent], solver: str) -> Tensor:
    """Return the payoffs ``[C, C]`` of the first player of a symmetric game of two players with a constant sum.

    Raises:
        UserError: the game is of another class, or an agent is fixed.
    """
    table = zero_sum_table(game, fixed, solver)
    size = max(1.0, float(np.abs(table).max()))
    if table.shape[1] != table.shape[2] or np.abs(table[0] - table[1].T).max() > CONSTANT_SUM * size:
        raise not_fitting(solver, "a symmetric game of two players, such as preference", game, "is not symmetric")
    return torch.from_numpy(table[0])


def names_of(game: Game[Any]) -> tuple[str, ...]:
    """Return the names of the alternatives, or their numbers."""
    return next(iter(game.roles.values())).options


def target_of(game: Game[Any], payoffs: Tensor, settings: Settings) -> tuple[Target, Tensor]:
    """Return the regularised game, and the log policy ``[C]`` of the start.

    Raises:
        UserError: reference or start are no probabilities of the game's alternatives, or some are zero.
    """
    names = names_of(game)
    uniform = dict.fromkeys(names, 1.0 / len(names))
    temperature, given = settings.regularisation
    reference = _log_shares("reference", given or uniform, names)
    start = _log_shares("start", settings.start, names) if settings.start else reference
    return Target(payoffs, reference, temperature), start


def _log_shares(key: str, given: Mapping[str, float], names: tuple[str, ...]) -> Tensor:
    if unknown := [name for name in given if name not in names]:
        raise UserError(f"solver.{key}: no alternative is called {unknown[0]!r}; alternatives: {', '.join(names[:20])}")
    if any(given.get(name, 0.0) <= 0 for name in names) or abs(sum(given.values()) - 1) > 1e-6:
        expected = f"a positive probability of each of {', '.join(names[:20])}, with a sum of 1"
        raise UserError(f"solver.{key}: expected {expected}")
    return torch.log_softmax(torch.tensor([given[name] for name in names], dtype=torch.float64).log(), 0)


def regularised_gap(target: Target, policy: Tensor) -> float:
    """Return the gain of a best response to a policy ``[C]`` in the regularised game, in payoffs."""
    values = target.payoffs @ policy
    own = float(policy @ values)
    if target.temperature == 0:
        return max(0.0, float(values.max()) - own)
    tau = target.temperature
    best = tau * torch.logsumexp(target.log_reference + values / tau, 0)
    divergence = (torch.special.xlogy(policy, policy) - policy * target.log_reference).sum()
    return max(0.0, float(best + tau * divergence) - own)


class Found(NamedTuple):
    """The best policy ``[C]`` on a path, its gap, the gaps of the last and of the average policy, and all steps."""

    policy: Tensor
    gap: float
    last_gap: float
    average_gap: float
    iterations: int


def best_on(path: Iterator[Tensor], target: Target, gap: float, stops: Stops) -> Found:
    """Follow a path of log policies until the gap is reached, the path ends or ``stops`` says so."""
    best, best_gap, last_gap, average_gap = target.log_reference.exp(), float("inf"), float("inf"), float("inf")
    total, number = torch.zeros_like(best), 0
    ended = False
    while not ended:
        log_policy = next(path, None)
        ended = log_policy is None
        if log_policy is not None:
            number, policy = number + 1, log_policy.exp()
            total = total + policy
        if number % _CHECK_EVERY == 1 or ended:
            average = total / total.sum()
            last_gap, average_gap = regularised_gap(target, policy), regularised_gap(target, average)
            for candidate, its_gap in ((policy, last_gap), (average, average_gap)):
                if its_gap < best_gap:
                    best, best_gap = candidate, its_gap
            ended = ended or best_gap <= gap or stops(number, f"gap {best_gap:.2g}")
    return Found(best, best_gap, last_gap, average_gap, number)
