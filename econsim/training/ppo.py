"""Independent PPO: every role with a neural mind learns at once from the same play; all others play as they are.

Leaders and followers have clocks and settings of their own: a leader acts, and learns from, the first step of each of
its periods (the two-clock training of Zheng et al. 2022). Parameters of the game may change while training goes on, as
its warm-up of labour costs and its ceiling on tax rates do; an episode keeps those that it began with.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from econsim.acceleration import Mode, keep_memory
from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Game
from econsim.parameters import Model
from econsim.training import MEASURED, Recorder
from econsim.training._lesson import Lesson
from econsim.training._patience import Patience
from econsim.training._processes import gathered, own_share
from econsim.training._refit import formula_leaders, refit
from econsim.training._rollout import Rollout, Scene
from econsim.training._schedule import Schedule, value_at
from econsim.training._settings import Settings

__all__ = ["Parameters", "Ppo"]

REFERENCES = (
    "@article{schulman2017ppo, title={Proximal Policy Optimization Algorithms}, author={Schulman, John and Wolski, "
    "Filip and Dhariwal, Prafulla and Radford, Alec and Klimov, Oleg}, journal={arXiv:1707.06347}, year={2017}}",
)


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
    """How a step of play is made fast: eager, compile, graph (CUDA), or auto."""
    checkpoint_every: int = Field(default=50, ge=1)
    """Iterations between checkpoints."""


class Ppo:
    """Fits all neural minds together; each sees the others as part of its world."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with all neural minds fitted; continues from the recorder's newest checkpoint.

        Raises:
            UserError: nobody has a neural mind, or a parameter or role that is named does not exist.
            RunError: a loss is not finite any more.
        """
        own = self.parameters
        _check_numbers(game, own.parameters)
        keep_memory()
        levels = {name: own.leader if role.leads else own.follower for name, role in game.roles.items()}
        lesson = Lesson.begin(game, agents, levels, seed, recorder, own.train)
        rollout = lesson.rollout(lesson.agents, list(game.roles), own.acceleration)
        steps = own.steps or game.horizon
        stagger = steps if own.stagger and steps < game.horizon else None
        leaders = formula_leaders(game, agents) if own.refit_every is not None else {}
        done, stored = lesson.restore()
        for name, leader in leaders.items():
            if done:
                leader.load_state_dict(stored["leaders"][name])
        if leaders and not done:
            refit(game, agents, seed, recorder, 0)
        scene = rollout.begin(lesson.copies("game", own.copies, 0), self._numbers(0), stagger)
        patience = Patience(own.patience)
        if done:
            scene.restore(own_share(stored["scene"]))
            patience.restore(stored["patience"])
        for iteration in range(done, own.iterations):
            if own.refit_every is not None and iteration and iteration % own.refit_every == 0:
                refit(game, agents, seed, recorder, iteration)
                rollout.renew(scene, leaders)
            self._iterate(lesson, rollout, scene, steps, iteration, patience)
            recorder.progress(iteration + 1, own.iterations, "ppo")
            if (iteration + 1) % own.checkpoint_every == 0:
                fitted = {name: leader.state_dict() for name, leader in leaders.items()}
                more = {"scene": gathered(scene.stored()), "patience": patience.stored(), "leaders": fitted}
                lesson.checkpoint(iteration + 1, **more)
            if patience.is_over(iteration):
                recorder.progress(own.iterations, own.iterations, f"ppo: no better for {own.patience} iterations")
                break
        return dict(agents)

    def _iterate(
        self, lesson: Lesson, rollout: Rollout, scene: Scene, steps: int, iteration: int, patience: Patience
    ) -> None:
        own, began = self.parameters, time.perf_counter()
        draws = lesson.copies("draws", own.copies, iteration)
        trajectories = rollout.collect(scene, steps, draws, self._numbers(iteration))
        played = time.perf_counter()
        for role, stats in lesson.teach(trajectories, iteration / own.iterations, iteration).items():
            patience.see(role, iteration, stats.get("return"))
        for name, mean in rollout.accounts().items():
            lesson.recorder.log(f"play/{name}", mean, step=iteration)
        now = time.perf_counter()
        speed = steps * own.copies / (now - began)
        lesson.recorder.log(f"{MEASURED}env_steps_per_second", speed, step=iteration)
        lesson.recorder.log(f"{MEASURED}share_of_update", (now - played) / (now - began), step=iteration)

    def _numbers(self, iteration: int) -> dict[str, float]:
        share_done = iteration / self.parameters.iterations
        return {name: value_at(schedule, share_done) for name, schedule in self.parameters.parameters.items()}


def _check_numbers(game: Game[Any], schedules: Mapping[str, Schedule]) -> None:
    for name in schedules:
        if name not in game.parameters:
            known = did_you_mean(name, game.parameters)
            raise UserError(f"training.parameters: the game has no numeric parameter {name!r}{known}")
