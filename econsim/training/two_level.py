"""Two-level PPO: followers learn to answer whatever may be announced, the leader learns what to announce to them.

Warm-up
    Followers learn under broad announcements: independent draws and flat ones.

Then, in every iteration
    Followers learn on. In ``exploration_share`` of the copies announcements are broad draws, in the rest the leader's
    own proposals, so that followers stay good where the leader looks and it gains little from their mistakes. Their
    exploration narrows on a schedule: followers who settle early stay at a locally best answer, which a leader finds.

    The leader proposes something else in each of its own copies, all under one key. Followers play as they do when the
    run is scored (by default the likeliest of real-valued actions), so that a proposal's return is free of noise, and
    the leader climbs from it. Its exploration narrows too.

The result is the leader's likeliest action: an approximate Stackelberg equilibrium. How far the leader profits from
mistakes shows in its score under exact followers against that under learned ones. The two phases follow Zheng et al.
(2022); unlike there, followers keep practising broad announcements and are free of noise where the leader learns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from econsim.game import Agent, Game
from econsim.leader_evaluation import leader_of
from econsim.learning import Recorder
from econsim.nn import Amounts
from econsim.nn.agent import NeuralAgent
from econsim.parameters import Model
from econsim.rl.exploration import Drawing, Exploring
from econsim.rl.schedules import Schedule
from econsim.rl.settings import Settings
from econsim.rl.trainer import Trainer
from econsim.training._leader_audit import audit

__all__ = ["Parameters", "TwoLevel"]

REFERENCES = (
    "@article{zheng2022ai, title={The {AI} Economist: Taxation policy design via two-level deep multiagent "
    "reinforcement learning}, author={Zheng, Stephan and Trott, Alexander and Srinivasa, Sunil and Parkes, David C. "
    "and Socher, Richard}, journal={Science Advances}, volume={8}, number={18}, year={2022}}",
    "@article{schulman2017ppo, title={Proximal Policy Optimization Algorithms}, author={Schulman, John and Wolski, "
    "Filip and Dhariwal, Prafulla and Radford, Alec and Klimov, Oleg}, journal={arXiv:1707.06347}, year={2017}}",
)


class Follower(Settings):
    """How following roles learn; see ``Settings``."""

    learning_rate: Schedule = ((0.0, 2e-3), (1.0, 0.0))
    """Step size of Adam; a schedule."""
    final_exploration: float = Field(default=-2.7, ge=-10, le=2)
    """Log standard deviation of real-valued actions at the end, before they are squashed into bounds; it falls linearly
    from that of the mind, however fast the policy settles: followers who stop looking around early get stuck."""


class Leader(Settings):
    """How the leading role learns; see ``Settings``."""

    final_exploration: float = Field(default=-3.0, ge=-10, le=2)
    """Log standard deviation of real-valued proposals at the end, as for followers."""

    epochs: int = Field(default=10, ge=1)
    """Passes over each batch."""
    minibatches: int = Field(default=1, ge=1)
    """Parts that a batch is split into, at random in each pass."""


class Parameters(Model):
    """Budget, clocks and hyper-parameters."""

    warm_up: int = Field(default=100, ge=0)
    """Iterations in which only followers learn."""
    iterations: int = Field(default=300, ge=1)
    """Iterations after the warm-up, in which both levels learn."""
    leader_every: int = Field(default=1, ge=1)
    """Iterations between updates of the leader."""
    copies: int = Field(default=64, ge=1)
    """Copies of the game in which followers learn."""
    leader_copies: int = Field(default=64, ge=2)
    """Proposals that the leader compares in each update."""
    exploration_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the followers' copies with broad announcements after the warm-up."""
    follower: Follower = Follower()
    """How following roles learn."""
    leader: Leader = Leader()
    """How the leading role learns."""
    audit_every: int = Field(default=10, ge=1)
    """Iterations between audits: the leader's return under learned and under exact followers, side by side."""
    checkpoint_every: int = Field(default=50, ge=1)
    """Iterations between checkpoints."""

    @property
    def total(self) -> int:
        """Iterations of both phases."""
        return self.warm_up + self.iterations


class TwoLevel:
    """Fits the neural minds of one leader and its followers; minds that are not neural play as they are."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent has a policy network."""
        return isinstance(agent, NeuralAgent)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with all neural minds fitted; continues from the recorder's newest checkpoint.

        Raises:
            UserError: the game has not exactly one leading role, or nobody has a neural mind.
            RunError: a loss is not finite any more.
        """
        leader, own = leader_of(game), self.parameters
        levels: dict[str, Settings] = {name: own.leader if name == leader else own.follower for name in game.roles}
        trainer = Trainer.begin(game, agents, levels, seed, recorder)
        done, _ = trainer.restore()
        for iteration in range(done, own.total):
            self._teach_followers(trainer, leader, iteration)
            self._teach_leader(trainer, leader, iteration)
            if (iteration + 1) % own.audit_every == 0:
                audit(game, agents, leader, trainer.keys("audit", 1, 0), iteration, recorder)
            recorder.progress(iteration + 1, own.total, "two_level")
            if (iteration + 1) % own.checkpoint_every == 0:
                trainer.checkpoint(iteration + 1)
        return dict(agents)

    def _teach_followers(self, trainer: Trainer, leader: str, iteration: int) -> None:
        """Play whole episodes under broad and under the leader's own announcements; update the followers."""
        game, own = trainer.game, self.parameters
        learning = [name for name in trainer.train_states if name != leader]
        if not learning:
            return
        share_done = iteration / own.total
        for name in learning:
            _narrow(trainer, name, own.follower.final_exploration, share_done)
        share = 1.0 if iteration < own.warm_up else own.exploration_share
        train_state = trainer.train_states.get(leader)
        proposing = trainer.agents[leader] if train_state is None else Drawing(train_state.network)
        players = {**trainer.agents, leader: Exploring(proposing, game.roles[leader].action, share)}
        rollout = trainer.rollout(players, learning, "eager")
        scene = rollout.begin(trainer.copies("followers", own.copies, iteration))
        draws = trainer.copies("followers/draws", own.copies, iteration)
        trajectories = rollout.collect(scene, game.horizon, draws)
        trainer.teach(trajectories, share_done, iteration)

    def _teach_leader(self, trainer: Trainer, leader: str, iteration: int) -> None:
        """Let the leader try proposals on followers who play as they are scored; update the leader."""
        game, own, train_state = trainer.game, self.parameters, trainer.train_states.get(leader)
        since = iteration - own.warm_up
        if train_state is None or since < 0 or since % own.leader_every:
            return
        share_done = since / own.iterations
        _narrow(trainer, leader, own.leader.final_exploration, share_done)
        draws = trainer.copies("leader/draws", own.leader_copies, iteration)
        common = trainer.keys("leader", 1, iteration).expand(draws.shape[0])
        rollout = trainer.rollout(trainer.agents, [leader], "eager")
        trajectories = rollout.collect(rollout.begin(common), game.horizon, draws)
        trainer.teach(trajectories, share_done, iteration)


def _narrow(trainer: Trainer, role: str, last: float, share_done: float) -> None:
    """Set the exploration of real-valued actions to its place on the schedule; that of choices narrows by itself."""
    head, mind = trainer.train_states[role].network.head, trainer.agents[role]
    if isinstance(head, Amounts) and isinstance(mind, NeuralAgent):
        first = mind.policy_parameters.initial_exploration
        head.explore(first + share_done * (last - first))
