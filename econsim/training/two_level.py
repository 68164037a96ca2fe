"""Two-level PPO: followers learn to respond to the whole range of schedules, and the leader learns its schedule.

Warm-up
    Only the followers learn, under broad draws of the leader's action: independent entries, or flat schedules.

Iterations after the warm-up
    The followers continue to learn. In ``exploration_share`` of their environment copies the leader's action is a broad
    draw, in the others it is the leader's own proposal, so that the followers' responses remain good near the
    proposals and the leader gains little from their mistakes. The followers' exploration decreases on a schedule,
    because followers who stop exploring early can stay at a local optimum, which the leader would then exploit.

    The leader makes a different proposal in each of its own environment copies, all with the same shocks. Followers
    play as in an evaluation (by default, the most likely real-valued action), so that the return of a proposal has no
    sampling noise. The exploration of the leader decreases too.

The result is the leader's most likely action, an approximate Stackelberg equilibrium. The difference between its
returns under learned and under exact followers shows how much the leader exploits mistakes. The two phases follow Zheng
et al. (2022); unlike there, followers continue to learn under broad draws, and they play without noise when the leader
learns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from econsim.game import Agent, Game
from econsim.leader_evaluation import leader_of
from econsim.learning import Recorder
from econsim.nn.agent import NeuralAgent
from econsim.parameters import Model
from econsim.rl.checkpoint_schedule import CheckpointSchedule
from econsim.rl.exploration import Drawing, Exploring
from econsim.rl.schedules import Schedule
from econsim.rl.settings import Settings
from econsim.rl.trainer import Trainer
from econsim.training._leader_audit import audit
from econsim.training._leader_by_value import narrow, teach_by_value

__all__ = ["Parameters", "TwoLevel"]

REFERENCES = (
    "@article{zheng2022ai, title={The {AI} Economist: Taxation policy design via two-level deep multiagent "
    "reinforcement learning}, author={Zheng, Stephan and Trott, Alexander and Srinivasa, Sunil and Parkes, David C. "
    "and Socher, Richard}, journal={Science Advances}, volume={8}, number={18}, year={2022}}",
    "@article{schulman2017ppo, title={Proximal Policy Optimization Algorithms}, author={Schulman, John and Wolski, "
    "Filip and Dhariwal, Prafulla and Radford, Alec and Klimov, Oleg}, journal={arXiv:1707.06347}, year={2017}}",
)


class Follower(Settings):
    """Hyper-parameters of PPO for following roles."""

    learning_rate: Schedule = ((0.0, 2e-3), (1.0, 0.0))
    """Step size of Adam; a schedule."""
    final_exploration: float = Field(default=-2.7, ge=-10, le=2)
    """Log standard deviation of real-valued actions at the end of training, before they are squashed into bounds. It
    decreases linearly from ``initial_exploration`` of the agent, independently of the learned policy, because followers
    who stop exploring early can stay at a local optimum."""


class Leader(Settings):
    """Hyper-parameters of PPO for the leading role."""

    final_exploration: float = Field(default=-3.0, ge=-10, le=2)
    """Log standard deviation of real-valued proposals at the end of training, as for followers."""

    epochs: int = Field(default=10, ge=1)
    """Number of passes over each batch."""
    minibatches: int = Field(default=1, ge=1)
    """Number of minibatches into which a batch is split, at random in each pass."""


class Parameters(Model):
    """Budget, time scales and hyper-parameters."""

    warm_up: int = Field(default=100, ge=0)
    """Number of iterations in which only followers learn."""
    iterations: int = Field(default=300, ge=1)
    """Number of iterations after the warm-up, in which both levels learn."""
    leader_every: int = Field(default=1, ge=1)
    """Number of iterations between updates of the leader."""
    copies: int = Field(default=64, ge=1)
    """Number of environment copies in which followers learn."""
    leader_copies: int = Field(default=64, ge=2)
    """Number of proposals that the leader compares in each update."""
    exploration_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the followers' environment copies in which the leader's action is a broad draw, after the warm-up."""
    follower: Follower = Follower()
    """Learning settings of following roles."""
    leader: Leader = Leader()
    """Learning settings of the leading role."""
    audit_every: int = Field(default=10, ge=1)
    """Number of iterations between audits, which log the leader's return under learned and under exact followers."""
    checkpoint_every: int = Field(default=50, ge=1)
    """Number of iterations between checkpoints."""
    checkpoint_minutes: float = Field(default=5.0, ge=0)
    """Minutes after which a checkpoint is written even if fewer iterations were done; 0: after every iteration."""

    @property
    def total(self) -> int:
        """Number of iterations of both phases."""
        return self.warm_up + self.iterations


class TwoLevel:
    """Fits the policy networks of one leader and its followers; other agents play unchanged."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    @property
    def units(self) -> int:
        """The number of iterations of a fit."""
        return self.parameters.total

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent has a policy network."""
        return isinstance(agent, NeuralAgent)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Fit all policy networks and return the agents; continues from the recorder's newest checkpoint.

        Raises:
            UserError: the game does not have exactly one leading role, or no role has a policy network.
            RunError: a loss or a weight is no longer finite.
        """
        leader, budget = leader_of(game), self.parameters
        levels: dict[str, Settings] = {
            name: budget.leader if name == leader else budget.follower for name in game.roles
        }
        trainer = Trainer.begin(game, agents, levels, seed, recorder)
        done, _ = trainer.restore()
        schedule = CheckpointSchedule(budget.checkpoint_every, budget.checkpoint_minutes)
        for iteration in range(done, budget.total):
            self._teach_followers(trainer, leader, iteration)
            self._teach_leader(trainer, leader, iteration)
            if (iteration + 1) % budget.audit_every == 0:
                audit(game, agents, leader, trainer.keys("audit", 1, 0), iteration, recorder)
            recorder.progress(iteration + 1, budget.total, "two_level")
            if schedule.is_due(iteration + 1):
                trainer.checkpoint(iteration + 1)
        return dict(agents)

    def _teach_followers(self, trainer: Trainer, leader: str, iteration: int) -> None:
        """Play whole episodes under broad draws and the leader's own proposals, and update the followers."""
        game, budget = trainer.game, self.parameters
        learning = [name for name in trainer.train_states if name != leader]
        if not learning:
            return
        share_done = iteration / budget.total
        for name in learning:
            narrow(trainer, name, budget.follower.final_exploration, share_done)
        share = 1.0 if iteration < budget.warm_up else budget.exploration_share
        train_state = trainer.train_states.get(leader)
        proposing = trainer.agents[leader] if train_state is None else Drawing(train_state.network)
        players = {**trainer.agents, leader: Exploring(proposing, game.roles[leader].action, share)}
        rollout = trainer.rollout(players, learning, "eager")
        scene = rollout.begin(trainer.copies("followers", budget.copies, iteration))
        draws = trainer.copies("followers/draws", budget.copies, iteration)
        trajectories = rollout.collect(scene, game.horizon, draws)
        trainer.teach(trajectories, share_done, iteration)

    def _teach_leader(self, trainer: Trainer, leader: str, iteration: int) -> None:
        """Play the leader's proposals against followers who play as in an evaluation, and update the leader."""
        budget, train_state = self.parameters, trainer.train_states.get(leader)
        since = iteration - budget.warm_up
        if train_state is None or since < 0 or since % budget.leader_every:
            return
        share_done = since / budget.iterations
        narrow(trainer, leader, budget.leader.final_exploration, share_done)
        teach_by_value(trainer, leader, budget.leader_copies, share_done, iteration)
