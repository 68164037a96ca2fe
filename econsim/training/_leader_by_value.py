"""A leader that learns by PPO from the returns of its proposals, to which followers respond as they have learned to."""

from __future__ import annotations

from econsim.nn import Amounts
from econsim.nn.agent import NeuralAgent
from econsim.rl.trainer import Trainer

__all__ = ["narrow", "teach_by_value"]


def teach_by_value(trainer: Trainer, leader: str, copies: int, share_done: float, iteration: int) -> None:
    """Play the leader's proposals against followers who play as in an evaluation, and update the leader.

    Each environment copy has another proposal, all with the same shocks.
    """
    draws = trainer.copies("leader/draws", copies, iteration)
    common = trainer.keys("leader", 1, iteration).expand(draws.shape[0])
    rollout = trainer.rollout(trainer.agents, [leader], "eager")
    trajectories = rollout.collect(rollout.begin(common), trainer.game.horizon, draws)
    trainer.teach(trajectories, share_done, iteration)


def narrow(trainer: Trainer, role: str, last: float, share_done: float) -> None:
    """Set the exploration of real-valued actions according to its schedule; that of discrete actions is learned."""
    head, agent = trainer.train_states[role].network.head, trainer.agents[role]
    if isinstance(head, Amounts) and isinstance(agent, NeuralAgent):
        first = agent.policy_parameters.initial_exploration
        head.explore(first + share_done * (last - first))
