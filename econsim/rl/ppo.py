"""PPO training sessions of one or several seeds, which play as one batch."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from pydantic import Field

from econsim.acceleration import Mode
from econsim.game import Agent, Game
from econsim.learning import MEASURED, Recorder
from econsim.nn.stacked import StackedActorCritic
from econsim.parameters import Model
from econsim.rl.buffer import Trajectory
from econsim.rl.distributed import gathered, own_share
from econsim.rl.early_stopping import EarlyStopping
from econsim.rl.exact_gap import gap_is_due, record_gap
from econsim.rl.per_seed_agents import PerSeedAgents
from econsim.rl.refit import refit, self_fitting
from econsim.rl.rollout import Rollout, RolloutState
from econsim.rl.schedules import Schedule, value_at
from econsim.rl.settings import Settings
from econsim.rl.trainer import Trainer


class Parameters(Model):
    """Budget and hyper-parameters."""

    iterations: int = Field(default=200, ge=1)
    """Number of iterations; each is a rollout followed by one update of every learning role."""
    copies: int = Field(default=64, ge=1)
    """Number of environment copies played in parallel."""
    steps: int | None = Field(default=None, ge=1)
    """Length of a rollout in steps; none: a whole episode. Shorter rollouts continue where the last one ended."""
    stagger: bool = True
    """If rollouts are shorter than episodes, start the environment copies at different times, so that each rollout
    covers all parts of an episode; the first episodes are shortened for this. Only for games of fixed length."""
    follower: Settings = Settings()
    """Learning settings of following roles."""
    leader: Settings = Settings()
    """Learning settings of leading roles."""
    train: tuple[str, ...] | None = None
    """Roles that learn; none: all roles with a policy network. Policy networks that do not learn play unchanged."""
    parameters: dict[str, Schedule] = Field(default_factory=dict)
    """Numeric parameters of the game that change during training, by name: a number, or a schedule of points ``[[share
    of training done, value], ...]`` with linear interpolation."""
    refit_every: int | None = Field(default=None, ge=1)
    """Number of iterations after which planners fitted by a formula or a search (``saez_buffer``, ``search``, ...)
    are fitted again to the current followers; the first fit is before the first iteration. None: they keep their
    schedule."""
    patience: int | None = Field(default=None, ge=1)
    """Stop early once no learning role has improved its smoothed mean return for so many iterations; none: never."""
    acceleration: Mode = "auto"
    """How steps and losses are accelerated: ``eager``, ``compile``, ``graph`` (CUDA graphs), or ``auto``: graphs and a
    compiled loss on a GPU, eager on a CPU."""
    checkpoint_every: int = Field(default=50, ge=1)
    """Number of iterations between checkpoints."""
    checkpoint_minutes: float = Field(default=5.0, ge=0)
    """Minutes after which a checkpoint is written even if fewer iterations were done; 0: after every iteration."""


class Session:
    """The training of one seed: its agents, the state of its environment copies, and its recorder."""

    def __init__(
        self, parameters: Parameters, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder
    ) -> None:
        self.parameters, self.game, self.agents, self.seed, self.recorder = parameters, game, agents, seed, recorder
        levels = {name: parameters.leader if role.leads else parameters.follower for name, role in game.roles.items()}
        self.trainer = Trainer.begin(game, agents, levels, seed, recorder, parameters.train, parameters.acceleration)
        self.leaders = self_fitting(agents) if parameters.refit_every is not None else {}
        self.done, stored = self.trainer.restore()
        for name, leader in self.leaders.items():
            if self.done:
                leader.load_state_dict(stored["leaders"][name])
        if self.leaders and not self.done:
            self._refit(0)
        self.patience, self.stopped = EarlyStopping(parameters.patience), False
        self.scene = self._opening()
        if self.done:
            self.scene.restore(own_share(stored["scene"]))
            self.patience.restore(stored["patience"])
            self.stopped = self.patience.is_over(self.done - 1)

    @property
    def steps(self) -> int:
        """Length of a rollout in steps."""
        return self.parameters.steps or self.game.horizon

    def is_active(self, iteration: int) -> bool:
        """Return whether this iteration has not been done yet and training has not stopped."""
        return self.done <= iteration and not self.stopped

    def prepare(self, iteration: int) -> bool:
        """Refit the leaders if this is due in the iteration, and return whether it was."""
        every = self.parameters.refit_every
        due = bool(self.leaders) and every is not None and iteration > 0 and iteration % every == 0
        if due:
            self._refit(iteration)
        return due

    def learn(self, trajectories: Mapping[str, Trajectory], accounts: Mapping[str, float], iteration: int) -> None:
        """Update the policies from their trajectories, and log statistics."""
        statistics = self.trainer.teach(trajectories, iteration / self.parameters.iterations, iteration)
        for role, of_role in statistics.items():
            self.patience.see(role, iteration, of_role.get("return"))
        for name, mean in accounts.items():
            self.recorder.log(f"play/{name}", mean, step=iteration)
        if gap_is_due(self.game, iteration, self.parameters.iterations):
            game = self.game.with_parameters(**numbers_at(self.parameters, iteration))
            record_gap(game, self.agents, iteration, self.recorder)

    def report(self, iteration: int, checkpoint_due: bool, store_end: bool) -> None:
        """Report progress and write a checkpoint if one is due; ``store_end``: also after the last iteration."""
        budget = self.parameters
        self.recorder.progress(iteration + 1, budget.iterations, "ppo")
        self.stopped = self.patience.is_over(iteration)
        ends = self.stopped or iteration + 1 == budget.iterations
        if checkpoint_due or (ends and store_end):
            fitted = {name: leader.state_dict() for name, leader in self.leaders.items()}
            more = {"scene": gathered(self.scene.stored()), "patience": self.patience.stored(), "leaders": fitted}
            self.trainer.checkpoint(iteration + 1, **more)
        if self.stopped:
            message = f"ppo: stopped early, no improvement for {budget.patience} iterations"
            self.recorder.progress(budget.iterations, budget.iterations, message)

    def _refit(self, iteration: int) -> None:
        """Fit the leaders to the game with the parameters of this iteration."""
        game = self.game.with_parameters(**numbers_at(self.parameters, iteration))
        refit(game, self.agents, self.seed, self.recorder, iteration)

    def _opening(self) -> RolloutState:
        budget = self.parameters
        stagger = self.steps if budget.stagger and self.steps < self.game.horizon else None
        rollout = self.trainer.rollout(self.agents, list(self.game.roles), "eager")
        return rollout.begin(self.trainer.copies("game", budget.copies, 0), numbers_at(budget, 0), stagger)


class Ensemble:
    """Sessions that play as one batch; each session learns from its own environment copies."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = list(sessions)
        if self.sessions:
            self.learning = list(self.sessions[0].trainer.train_states)
            self.rollout = self._rollout()
            self.scene = RolloutState.joined([session.scene for session in self.sessions], self.learning)

    def replaced_by(self, sessions: Sequence[Session]) -> Ensemble:
        """Return the ensemble of other sessions, which continue from their current states."""
        return Ensemble(sessions)

    def iterate(self, iteration: int) -> None:
        """Play one rollout and update the policies, for all sessions."""
        first, began = self.sessions[0], time.perf_counter()
        refitted = [session.prepare(iteration) for session in self.sessions]
        if any(refitted):
            self.rollout.renew(self.scene, first.leaders)
        draws = torch.cat([s.trainer.copies("draws", s.parameters.copies, iteration) for s in self.sessions])
        numbers = numbers_at(first.parameters, iteration)
        by_seed = self.rollout.collect_by_seed(self.scene, first.steps, draws, numbers)
        played = time.perf_counter()
        scenes = self.scene.parts(len(self.sessions), self.learning)
        for session, scene, trajectories, accounts in zip(
            self.sessions, scenes, by_seed, self.rollout.accounts(), strict=True
        ):
            session.scene = scene
            session.learn(trajectories, accounts, iteration)
        now = time.perf_counter()
        speed = first.steps * first.parameters.copies * len(self.sessions) / (now - began)
        first.recorder.log(f"{MEASURED}env_steps_per_second", speed, step=iteration)
        first.recorder.log(f"{MEASURED}share_of_update", (now - played) / (now - began), step=iteration)

    def _rollout(self) -> Rollout:
        trainers, first = [session.trainer for session in self.sessions], self.sessions[0]
        if len(trainers) == 1:
            return first.trainer.rollout(first.agents, list(first.game.roles), first.parameters.acceleration)
        networks = {
            name: StackedActorCritic([trainer.train_states[name].network for trainer in trainers])
            for name in self.learning
        }
        sequences = {
            name: train_state.settings.sequence_length for name, train_state in first.trainer.train_states.items()
        }
        others = [name for name in first.game.roles if name not in networks]
        apart = {name: PerSeedAgents([session.agents[name] for session in self.sessions]) for name in others}
        return Rollout(first.game, apart, networks, sequences, first.parameters.acceleration, len(trainers))


def numbers_at(parameters: Parameters, iteration: int) -> dict[str, float]:
    """Return the values, in an iteration, of the game parameters that change during training."""
    share_done = iteration / parameters.iterations
    return {name: value_at(schedule, share_done) for name, schedule in parameters.parameters.items()}
