"""Independent PPO: all roles with a policy network learn simultaneously from the same rollouts; others play unchanged.

With ``critic: centralised`` in the parameters of an agent, its value function reads the joint observation of all
players (MAPPO; Yu et al. 2022, "The surprising effectiveness of PPO in cooperative multi-agent games").

Leaders and followers have separate settings and time scales: a leader acts at the first step of each of its periods,
and learns from these steps (as in Zheng et al. 2022). Parameters of the game may follow schedules during training, such
as the warm-up of labour costs and the ceiling on tax rates of that paper; an episode keeps the values with which it
began.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game
from econsim.learning import Recorder, SelfFitting
from econsim.nn.agent import NeuralAgent
from econsim.rl.checkpoint_schedule import CheckpointSchedule
from econsim.rl.ppo import Ensemble, Parameters, Session
from econsim.rl.schedules import Schedule

__all__ = ["Parameters", "Ppo"]

REFERENCES = (
    "@article{schulman2017ppo, title={Proximal Policy Optimization Algorithms}, author={Schulman, John and Wolski, "
    "Filip and Dhariwal, Prafulla and Radford, Alec and Klimov, Oleg}, journal={arXiv:1707.06347}, year={2017}}",
)


class Ppo:
    """Fits all policy networks together; each treats the others as part of its environment."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    @property
    def units(self) -> int:
        """The number of iterations of a fit."""
        return self.parameters.iterations

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent has a policy network, or is self-fitting and ``refit_every`` is set."""
        refits = self.parameters.refit_every is not None
        return isinstance(agent, NeuralAgent) or (refits and isinstance(agent, SelfFitting))

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Fit all policy networks and return the agents; continues from the recorder's newest checkpoint.

        Raises:
            UserError: no role has a policy network, or a named parameter or role does not exist.
            RunError: a loss or a weight is no longer finite.
        """
        return self.fit_together(game, [agents], [seed], [recorder])[0]

    def fit_together(
        self,
        game: Game[Any],
        casts: Sequence[Mapping[str, Agent]],
        seeds: Sequence[int],
        recorders: Sequence[Recorder],
    ) -> list[dict[str, Agent]]:
        """Fit the agents of several seeds as one batch, with the same results as separate calls of :meth:`fit`.

        Raises:
            UserError: no role has a policy network, or a named parameter or role does not exist.
            RunError: a loss or a weight is no longer finite.
        """
        budget = self.parameters
        _check_numbers(game, budget.parameters)
        triples = zip(casts, seeds, recorders, strict=True)
        sessions = [Session(budget, game, agents, seed, recorder) for agents, seed, recorder in triples]
        ensemble, schedule = Ensemble([]), CheckpointSchedule(budget.checkpoint_every, budget.checkpoint_minutes)
        for iteration in range(min(session.done for session in sessions), budget.iterations):
            active = [session for session in sessions if session.is_active(iteration)]
            if not active:
                break
            ensemble = ensemble if ensemble.sessions == active else ensemble.replaced_by(active)
            ensemble.iterate(iteration)
            due = schedule.is_due(iteration + 1)  # the same for all seeds, which can only continue from a common step
            for session in active:
                session.report(iteration, due, store_end=len(sessions) > 1)
        return [dict(session.agents) for session in sessions]


def _check_numbers(game: Game[Any], schedules: Mapping[str, Schedule]) -> None:
    for name in schedules:
        if name not in game.parameters:
            suggestion = did_you_mean(name, game.parameters)
            raise UserError(f"training.parameters: the game has no numeric parameter {name!r}{suggestion}")
