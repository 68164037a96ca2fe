"""Dynamic programming in decision problems: the policy of the agent ``value_iteration``, its value, and the best one.

Games whose players each face a finite decision problem of their own (:class:`~econsim.markov.DecisionGame`), such as
four rooms, have no strategic interaction: the best policy of each player is an optimum. The agents that this solver
returns know the game and draw options with softly optimal probabilities
(:func:`econsim.markov.soft_policy`); the lower their temperature, the closer they are to the optimum. Their expected
returns, and those of the best policy, which may depend on time, are computed by backward induction over the steps of an
episode: both are exact.

    V_t(s) = sum_a policy(a | s) (r(s, a) + discount * E[V_{t+1}(s') | s, a]),     V_H = 0,
    V*_t(s) = max_a (r(s, a) + discount * E[V*_{t+1}(s') | s, a]),                 V*_H = 0.

Source: Puterman (1994), *Markov Decision Processes*, chapter 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.agents import value_iteration as agent
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.learning import Certificate, Quantity, Solution, SolverProgress
from econsim.markov import DecisionGame, Decisions, soft_policy
from econsim.solvers._fitting import not_fitting

__all__ = ["Parameters", "ValueIteration"]

REFERENCES = (
    "@book{puterman1994markov, title={Markov Decision Processes: Discrete Stochastic Dynamic Programming}, "
    "author={Puterman, Martin L.}, publisher={Wiley}, year={1994}}",
)
DEVIATIONS = "any policy, which may depend on time and on all earlier states"
METHOD = "backward induction"
OPTIMUM = "best policy"


class Parameters(agent.Parameters):
    """Parameters of the solver: those of the agents that it returns."""


class ValueIteration:
    """Solver of games in which every player faces a decision problem of its own."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return softly optimal agents and their exact gap; see :class:`~econsim.learning.Solver`.

        The solver is not stopped: it takes a fraction of a second.

        Raises:
            UserError: the game lists no decision problems, an agent is fixed, or value iteration does not converge.
        """
        if not isinstance(game, DecisionGame):
            raise not_fitting("value_iteration", "a game that lists its players' decision problems (four_rooms)", game)
        if fixed:
            raise UserError(f"value_iteration: all players are solved for; {', '.join(fixed)} cannot be fixed")
        precise: Any = game.to("cpu", torch.float64)
        agents: dict[str, Agent] = {}
        quantities: list[Quantity] = []
        gains: list[float] = []
        values = [0.0]
        for done, name in enumerate(precise.roles):
            if progress is not None:
                progress(done, len(precise.roles), name)
            solved = _Solved(precise, name, self.parameters.temperature)
            agents[name] = agent.ValueIteration(agent.Parameters(**self.parameters.model_dump()))
            quantities += solved.quantities()
            gains.append(solved.best - solved.own)
            values += [solved.best, solved.own]
        gap = Certificate.of_gain(max(gains), max(map(abs, values)), DEVIATIONS, METHOD)
        return Solution(agents, {}, gap, quantities=tuple(quantities))


class _Solved:
    """The decision problem of one role: values ``own`` and ``best`` from its first states, and expected outcomes."""

    def __init__(self, game: Any, role: str, temperature: float) -> None:
        observation = game.observe(game.reset(random.keys(0, 1)))[role]
        self.game, self.role = game, role
        self.problem: Decisions = game.decisions(role, observation)
        self.policy = soft_policy(self.problem, temperature)[0]  # [S, A]
        self.horizon = game.horizon
        rewards = self.problem.rewards[0]
        every = torch.eye(rewards.shape[-1], dtype=torch.float64)
        best, choices = torch.zeros(len(rewards), dtype=torch.float64), []
        for _ in range(self.horizon):
            best, chosen = self._option_values(rewards, best).max(-1)
            choices.append(chosen)
        self.plan = [every[chosen] for chosen in reversed(choices)]  # [S, A] of every step
        start = self.problem.start
        self.best, self.own = float(start @ best), float(start @ self._value(rewards, [self.policy] * self.horizon))

    def quantities(self) -> list[Quantity]:
        """Return expected discounted returns, and how often each outcome is expected in an episode."""
        agents = f"{self.role}, value_iteration"
        rows = [Quantity(agents, "expected return", self.own)]
        rows += [Quantity(agents, name, count) for name, count in self._counts([self.policy] * self.horizon)]
        rows.append(Quantity(f"{self.role}, {OPTIMUM}", "expected return", self.best))
        return rows + [Quantity(f"{self.role}, {OPTIMUM}", name, count) for name, count in self._counts(self.plan)]

    def _counts(self, plan: list[Tensor]) -> list[tuple[str, float]]:
        labels = self.game.outcome_labels(self.role)
        outcomes = self.problem.outcomes[0]  # [S, A, O]
        start = self.problem.start
        return [
            (f"expected number of times: {label}", float(start @ self._value(outcomes[..., number], plan, 1.0)))
            for number, label in enumerate(labels)
        ]

    def _option_values(self, paid: Tensor, later: Tensor, discount: float | None = None) -> Tensor:
        """Return the value of every option, ``[S, A]``, from the values ``[S]`` of the next step."""
        expected = (later[self.problem.next_states] * self.problem.probabilities[0]).sum(-1)
        return paid + (self.problem.discount if discount is None else discount) * expected

    def _value(self, paid: Tensor, plan: list[Tensor], discount: float | None = None) -> Tensor:
        """Return the values ``[S]`` of the first step under the policies ``[S, A]`` of all steps."""
        value = torch.zeros(len(paid), dtype=torch.float64)
        for policy in reversed(plan):
            value = (policy * self._option_values(paid, value, discount)).sum(-1)
        return value
