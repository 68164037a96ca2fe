"""PPO in progress: the sessions of seeds, and their play as one batch."""

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
from econsim.rl.per_seed_agents import PerSeedAgents
from econsim.rl.refit import refit, self_fitting
from econsim.rl.rollout import Rollout, RolloutState
from econsim.rl.schedules import Schedule, value_at
from econsim.rl.settings import Settings
from econsim.rl.trainer import Trainer


class Parameters(Model):
    """Budget and hyper-parameters."""

    iterations: int = Field(default=200, ge=1)
    """Rollouts, each followed by one update of every learning role."""
    copies: int = Field(default=64, ge=1)
    """Copies of the game that are played at once."""
    steps: int | None = Field(default=None, ge=1)
    """Length of a rollout in steps; none: a whole episode. Copies go on from rollout to rollout."""
    stagger: bool = True
    """Where rollouts are shorter than episodes, let copies be at different times of theirs, so that each rollout sees
    all of an episode (first episodes are cut short for it). Only for games that the clock ends."""
    follower: Settings = Settings()
    """How following roles learn."""
    leader: Settings = Settings()
    """How leading roles learn."""
    train: tuple[str, ...] | None = None
    """Roles that learn; none: all with a neural mind. Neural minds that do not learn play as they were left."""
    parameters: dict[str, Schedule] = Field(default_factory=dict)
    """Numeric parameters of the game that change while training goes on, by name; schedules over the share done."""
    refit_every: int | None = Field(default=None, ge=1)
    """Iterations after which leaders that a formula or a search fits (kinds ``saez_buffer``, ``search``, ...) are
    fitted anew to what followers have become, the first time before the first; none: they keep their schedule."""
    patience: int | None = Field(default=None, ge=1)
    """Stop early once the best mean return of a learning role is so many iterations old; none: never."""
    acceleration: Mode = "auto"
    """How a step of play and the loss are made fast: eager, compile, graph (CUDA), or auto: graph on a GPU, where the
    loss is compiled, and eager on a CPU."""
    checkpoint_every: int = Field(default=50, ge=1)
    """Iterations between checkpoints."""


class Session:
    """The training of one seed: its minds, its copies in the middle of play, and where it is reported."""

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
        """Length of a rollout."""
        return self.parameters.steps or self.game.horizon

    def is_active(self, iteration: int) -> bool:
        """Return whether this iteration is still to be done."""
        return self.done <= iteration and not self.stopped

    def prepare(self, iteration: int) -> bool:
        """Fit leaders anew where it is time to; return whether that was done."""
        every = self.parameters.refit_every
        due = bool(self.leaders) and every is not None and iteration > 0 and iteration % every == 0
        if due:
            self._refit(iteration)
        return due

    def learn(self, trajectories: Mapping[str, Trajectory], accounts: Mapping[str, float], iteration: int) -> None:
        """Teach the minds and log what was learned."""
        found = self.trainer.teach(trajectories, iteration / self.parameters.iterations, iteration)
        for role, stats in found.items():
            self.patience.see(role, iteration, stats.get("return"))
        for name, mean in accounts.items():
            self.recorder.log(f"play/{name}", mean, step=iteration)

    def report(self, iteration: int, store_end: bool) -> None:
        """Say how far it is, and store everything where it is time to; ``store_end``: after the last iteration too."""
        own = self.parameters
        self.recorder.progress(iteration + 1, own.iterations, "ppo")
        self.stopped = self.patience.is_over(iteration)
        ends = self.stopped or iteration + 1 == own.iterations
        if (iteration + 1) % own.checkpoint_every == 0 or (ends and store_end):
            fitted = {name: leader.state_dict() for name, leader in self.leaders.items()}
            more = {"scene": gathered(self.scene.stored()), "patience": self.patience.stored(), "leaders": fitted}
            self.trainer.checkpoint(iteration + 1, **more)
        if self.stopped:
            self.recorder.progress(own.iterations, own.iterations, f"ppo: no better for {own.patience} iterations")

    def _refit(self, iteration: int) -> None:
        """Fit leaders to the game as it is in this iteration."""
        game = self.game.with_parameters(**numbers_at(self.parameters, iteration))
        refit(game, self.agents, self.seed, self.recorder, iteration)

    def _opening(self) -> RolloutState:
        own = self.parameters
        stagger = self.steps if own.stagger and self.steps < self.game.horizon else None
        rollout = self.trainer.rollout(self.agents, list(self.game.roles), "eager")
        return rollout.begin(self.trainer.copies("game", own.copies, 0), numbers_at(own, 0), stagger)


class Ensemble:
    """Sessions that play as one batch: copies stand side by side, minds learn apart."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = list(sessions)
        if self.sessions:
            self.learning = list(self.sessions[0].trainer.train_states)
            self.rollout = self._rollout()
            self.scene = RolloutState.joined([session.scene for session in self.sessions], self.learning)

    def replaced_by(self, sessions: Sequence[Session]) -> Ensemble:
        """Return the ensemble of other sessions, from where each stands."""
        return Ensemble(sessions)

    def iterate(self, iteration: int) -> None:
        """Let all sessions play one rollout and learn from it."""
        first, began = self.sessions[0], time.perf_counter()
        renewed = [session.prepare(iteration) for session in self.sessions]
        if any(renewed):
            self.rollout.renew(self.scene, first.leaders)
        draws = torch.cat([s.trainer.copies("draws", s.parameters.copies, iteration) for s in self.sessions])
        numbers = numbers_at(first.parameters, iteration)
        found = self.rollout.collect_by_seed(self.scene, first.steps, draws, numbers)
        played = time.perf_counter()
        parts = self.scene.parts(len(self.sessions), self.learning)
        for session, part, trajectories, accounts in zip(
            self.sessions, parts, found, self.rollout.accounts(), strict=True
        ):
            session.scene = part
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
    """Return the game's parameters that change in training, as they are in an iteration."""
    share_done = iteration / parameters.iterations
    return {name: value_at(schedule, share_done) for name, schedule in parameters.parameters.items()}
