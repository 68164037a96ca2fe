r"""Mean-field Stackelberg learning: one policy shared by many followers, and a leader who anticipates their response.

Followers
    One policy network for all followers of a role, which reads a follower's own state, aggregates of the population
    and the leader's action in force. It learns by derivatives through steps of the game in which a follower takes
    prices and other aggregates as given, over windows with a value function at their end. In ``exploration_share`` of
    the environment copies the leader's action is a broad draw, in the others the leader's own proposal, so that one
    network holds the response to every action: the leader can ask for it.

Leader
    ``gradient``: ascends the derivative of its return through whole episodes of the whole population, without sampling,
    which includes how followers' choices and all aggregates respond to its action. ``value``: learns by PPO from the
    returns of proposals to which the followers respond.

Schemes
    | scheme | followers read the policy | read aggregates | derivative of the leader |
    |---|---|---|---|
    | stackelberg | yes | yes | total, with the followers' response |
    | alternating | yes | yes | partial, with their actions fixed |
    | no_stackelberg | no | yes | partial |
    | no_mean_field | yes | no | partial |
    | neither | no | no | partial |
    | cloned | no | no | total |

    ``alternating`` is the published scheme, whose leader holds the followers' actions fixed, and the next three are its
    published ablations. In ``cloned`` followers do not learn: in the warm-up they imitate exact households under the
    policy before the leader acts. All use the same range of actions, the same networks and the same budget. With
    ``leader_learns_by: value`` the derivative plays no role.

How near the result is to a Stackelberg equilibrium is measured, not assumed. Audits log how far followers are from
their best response to the prices that they make, in consumption equivalents, where the game solves that problem
exactly. Small errors of single followers can add up in prices and mislead the leader, so that its action has to be
compared with a search under exact followers (``econsim equilibrium``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import Field

from econsim.errors import UserError
from econsim.game import Agent, Box, Game
from econsim.households.exploitability import exploitability
from econsim.households.protocols import SolvesHouseholds
from econsim.leader_evaluation import leader_of
from econsim.learning import PriceTaking, Recorder
from econsim.nn.agent import NeuralAgent
from econsim.parameters import Model
from econsim.rl.checkpoint_schedule import CheckpointSchedule
from econsim.rl.exploration import Drawing, Exploring
from econsim.rl.settings import Settings
from econsim.rl.trainer import Trainer
from econsim.training._leader_audit import audit
from econsim.training._leader_by_value import narrow, teach_by_value
from econsim.training.mean_field.cloning import Cloning
from econsim.training.mean_field.follower_learning import Follower, FollowerLearning
from econsim.training.mean_field.leader_gradient import Leader, climb
from econsim.training.mean_field.schemes import SCHEMES, Blind, SchemeName

__all__ = ["MeanField", "Parameters"]

REFERENCES = (
    "@article{mi2024learning, title={Learning Macroeconomic Policies through Dynamic Stackelberg Mean-Field Games}, "
    "author={Mi, Qirui and Zhao, Zhiyu and Ma, Chengdong and Xia, Siyu and Song, Yan and Yang, Mengyue and Wang, Jun "
    "and Zhang, Haifeng}, journal={arXiv:2403.12093}, year={2024}}",
    "@inproceedings{xu2022accelerated, title={Accelerated Policy Learning with Parallel Differentiable Simulation}, "
    "author={Xu, Jie and Makoviychuk, Viktor and Narang, Yashraj and Ramos, Fabio and Matusik, Wojciech and Garg, "
    "Animesh and Macklin, Miles}, booktitle={ICLR}, year={2022}}",
    "@inproceedings{gerstgrasser2023oracles, title={Oracles \\& Followers: {Stackelberg} Equilibria in Deep "
    "Multi-Agent Reinforcement Learning}, author={Gerstgrasser, Matthias and Parkes, David C.}, booktitle={ICML}, "
    "year={2023}}",
)


class Parameters(Model):
    """Scheme, budget and hyper-parameters."""

    scheme: SchemeName = "stackelberg"
    """What followers observe, and whether the leader's derivative includes their response; see above."""
    leader_learns_by: Literal["gradient", "value"] = "gradient"
    """How the leader learns: by the derivative of its return, or by PPO from returns of proposals."""
    warm_up: int = Field(200, ge=0)
    """Number of iterations in which only followers learn."""
    cloning: int = Field(0, ge=0)
    """Number of iterations, the first of the warm-up, in which followers imitate exact ones under the policy before the
    leader acts, instead of learning from their own returns."""
    iterations: int = Field(300, ge=1)
    """Number of iterations after the warm-up, in which both levels learn."""
    copies: int = Field(24, ge=1)
    """Number of environment copies in which followers learn, each with another action of the leader. Many copies of a
    hundred followers teach the response to the leader's action better than a few copies of a thousand."""
    exploration_share: float = Field(0.5, ge=0, le=1)
    """Share of these copies in which the leader's action is a broad draw, after the warm-up."""
    leader_every: int = Field(2, ge=1)
    """Number of iterations between updates of the leader."""
    leader_copies: int = Field(4, ge=2)
    """Number of proposals in each update of the leader."""
    follower: Follower = Follower()
    """Learning settings of following roles."""
    leader: Leader = Leader()
    """Learning settings of the leading role."""
    audit_every: int = Field(50, ge=1)
    """Number of iterations between audits."""
    checkpoint_every: int = Field(50, ge=1)
    """Number of iterations between checkpoints."""
    checkpoint_minutes: float = Field(5.0, ge=0)
    """Minutes after which a checkpoint is written even if fewer iterations were done; 0: after every iteration."""

    @property
    def total(self) -> int:
        """Number of iterations of both phases."""
        return self.warm_up + self.iterations


class MeanField:
    """Fits the policy networks of many price-taking followers and of their leader; other agents play unchanged."""

    games = PriceTaking

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
            UserError: the game has no price-taking followers or not exactly one leading role, no role has a policy
                network, or a network has memory, discrete actions or a common encoder.
            RunError: a weight is no longer finite.
        """
        fit = _Fit(self.parameters, game, agents, seed, recorder)
        done, stored = fit.trainer.restore()
        if done:
            fit.restore(stored)
        schedule = CheckpointSchedule(self.parameters.checkpoint_every, self.parameters.checkpoint_minutes)
        for iteration in range(done, self.parameters.total):
            fit.teach_followers(iteration)
            fit.teach_leader(iteration)
            if (iteration + 1) % self.parameters.audit_every == 0:
                fit.audit(iteration)
            recorder.progress(iteration + 1, self.parameters.total, "mean_field")
            if schedule.is_due(iteration + 1):
                fit.trainer.checkpoint(iteration + 1, copies=fit.stored())
        return dict(agents)


class _Fit:
    """One fit: the trainer, and the learning of each following role."""

    def __init__(
        self, budget: Parameters, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder
    ) -> None:
        self.budget, self.game, self.leader = budget, game, leader_of(game)
        self.scheme, self.recorder = SCHEMES[budget.scheme], recorder
        if not isinstance(game, PriceTaking) or not game.clocked:
            raise UserError(
                "training: mean_field needs a game of fixed length whose followers take prices (price_taking), such as"
                f" bewley; {type(game).__name__} is none. Use training=two_level"
            )
        taken = game.price_taking()
        levels = {name: budget.leader if name == self.leader else Settings() for name in game.roles}
        self.trainer = Trainer.begin(game, agents, levels, seed, recorder)
        climbs = self.leader in self.trainer.train_states and budget.leader_learns_by == "gradient"
        self.whole = game.whole() if climbs else None
        self.followers = {name: each for name, each in self.trainer.train_states.items() if name != self.leader}
        self.learning: dict[str, FollowerLearning] = {}
        self.cloning: dict[str, Cloning] = {}
        clones = budget.warm_up if self.scheme.clones else min(budget.cloning, budget.warm_up)
        self.first = clones  # the iteration from which followers learn
        for name, train_state in self.trainer.train_states.items():
            _check(game, name, agents[name])
            if name != self.leader:
                blind = Blind(self.scheme, game, self.leader, name)
                blind.begin(train_state.network)
                self.learning[name] = FollowerLearning(taken, train_state, blind, budget.follower)
                if clones:
                    self.cloning[name] = Cloning(game, train_state, blind, budget.follower, self.leader)

    def teach_followers(self, iteration: int) -> None:
        """Play a window under broad draws and the leader's own proposals, and update the followers."""
        is_cloning = iteration < self.first
        if self.scheme.clones and not is_cloning:
            return
        share = 1.0 if iteration < self.budget.warm_up else self.budget.exploration_share
        train_state, agents = self.trainer.train_states.get(self.leader), self.trainer.agents
        proposing = agents[self.leader] if train_state is None else Drawing(train_state.network)
        action = self.game.roles[self.leader].action
        players = {**agents, self.leader: Exploring(proposing, action, share)}
        key = self.trainer.keys("followers", self.budget.copies, iteration)
        for role, learning in (self.cloning if is_cloning else self.learning).items():
            for name, value in learning.learn(players, key, iteration / self.budget.total).items():
                self.recorder.log(f"training/{name}", value, step=iteration, role=role)

    def teach_leader(self, iteration: int) -> None:
        """Update the leader after the warm-up."""
        budget, train_state = self.budget, self.trainer.train_states.get(self.leader)
        since = iteration - budget.warm_up
        if train_state is None or since < 0 or since % budget.leader_every:
            return
        share_done = since / budget.iterations
        narrow(self.trainer, self.leader, budget.leader.final_exploration, share_done)
        if budget.leader_learns_by == "value":
            teach_by_value(self.trainer, self.leader, budget.leader_copies, share_done, iteration)
            return
        key = self.trainer.keys("leader", budget.leader_copies, iteration)
        assert self.whole is not None
        stats = climb(self.whole, self.trainer.agents, self.followers, train_state, key, self.scheme.total, share_done)
        for name, value in stats.items():
            self.recorder.log(f"training/{name}", value, step=iteration, role=self.leader)

    def audit(self, iteration: int) -> None:
        """Log the leader's return, and what a follower would gain from its best response."""
        agents, key = self.trainer.agents, self.trainer.keys("audit", 1, 0)
        audit(self.game, agents, self.leader, key, iteration, self.recorder)
        role, seen = self.game.roles[self.leader], self.game.observe(self.game.reset(key))[self.leader]
        action = agents[self.leader].act(seen, agents[self.leader].start(self.game, role, 1), key)[0].flatten()
        for label, value in zip(role.action_labels, action.tolist(), strict=True):
            self.recorder.log(f"audit/{label}", value, step=iteration, role=self.leader)
        precise = self.game.to(dtype=torch.float64)
        if isinstance(precise, SolvesHouseholds) and precise.has_household_paths:
            with torch.no_grad():
                gain = exploitability(precise.household_problem, precise.household_path(agents, key)).mean
            self.recorder.log("audit/gain_from_best_response", gain, step=iteration)

    def stored(self) -> dict[str, Any]:
        """Return the followers' environment copies, for a checkpoint."""
        return {role: learning.stored() for role, learning in self.learning.items() if learning.state is not None}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Load what a checkpoint holds."""
        for role, copies in stored["copies"].items():
            self.learning[role].restore(copies)


def _check(game: Game[Any], role: str, agent: Agent) -> None:
    """Raise ``UserError`` for a network through which derivatives cannot be taken."""
    assert isinstance(agent, NeuralAgent)
    make = agent.policy_parameters
    reasons = {
        "actions that are options": not isinstance(agent.as_it_acts(game, game.roles[role]).action, Box),
        "a memory (recurrent)": make.recurrent is not None,
        "one encoder for policy and value function (shared_towers)": make.shared_towers,
        "a critic of the joint observation (critic)": make.critic != "own",
        "the network of another role (shares_with)": make.shares_with is not None,
        "no hidden layer (hidden)": not make.hidden,
    }
    for reason, is_so in reasons.items():
        if is_so:
            raise UserError(f"training: mean_field: the agent of role {role} has {reason}, which it does not support")
