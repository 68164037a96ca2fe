"""Base of solvers that learn a policy of a preference game: mirror descent against an opponent of each method's own."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from econsim import random
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.nn.layers import dense, linear
from econsim.rl.adam import Adam
from econsim.solvers._pace import Pace
from econsim.solvers._preferences import Found, Settings, Step, Target, best_on, preference_table, target_of
from econsim.solvers._tables import solution

__all__ = ["PreferenceSolver"]


class PreferenceSolver(ABC):
    """A solver that follows a path of policies; a subclass says against whom each step is taken, and its loss.

    Args:
        parameters: the settings.
        policy: a module that returns the logits ``[C]`` of all alternatives when it is called without arguments. It is
            trained in place, and takes the place of the network of ``hidden`` units.
    """

    kind: ClassVar[str]

    def __init__(self, parameters: Settings, policy: nn.Module | None = None) -> None:
        self.parameters: Any = parameters
        self.policy = policy

    def rate(self, target: Target, number: int) -> float:
        """Return the length of step ``number``, from 0, where the user gives none."""
        return 0.5

    def log_opponent(self, step: Step) -> Tensor:
        """Return the log probabilities of the opponent in a step; by default, the policy itself."""
        return step.log_policy

    def loss(self, step: Step, log_policy: Tensor) -> Tensor:
        """Return the loss of a policy network, whose minimum over all policies is the closed form of the step."""
        return step.loss(log_policy, step.values(self.log_opponent(step)))

    def path(self, target: Target, start: Tensor) -> Iterator[Tensor]:
        """Yield the log policy ``[C]`` at the start and after each step."""
        update = self._in_table if self.parameters.hidden is None and self.policy is None else self._network(start)
        log_policy = start if self.policy is None else torch.log_softmax(self.policy().detach().double(), 0)
        yield log_policy
        for number in range(self.parameters.iterations):
            rate = self.parameters.step or self.rate(target, number)
            log_policy = update(Step(target, log_policy, rate))
            yield log_policy

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the policy with the smallest gap on the path; see :class:`~econsim.learning.Solver`.

        Among all policies and the averages of their probabilities so far, the best is returned. The residual
        ``regularised_gap`` is its gap in the regularised game; ``last_gap`` and ``average_gap`` are those of the last
        and of the average policy.

        Raises:
            UserError: the game is not a symmetric game of two players whose payoffs add up to a constant, an agent is
                fixed, or reference or start are no probabilities of its alternatives.
        """
        settings = self.parameters
        payoffs = preference_table(game, fixed, self.kind)
        target, start = target_of(game, payoffs, settings)
        pace = Pace(settings.iterations, time_limit, progress)
        found = best_on(self.path(target, start), target, settings.gap, pace.stops)
        residuals = {
            "regularised_gap": found.gap,
            "last_gap": found.last_gap,
            "average_gap": found.average_gap,
            "iterations": float(found.iterations),
        }
        mix = found.policy.numpy()
        return solution(game, [(mix, mix)], residuals=residuals, notes=self._notes(target, found))

    def _notes(self, target: Target, found: Found) -> list[str]:
        notes = []
        if target.temperature > 0:
            notes.append(f"Regularised game: the cost of leaving the reference is {target.temperature:g} KL.")
        if found.gap > self.parameters.gap:
            asked = f"the gap of {self.parameters.gap:.3g} asked for"
            notes.append(f"Stopped after {found.iterations:,} policies, above {asked}.")
        return notes

    def _in_table(self, step: Step) -> Tensor:
        return step.towards(step.values(self.log_opponent(step)))

    def _network(self, start: Tensor) -> Any:
        """Return the function that trains the policy network for one step, and returns its log policy."""
        policy = _Network(start, self.parameters.hidden) if self.policy is None else self.policy
        optimiser = Adam(policy.parameters(), eps=1e-8)

        def trained(step: Step) -> Tensor:
            for _ in range(self.parameters.updates):
                optimiser.zero_grad()
                self.loss(step, torch.log_softmax(policy().double(), 0)).backward()  # type: ignore[no-untyped-call]
                optimiser.step(self.parameters.learning_rate)
            return torch.log_softmax(policy().detach().double(), 0)

        return trained


class _Network(nn.Module):
    """Logits of alternatives: those of the start, plus the output of a network that reads the alternative."""

    def __init__(self, start: Tensor, hidden: int) -> None:
        super().__init__()
        key = random.keys(0, 1)
        self.layers = dense([len(start), hidden], "tanh", key).double()
        self.head = linear(hidden, 1, 0.0, key).double()
        self.start, self.alternatives = start, torch.eye(len(start), dtype=torch.float64)

    def forward(self) -> Tensor:
        """Return the logits of all alternatives, ``[C]``."""
        logits: Tensor = self.start + self.head(self.layers(self.alternatives))[:, 0]
        return logits
