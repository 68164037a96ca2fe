"""Backward induction: equilibria of finite Markov games, from the last period to the first.

In every period and state, the payoffs now and the values of the next period make a game of one round. Its solution is
the policy of that period and state, and its expected payoffs are the values that the period before sees:

- ``nash``: a Nash equilibrium of two players: a pure one where there is one, and else by linear programs where payoffs
  add up to a constant, or by the method of Lemke and Howson;
- ``ce`` and ``cce``: a correlated or coarse correlated equilibrium with the highest total payoff, by a linear program,
  for any number of players. The total is the highest of each round given the rounds that follow, which need not be the
  highest of the whole game.

A player who deviates from such a policy faces a Markov decision process, so that the policy is an equilibrium against
deviations that depend on the history as well.

Sources: Shapley (1953) for zero-sum games; Aumann (1987) for correlated equilibria as linear programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.markov import MarkovForm, MarkovSolution, cce_gap, ce_gap, joint_policy
from econsim.parameters import Model
from econsim.solvers._markov import agents_of, markov_form, returns_note
from econsim.solvers._pace import Pace
from econsim.solvers._stage_games import correlated_law, nash_mixes

__all__ = ["BackwardInduction", "Parameters"]

REFERENCES = (
    "@article{shapley1953stochastic, title={Stochastic Games}, author={Shapley, Lloyd S.}, journal={Proceedings of the "
    "National Academy of Sciences}, volume={39}, number={10}, pages={1095--1100}, year={1953}}",
    "@article{aumann1987correlated, title={Correlated Equilibrium as an Expression of Bayesian Rationality}, "
    "author={Aumann, Robert J.}, journal={Econometrica}, volume={55}, number={1}, pages={1--18}, year={1987}}",
)
CORRELATED = (
    "The policy correlates the players: it is the solution's `joint_policy`, and no independent agents play it."
)


class Parameters(Model):
    """Parameters of backward induction."""

    concept: Literal["nash", "ce", "cce"] | None = None
    """The equilibrium of every round: Nash, correlated or coarse correlated. None: Nash for two players, and else a
    coarse correlated equilibrium."""


class BackwardInduction:
    """Solver of finite Markov games."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return an equilibrium; see :class:`~econsim.learning.Solver`.

        If the solver is stopped early, players mix all options equally in the rounds that are not solved yet. A
        correlated policy is in ``joint_policy`` of the solution, which then has no agents.

        Raises:
            UserError: the game is not a finite Markov game, an agent is fixed, or ``nash`` is asked for a game that
                does not have two players.
        """
        form = markov_form(game, fixed, "backward_induction")
        concept = self.parameters.concept or ("nash" if form.players == 2 else "cce")
        if concept == "nash" and form.players != 2:
            reason = f"concept nash needs 2 players, found {form.players}"
            raise UserError(f"backward_induction: {reason}; use solver.concept=cce or solver.concept=ce")
        induction = _Induction(form, concept, Pace(form.horizon * form.states, time_limit, progress))
        induction.run()
        if concept == "nash":
            profile = [induction.joint.flatten(3).sum(-1), induction.joint.sum(2)]
            joint, agents, notes = joint_policy(profile), agents_of(game, profile), induction.notes()
        else:
            joint, agents, notes = induction.joint, {}, [*induction.notes(), CORRELATED]
        gap = (ce_gap if concept == "ce" else cce_gap)(form, joint)
        notes = [*notes, returns_note(game, form, joint)]
        return MarkovSolution(agents, {}, gap, notes=tuple(notes), joint_policy=joint)


class _Induction:
    """The policy of all rounds that are solved; in the others, all action profiles are equally likely."""

    def __init__(self, form: MarkovForm, concept: str, pace: Pace) -> None:
        self.form, self.concept, self.pace = form, concept, pace
        profiles = form.rewards[:, 0]
        self.joint = torch.full_like(profiles, 1.0 / profiles[0, 0].numel()).contiguous()
        self.solved, self.rounds, self.is_stopped = 0, form.horizon * form.states, False

    def run(self) -> None:
        """Solve the rounds from the last period to the first."""
        later = self.form.start.new_zeros(self.form.players, self.form.states)
        for period in reversed(range(self.form.horizon)):
            paid = self.form.action_values(period, later)
            for state in range(self.form.states):
                self._solve(period, state, paid[:, state])
            later = (self.joint[period] * paid).flatten(2).sum(-1)

    def notes(self) -> list[str]:
        """Return what a reader has to know if the solver was stopped early."""
        if self.solved == self.rounds:
            return []
        return [
            f"Stopped early: {self.solved:,} of {self.rounds:,} rounds are solved; players mix equally in the others."
        ]

    def _solve(self, period: int, state: int, paid: Tensor) -> None:
        self.is_stopped = self.is_stopped or self.pace.stops(self.solved, f"period {period + 1}")
        if self.is_stopped:
            return
        table = paid.numpy()
        if self.concept == "nash":
            row, column = nash_mixes(table)
            law = np.multiply.outer(row, column)
        else:
            law = correlated_law(table, coarse=self.concept == "cce")
        self.joint[period, state] = torch.from_numpy(law)
        self.solved += 1
