"""One fit of neural minds: who learns in which game, under which seed, and where it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from econsim import random
from econsim.agents._neural import NeuralAgent
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.training import Recorder
from econsim.training._rollout import Trajectory
from econsim.training._student import Student
from econsim.training._update import Settings


@dataclass(frozen=True)
class Lesson:
    """What every iteration of a fit needs. Draws are functions of seed, purpose and iteration, so none is stored."""

    game: Game[Any]
    agents: Mapping[str, Agent]
    students: Mapping[str, Student]
    seed: int
    recorder: Recorder

    @classmethod
    def begin(
        cls,
        game: Game[Any],
        agents: Mapping[str, Agent],
        levels: Mapping[str, Settings],
        seed: int,
        recorder: Recorder,
    ) -> Lesson:
        """Give every neural mind fresh weights and the settings of its role.

        Raises:
            UserError: nobody has a neural mind.
        """
        students = {}
        for name, settings in levels.items():
            agent = agents[name]
            if isinstance(agent, NeuralAgent):
                key = random.fold(random.keys(seed, 1, game.device), f"{name}/network")
                students[name] = Student.of(name, agent.prepare(game, game.roles[name], key), settings)
        if not students:
            raise UserError("training: no role has a neural mind (kind ppo), so there is nothing to train")
        return cls(game, agents, students, seed, recorder)

    def keys(self, purpose: str, count: int, iteration: int) -> Tensor:
        """Return the keys ``[count]`` of one purpose in one iteration."""
        return random.fold(random.fold(random.keys(self.seed, count, self.game.device), purpose), iteration)

    def teach(self, trajectories: Mapping[str, Trajectory], share_done: float, iteration: int) -> None:
        """Update every role from its trajectory and log the statistics.

        Raises:
            RunError: a loss is not finite any more.
        """
        for role, trajectory in trajectories.items():
            key = self.keys(f"{role}/update", 1, iteration)
            for name, value in self.students[role].learn(trajectory, share_done, key).items():
                self.recorder.log(f"training/{name}", value, step=iteration, role=role)

    def checkpoint(self, step: int, **more: Any) -> None:
        """Store all students, and what else the learner has."""
        stored = {role: student.stored() for role, student in self.students.items()}
        self.recorder.checkpoint(step, {"students": stored, **more})

    def restore(self) -> tuple[int, dict[str, Any]]:
        """Bring all students to the newest checkpoint; return the iterations done (0: none) and what it holds."""
        found = self.recorder.restore()
        if found is None:
            return 0, {}
        for role, student in self.students.items():
            student.restore(found[1]["students"][role])
        return found
