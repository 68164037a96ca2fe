"""Independent PPO: every role with a neural mind learns at once from the same play; all others play as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from econsim.game import Agent, Game
from econsim.parameters import Model
from econsim.training import Recorder
from econsim.training._lesson import Lesson
from econsim.training._rollout import Scene, begin, collect
from econsim.training._update import Settings

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
    follower: Settings = Settings()
    """How following roles learn."""
    leader: Settings = Settings()
    """How leading roles learn."""
    checkpoint_every: int = Field(default=50, ge=1)
    """Iterations between checkpoints."""


class Ppo:
    """Fits all neural minds together; each sees the others as part of its world."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with all neural minds fitted; continues from the recorder's newest checkpoint.

        Raises:
            UserError: nobody has a neural mind.
            RunError: a loss is not finite any more.
        """
        own = self.parameters
        levels = {name: own.leader if role.leads else own.follower for name, role in game.roles.items()}
        lesson = Lesson.begin(game, agents, levels, seed, recorder)
        scene = begin(game, agents, lesson.keys("game", own.copies, 0))
        done, stored = lesson.restore()
        if done:
            scene.restore(stored["scene"])
        for iteration in range(done, own.iterations):
            self._iterate(lesson, scene, iteration)
            recorder.progress(iteration + 1, own.iterations, "ppo")
            if (iteration + 1) % own.checkpoint_every == 0:
                lesson.checkpoint(iteration + 1, scene=scene.stored())
        return dict(agents)

    def _iterate(self, lesson: Lesson, scene: Scene, iteration: int) -> None:
        own, game = self.parameters, lesson.game
        networks = {name: student.network for name, student in lesson.students.items()}
        draws = lesson.keys("draws", own.copies, iteration)
        trajectories = collect(game, lesson.agents, networks, scene, own.steps or game.horizon, draws)
        lesson.teach(trajectories, iteration / own.iterations, iteration)
