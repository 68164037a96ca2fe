"""Curriculum: training in several phases, each with its own learning algorithm.

Policy networks keep their weights from phase to phase. A phase specifies the roles that learn, agents that replace
those of the scenario (for example, no taxes in a first phase), and the schedules of game parameters, such as a warm-up
of labour costs or a rising ceiling on tax rates. In Zheng et al. (2022), the workers learn alone in the first phase,
and workers and planner learn together in the second. A ``shared`` phase does not depend on the leader, so that a run
that retrains workers under several planners runs it only once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import Field, field_validator

from econsim import random
from econsim.errors import did_you_mean
from econsim.game import Agent, FittedAgent, Game
from econsim.learning import HasBudget, Recorder, fit_all
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
    """Parameters of a curriculum."""

    phases: tuple[Phase, ...] = Field(min_length=1)
    """The phases in order, at least one."""

    @field_validator("phases")
    @classmethod
    def _phases_fit(cls, phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
        names = [phase.name for phase in phases]
        for index, phase in enumerate(phases):
            earlier_names = names[:index]
            if phase.name in earlier_names or phase.name == FRESH:
                raise ValueError(f"phase {index + 1}: the name {phase.name!r} is already in use; choose another one")
            if phase.start not in (None, FRESH, *earlier_names):
                suggestion = did_you_mean(phase.start or "", [*earlier_names, FRESH])
                raise ValueError(
                    f"phase {phase.name}: start: expected the name of an earlier phase or {FRESH}, found"
                    f" {phase.start!r}{suggestion}"
                )
            if phase.shared and not all(earlier.shared for earlier in phases[:index]):
                raise ValueError(f"phase {phase.name}: shared phases must come before all others")
        if names and all(phase.shared for phase in phases):
            raise ValueError("the last phase must not be shared, because it is run for each planner separately")
        return phases


class Curriculum:
    """Fits agents phase by phase; an interrupted fit continues in the middle of a phase."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    @property
    def units(self) -> int | None:
        """The number of units of all phases; ``None`` if that of one is not known."""
        return None if (lengths := _lengths(self.parameters.phases)) is None else sum(lengths)

    def fits(self, agent: Agent) -> bool:
        """Return whether the learning algorithm of any phase fits the agent."""
        return any(phase.training.build().fits(agent) for phase in self.parameters.phases)

    def shared_phases(self) -> tuple[Curriculum, dict[str, Chosen]] | None:
        """Return the curriculum of the shared phases and their stand-in agents; ``None`` if there are none."""
        shared = tuple(phase for phase in self.parameters.phases if phase.shared)
        if not shared:
            return None
        alone = Parameters(phases=tuple(phase.model_copy(update={"shared": False}) for phase in shared))
        return Curriculum(alone), {role: chosen for phase in shared for role, chosen in phase.agents.items()}

    def own_phases(self) -> Curriculum:
        """Return the curriculum of the phases that are not shared."""
        return Curriculum(Parameters(phases=tuple(phase for phase in self.parameters.phases if not phase.shared)))

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Fit the agents in all phases and return them.

        Raises:
            UserError: a phase names a role that does not exist, or its learning algorithm does not support this game.
            RunError: a loss or a weight is no longer finite.
        """
        return self.fit_together(game, [agents], [seed], [recorder])[0]

    def fit_together(
        self,
        game: Game[Any],
        casts: Sequence[Mapping[str, Agent]],
        seeds: Sequence[int],
        recorders: Sequence[Recorder],
    ) -> list[dict[str, Agent]]:
        """Fit the agents of several seeds phase by phase, with the same results as separate calls of :meth:`fit`.

        Raises:
            UserError: a phase names a role that does not exist, or its learning algorithm does not support this game.
            RunError: a loss or a weight is no longer finite.
        """
        triples = zip(casts, seeds, recorders, strict=True)
        sessions = [_SeedSession(self.parameters.phases, agents, seed, recorder) for agents, seed, recorder in triples]
        for number, phase in enumerate(self.parameters.phases):
            active = [session for session in sessions if session.phase == number]
            if not active:
                continue
            stand_ins = phase.stand_ins(game)
            reports = [session.enter(phase) for session in active]
            players = [
                {**session.agents, **{role: chosen.build() for role, chosen in stand_ins.items()}} for session in active
            ]
            phase_seeds = [session.seed_of(phase) for session in active]
            fitted = fit_all(phase.training.build(), game, players, phase_seeds, reports)
            for session, agents in zip(active, fitted, strict=True):
                session.leave(phase, {role: agent for role, agent in agents.items() if role not in stand_ins})
        return [session.agents for session in sessions]


class _SeedSession:
    """Progress of one seed through the phases."""

    def __init__(self, phases: Sequence[Phase], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        self.phases, self.agents, self.seed, self.recorder = phases, dict(agents), seed, recorder
        self.kept: dict[str, Any] = {}
        self.phase, self.inside = 0, None
        self.step, stored = recorder.restore() or (0, None)
        self.reports: _PhaseReports | None = None
        if stored is not None:
            self.kept, self.phase, self.inside = dict(stored["kept"]), int(stored["phase"]), stored["inside"]
            _load(self.agents, stored["minds"])

    def seed_of(self, phase: Phase) -> int:
        """Return the seed of a phase; it differs between phases."""
        return int(random.fold(random.keys(self.seed, 1), phase.name)) & (2**63 - 1)

    def enter(self, phase: Phase) -> _PhaseReports:
        """Begin or continue a phase, and return the recorder of its learning algorithm."""
        if self.inside is None:
            _begin(phase, self.agents, self.kept)
        self.reports = _PhaseReports(self.recorder, self.phases, self.phase, self.agents, self.kept, self.step)
        if self.inside is not None:
            self.reports.continue_at(self.inside)
        self.inside = None
        return self.reports

    def leave(self, phase: Phase, fitted: Mapping[str, Agent]) -> None:
        """Keep the agents that were fitted in the phase, and write a checkpoint."""
        assert self.reports is not None
        self.agents |= fitted
        states = self.kept[phase.name] = _states(self.agents)
        self.phase, self.step = self.phase + 1, self.reports.last_step + 1
        self.recorder.checkpoint(self.step, {"phase": self.phase, "kept": self.kept, "minds": states, "inside": None})


class _PhaseReports:
    """Recorder of one phase, which writes to the recorder of the curriculum with steps and progress of all phases."""

    def __init__(
        self,
        recorder: Recorder,
        phases: Sequence[Phase],
        number: int,
        agents: Mapping[str, Agent],
        kept: Mapping[str, Any],
        first_step: int,
    ) -> None:
        self.recorder, self.phase, self.number, self.lengths = recorder, phases[number], number, _lengths(phases)
        self.phases = len(phases)
        self.agents, self.kept, self.first_step = agents, kept, first_step
        self.last_step = first_step
        self._inside: tuple[int, dict[str, Any]] | None = None

    def continue_at(self, inside: Mapping[str, Any]) -> None:
        """Continue from a checkpoint in the middle of the phase."""
        self.first_step = int(inside["first_step"])
        self._inside = int(inside["step"]), inside["learner"]

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Log one value; steps are numbered through all phases."""
        self.last_step = self.first_step + step
        self.recorder.log(name, value, step=self.last_step, role=role)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Report progress; phases have the same weight if their lengths are not known."""
        lengths = self.lengths or [total] * self.phases
        before = sum(lengths[: self.number])
        self.recorder.progress(before + done, sum(lengths), f"{self.phase.name}: {message}")

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Write a checkpoint of the learning algorithm's state and the states of all agents."""
        self.last_step = self.first_step + step
        inside = {"step": step, "first_step": self.first_step, "learner": state}
        content = {"phase": self.number, "kept": self.kept, "minds": _states(self.agents), "inside": inside}
        self.recorder.checkpoint(self.last_step, content)

    def restore(self) -> tuple[int, dict[str, Any]] | None:
        """Return the checkpoint of this phase to continue from."""
        return self._inside


def _lengths(phases: Sequence[Phase]) -> list[int] | None:
    """Return the number of units of each phase; ``None`` if that of one is not known."""
    learners = [phase.training.build() for phase in phases]
    units = [learner.units for learner in learners if isinstance(learner, HasBudget)]
    known = [of_phase for of_phase in units if of_phase is not None]
    return known if len(known) == len(learners) else None


def _begin(phase: Phase, agents: Mapping[str, Agent], kept: Mapping[str, Any]) -> None:
    """Set the weights with which a phase begins."""
    networks = {role: agent for role, agent in agents.items() if isinstance(agent, NeuralAgent)}
    if phase.start == FRESH:
        for agent in networks.values():
            agent.forget()
    elif phase.start is not None:
        _load(networks, kept[phase.start])


def _states(agents: Mapping[str, Agent]) -> dict[str, Any]:
    """Return the states of all agents that have been fitted, by role."""
    fitted = {role: agent for role, agent in agents.items() if isinstance(agent, FittedAgent)}
    unfitted = {role for role, agent in fitted.items() if isinstance(agent, NeuralAgent) and not agent.is_fitted}
    states = {role: agent.state_dict() for role, agent in fitted.items() if role not in unfitted}
    return {role: state for role, state in states.items() if state}


def _load(agents: Mapping[str, Agent], states: Mapping[str, Any]) -> None:
    """Load the states of those agents that are among ``agents``, by role."""
    for role, agent in agents.items():
        if role in states:
            cast(FittedAgent, agent).load_state_dict(states[role])
