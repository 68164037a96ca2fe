"""A curriculum: phases in order, each with its own learner, and what changes between them.

Minds go on from phase to phase with the weights that they have. A phase says who learns, who stands in for an agent of
the scenario (no taxes before there are workers worth taxing), and how the game's parameters move while it lasts: labour
costs that warm up, a ceiling on tax rates that rises. The two phases of Zheng et al. (2022) are workers alone, then
workers and planner. A phase that is ``shared`` does not depend on who leads, so that a run that retrains workers under
several planners goes through it once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, field_validator

from econsim import random
from econsim.errors import did_you_mean
from econsim.game import Agent, Game
from econsim.learning import Recorder, fit_all
from econsim.nn.agent import NeuralAgent
from econsim.parameters import Chosen, Model
from econsim.training._phase import FRESH, Phase

__all__ = ["Curriculum", "Parameters"]

REFERENCES = (
    "@article{zheng2022ai, title={The {AI} Economist: Taxation policy design via two-level deep multiagent "
    "reinforcement learning}, author={Zheng, Stephan and Trott, Alexander and Srinivasa, Sunil and Parkes, David C. "
    "and Socher, Richard}, journal={Science Advances}, volume={8}, number={18}, year={2022}}",
)


class Parameters(Model):
    """The phases, in order."""

    phases: tuple[Phase, ...] = Field(min_length=1)
    """At least one."""

    @field_validator("phases")
    @classmethod
    def _phases_fit(cls, phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
        names = [phase.name for phase in phases]
        for place, phase in enumerate(phases):
            if phase.name in names[:place] or phase.name == FRESH:
                raise ValueError(f"phase {place + 1}: the name {phase.name!r} is taken")
            if phase.start not in (None, FRESH, *names[:place]):
                known = did_you_mean(phase.start or "", [*names[:place], FRESH])
                raise ValueError(f"phase {phase.name}: start {phase.start!r} is no earlier phase{known}")
            if phase.shared and not all(earlier.shared for earlier in phases[:place]):
                raise ValueError(f"phase {phase.name}: shared phases come before all others")
        if names and all(phase.shared for phase in phases):
            raise ValueError("the last phase must not be shared: it is the one that makes planners differ")
        return phases


class Curriculum:
    """Fits agents phase by phase; interrupted, it continues in the middle of a phase."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fits(self, agent: Agent) -> bool:
        """Return whether the learner of any phase fits the agent."""
        return any(phase.training.build().fits(agent) for phase in self.parameters.phases)

    def shared_phases(self) -> tuple[Curriculum, dict[str, Chosen]] | None:
        """Return the curriculum of the shared phases and who stands in during them; ``None`` where none is shared."""
        shared = tuple(phase for phase in self.parameters.phases if phase.shared)
        if not shared:
            return None
        alone = Parameters(phases=tuple(phase.model_copy(update={"shared": False}) for phase in shared))
        return Curriculum(alone), {role: chosen for phase in shared for role, chosen in phase.agents.items()}

    def own_phases(self) -> Curriculum:
        """Return the curriculum of the phases that are not shared."""
        return Curriculum(Parameters(phases=tuple(phase for phase in self.parameters.phases if not phase.shared)))

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents as the last phase left them.

        Raises:
            UserError: a phase names a role that does not exist, or its learner cannot play this game.
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
        """Fit the agents of several seeds, all in the same phase; each gets what :meth:`fit` alone would give it.

        Raises:
            UserError: a phase names a role that does not exist, or its learner cannot play this game.
            RunError: a loss is not finite any more.
        """
        given = zip(casts, seeds, recorders, strict=True)
        pupils = [_Pupil(self.parameters.phases, agents, seed, recorder) for agents, seed, recorder in given]
        for number, phase in enumerate(self.parameters.phases):
            here = [pupil for pupil in pupils if pupil.phase == number]
            if not here:
                continue
            stand_ins = phase.stand_ins(game)
            reports = [pupil.enter(phase) for pupil in here]
            players = [
                {**pupil.agents, **{role: chosen.build() for role, chosen in stand_ins.items()}} for pupil in here
            ]
            keys = [pupil.seed_of(phase) for pupil in here]
            fitted = fit_all(phase.training.build(), game, players, keys, reports)
            for pupil, found in zip(here, fitted, strict=True):
                pupil.leave(phase, {role: mind for role, mind in found.items() if role not in stand_ins})
        return [pupil.agents for pupil in pupils]


class _Pupil:
    """One seed on its way through the phases."""

    def __init__(self, phases: Sequence[Phase], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        self.phases, self.agents, self.seed, self.recorder = phases, dict(agents), seed, recorder
        self.kept: dict[str, Any] = {}
        self.phase, self.inside = 0, None
        self.step, stored = recorder.restore() or (0, None)
        self.reports: _PhaseReports | None = None
        if stored is not None:
            self.kept, self.phase, self.inside = dict(stored["kept"]), int(stored["phase"]), stored["inside"]
            _give(self.agents, stored["minds"])

    def seed_of(self, phase: Phase) -> int:
        """Return the seed of a phase, which draws as no other does."""
        return int(random.fold(random.keys(self.seed, 1), phase.name)) & (2**63 - 1)

    def enter(self, phase: Phase) -> _PhaseReports:
        """Begin a phase, or go on in the middle of it; return where its learner reports."""
        if self.inside is None:
            _begin(phase, self.agents, self.kept)
        place = (self.phase, len(self.phases))
        self.reports = _PhaseReports(self.recorder, phase, *place, self.agents, self.kept, self.step)
        if self.inside is not None:
            self.reports.continue_at(self.inside)
        self.inside = None
        return self.reports

    def leave(self, phase: Phase, fitted: Mapping[str, Agent]) -> None:
        """Take over what the phase's learner fitted, and store it."""
        assert self.reports is not None
        self.agents |= fitted
        self.kept[phase.name] = _minds(self.agents)
        self.phase, self.step = self.phase + 1, self.reports.last_step + 1
        minds = self.kept[phase.name]
        self.recorder.checkpoint(self.step, {"phase": self.phase, "kept": self.kept, "minds": minds, "inside": None})


class _PhaseReports:
    """What the learner of one phase reports goes into the record of the whole: steps go on, progress is a share."""

    def __init__(
        self,
        recorder: Recorder,
        phase: Phase,
        number: int,
        phases: int,
        agents: Mapping[str, Agent],
        kept: Mapping[str, Any],
        first_step: int,
    ) -> None:
        self.recorder, self.phase, self.number, self.phases = recorder, phase, number, phases
        self.agents, self.kept, self.first_step = agents, kept, first_step
        self.last_step = first_step
        self._inside: tuple[int, dict[str, Any]] | None = None

    def continue_at(self, inside: Mapping[str, Any]) -> None:
        """Continue from a checkpoint in the middle of the phase."""
        self.first_step = int(inside["first_step"])
        self._inside = int(inside["step"]), inside["learner"]

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Note one number; steps count through all phases."""
        self.last_step = self.first_step + step
        self.recorder.log(name, value, step=self.last_step, role=role)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Say how much is done, every phase counting the same."""
        self.recorder.progress(self.number * total + done, self.phases * total, f"{self.phase.name}: {message}")

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Keep the learner's state and all minds."""
        self.last_step = self.first_step + step
        inside = {"step": step, "first_step": self.first_step, "learner": state}
        whole = {"phase": self.number, "kept": self.kept, "minds": _minds(self.agents), "inside": inside}
        self.recorder.checkpoint(self.last_step, whole)

    def restore(self) -> tuple[int, dict[str, Any]] | None:
        """Return the checkpoint of this phase to continue from."""
        return self._inside


def _begin(phase: Phase, agents: Mapping[str, Agent], kept: Mapping[str, Any]) -> None:
    """Give minds the weights that the phase begins with."""
    if phase.start == FRESH:
        for agent in agents.values():
            if isinstance(agent, NeuralAgent):
                agent.forget()
    elif phase.start is not None:
        _give(agents, kept[phase.start])


def _minds(agents: Mapping[str, Agent]) -> dict[str, Any]:
    """Return the weights of all minds that have any."""
    return {
        role: agent.state_dict() for role, agent in agents.items() if isinstance(agent, NeuralAgent) and agent.is_fitted
    }


def _give(agents: Mapping[str, Agent], minds: Mapping[str, Any]) -> None:
    for role, weights in minds.items():
        agent = agents[role]
        assert isinstance(agent, NeuralAgent)
        agent.load_state_dict(weights)
