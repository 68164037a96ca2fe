"""Independent PPO: every role with a neural mind learns at once from the same play; all others play as they are.

Leaders and followers have clocks and settings of their own: a leader acts, and learns from, the first step of each of
its periods (the two-clock training of Zheng et al. 2022). Parameters of the game may change while training goes on, as
its warm-up of labour costs and its ceiling on tax rates do; an episode keeps those that it began with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from econsim.acceleration import keep_memory
from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game
from econsim.learning import Recorder, SelfFitting
from econsim.nn.agent import NeuralAgent
from econsim.rl.ppo import Ensemble, Parameters, Session
from econsim.rl.schedules import Schedule

__all__ = ["Parameters", "Ppo"]

REFERENCES = (
    "@article{schulman2017ppo, title={Proximal Policy Optimization Algorithms}, author={Schulman, John and Wolski, "
    "Filip and Dhariwal, Prafulla and Radford, Alec and Klimov, Oleg}, journal={arXiv:1707.06347}, year={2017}}",
)


class Ppo:
    """Fits all neural minds together; each sees the others as part of its world."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent has a policy network, or fits itself and is to be fitted anew (``refit_every``)."""
        refits = self.parameters.refit_every is not None
        return isinstance(agent, NeuralAgent) or (refits and isinstance(agent, SelfFitting))

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with all neural minds fitted; continues from the recorder's newest checkpoint.

        Raises:
            UserError: nobody has a neural mind, or a parameter or role that is named does not exist.
            RunError: a loss is not finite any more.
        """
        return self.fit_together(game, [agents], [seed], [recorder])[0]

    def fit_together(
        self,
        game: Game[Any],
        casts: Sequence[Mapping[str, Agent]],
        seeds: Sequence[int],
        recorders: Sequence[Recorder],
    ) -> list[dict[str, Agent]]:
        """Fit the agents of several seeds in one batch of play; each gets what :meth:`fit` alone would give it.

        Raises:
            UserError: nobody has a neural mind, or a parameter or role that is named does not exist.
            RunError: a loss is not finite any more.
        """
        own = self.parameters
        _check_numbers(game, own.parameters)
        keep_memory()
        given = zip(casts, seeds, recorders, strict=True)
        sessions = [Session(own, game, agents, seed, recorder) for agents, seed, recorder in given]
        ensemble = Ensemble([])
        for iteration in range(min(session.done for session in sessions), own.iterations):
            active = [session for session in sessions if session.is_active(iteration)]
            if not active:
                break
            ensemble = ensemble if ensemble.sessions == active else ensemble.replaced_by(active)
            ensemble.iterate(iteration)
            for session in active:
                session.report(iteration, store_end=len(sessions) > 1)
        return [dict(session.agents) for session in sessions]


def _check_numbers(game: Game[Any], schedules: Mapping[str, Schedule]) -> None:
    for name in schedules:
        if name not in game.parameters:
            known = did_you_mean(name, game.parameters)
            raise UserError(f"training.parameters: the game has no numeric parameter {name!r}{known}")
