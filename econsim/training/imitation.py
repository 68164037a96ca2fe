"""Imitation: behavioural cloning of an agent by a small network.

The teacher plays whole episodes under a given planner. Some episodes are held out; on the others, the network maximises
the likelihood of the teacher's choices with Adam. The targets are smoothed over neighbouring choices with a narrow
kernel, because 40 and 40.5 hours are nearly the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from econsim import random
from econsim.agents import imitation
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Role
from econsim.learning import Recorder
from econsim.parameters import Model
from econsim.play import play
from econsim.rl.adam import Adam
from econsim.rl.checkpoint_schedule import CheckpointSchedule

__all__ = ["Imitation", "Parameters"]

LOGGED = 10  # values of the loss


class Parameters(Model):
    """Imitation has no parameters of its own; those of the fit belong to agents of kind ``imitation``."""


class Imitation:
    """Fits agents of kind ``imitation``."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent is of kind ``imitation``."""
        return isinstance(agent, imitation.Imitation)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Fit every agent of kind ``imitation`` to its teacher, and return all agents.

        Continues from the recorder's newest checkpoint; the teacher's answers are recorded again.

        Raises:
            UserError: no agent is of this kind, or a teacher never acted.
        """
        imitators = {role: agent for role, agent in agents.items() if isinstance(agent, imitation.Imitation)}
        if not imitators:
            raise UserError("training.imitation: no agent is of kind imitation; give one of the roles this kind")
        players = {**agents, **{role: agent.teacher for role, agent in imitators.items()}}
        total = sum(agent.parameters.steps for agent in imitators.values())
        done, stored = recorder.restore() or (0, {"fitted": {}})
        fitted: dict[str, Any] = dict(stored["fitted"])
        before, schedule = 0, CheckpointSchedule()
        for role, agent in imitators.items():
            if role in fitted:
                agent.load_state_dict(fitted[role])
            else:
                key = random.fold(random.fold(random.keys(seed, 1, game.device), "imitation"), role)
                reports = _Reports(recorder, schedule, before, total, fitted)
                answers = _recorded(game, players, role, agent, key, reports)
                begun = (done - before, stored) if done > before else None
                _fit(agent, answers, key.cpu(), reports, game.roles[role], begun)
                fitted[role] = agent.state_dict()
            before += agent.parameters.steps
        return dict(agents)


@dataclass(frozen=True)
class _Reports:
    """The recorder of a fit, with the steps of earlier roles and of all roles, and the agents fitted so far."""

    recorder: Recorder
    schedule: CheckpointSchedule
    before: int
    total: int
    fitted: Mapping[str, Any]

    def progress(self, step: int, message: str = "imitation") -> None:
        """Report how many steps of a role are done."""
        self.recorder.progress(self.before + step, self.total, message)

    def checkpoint(self, step: int, network: nn.Module, optimiser: Adam) -> None:
        """Write a checkpoint after ``step`` steps of a role, if one is due."""
        if self.schedule.is_due(self.before + step):
            state = {"fitted": self.fitted, "network": dict(network.state_dict()), "optimiser": optimiser.stored()}
            self.recorder.checkpoint(self.before + step, state)


@dataclass(frozen=True)
class _Answers:
    """Observations and choices of a teacher: ``features`` ``[M, F]``, ``shared`` ``[M, G]``, ``choice`` ``[M]``.

    ``held_out`` ``[M]`` bool marks the answers that are not used in the fit.
    """

    features: Tensor
    shared: Tensor
    choice: Tensor
    held_out: Tensor

    def seen(self, which: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the features and shared features of some answers; ``None`` if there are no shared features."""
        return self.features[which], self.shared[which] if self.shared.shape[1] else None


class _RecordedTeacher:
    """A teacher whose observations and choices are recorded as it plays."""

    def __init__(self, teacher: Agent, held_out: Tensor) -> None:
        self._teacher, self._held_out = teacher, held_out
        self.answers: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Any:
        return self._teacher.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        action, memory = self._teacher.act(observation, memory, key)
        acts = observation.acting & observation.alive
        features = observation.features.flatten(2)[acts].float().cpu()
        choice = action.reshape(acts.shape)[acts].float().cpu()
        shared = features.new_empty((*acts.shape[:1], 0)) if observation.shared is None else observation.shared
        shared = shared[acts.nonzero()[:, 0]].float().cpu()
        self.answers.append((features, shared, choice, self._held_out.expand(acts.shape)[acts].cpu()))
        return action, memory


def _recorded(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    agent: imitation.Imitation,
    key: Tensor,
    reports: _Reports,
) -> _Answers:
    """Play whole episodes with the teacher, and return its answers."""
    parameters = agent.parameters
    teacher = _RecordedTeacher(agent.teacher, _held_out(parameters, game.roles[role], key))
    leaders = {name: parameters.shown.build() for name, other in game.roles.items() if other.leads}
    keys = random.fold(key, "episodes").expand(parameters.episodes)
    keys = random.fold(keys, torch.arange(parameters.episodes, device=key.device))

    def watch(_state: Any, _over: Tensor) -> None:
        reports.progress(0, "recording of the teacher")

    with torch.no_grad():
        play(game, {**agents, **leaders, role: teacher}, keys, watch)
    features, shared, choice, held_out = (torch.cat(column) for column in zip(*teacher.answers, strict=True))
    if not len(choice):
        raise UserError(f"agents.{role}: the teacher never acted in the recorded episodes; record more episodes")
    return _Answers(features, shared, choice, held_out)


def _held_out(parameters: imitation.Parameters, role: Role, key: Tensor) -> Tensor:
    """Return which answers are held out: whole episodes ``[B, 1]``, or players ``[1, N]`` of a single episode."""
    units = parameters.episodes if parameters.episodes > 1 else role.count
    if units < 2:
        raise UserError(
            f"agents.{role.name}: imitation needs at least two episodes or players, one of which is held out"
        )
    rank = random.permutation(key, 0, "imitation/held out", units)[0]
    held_out = rank < min(max(1, round(parameters.held_out_share * units)), units - 1)
    return held_out[:, None] if parameters.episodes > 1 else held_out[None, :]


def _fit(
    agent: imitation.Imitation,
    answers: _Answers,
    key: Tensor,
    reports: _Reports,
    role: Role,
    begun: tuple[int, Mapping[str, Any]] | None,
) -> None:
    """Fit the network of an agent, and record its fidelity; ``begun``: the steps done and their checkpoint."""
    parameters, recorder = agent.parameters, reports.recorder
    values, index = _choices(answers.choice, parameters.most_choices)
    kernel = _kernel(values, parameters.blur)
    network = agent.network(role, len(values), key)
    rows = (~answers.held_out).nonzero().flatten()
    optimiser = Adam(network.parameters(), eps=1e-8)
    done, stored = begun or (0, None)
    if stored is not None:
        network.load_state_dict(stored["network"])
        optimiser.restore(stored["optimiser"])
    for step in range(done, parameters.steps):
        batch = rows[random.integers(key, step, "imitation/batch", len(rows), (parameters.batch,))[0]]
        logits = network(*answers.seen(batch))
        loss = -(kernel[index[batch]] * logits.log_softmax(-1)).sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step(parameters.learning_rate * (1.0 - step / parameters.steps))
        if step % max(1, parameters.steps // LOGGED) == 0:
            recorder.log("imitation/loss", float(loss.detach()), step=step, role=role.name)
        reports.progress(step)
        reports.checkpoint(step + 1, network, optimiser)
    with torch.no_grad():
        likely = network(*answers.seen(answers.held_out)).softmax(-1)
    measures = fidelity(likely, index[answers.held_out], values)
    for name, value in measures.items():
        recorder.log(f"imitation/{name}", value, step=parameters.steps, role=role.name)
    reports.progress(parameters.steps)
    measured = {imitation.FIDELITY + name: torch.tensor(value) for name, value in measures.items()}
    weights = {name: value.detach().clone() for name, value in network.state_dict().items()}
    agent.load_state_dict({**weights, imitation.CHOICES: values, **measured})


def fidelity(likely: Tensor, index: Tensor, values: Tensor) -> dict[str, float]:
    """Return the fidelity of a network on held-out answers.

    Args:
        likely: probabilities of choices according to the network, ``[M, C]``.
        index: the teacher's choices, as indices into ``values``, ``[M]``.
        values: values of the choices, ``[C]``.

    Returns:
        ``answers``: number of answers; ``absolute_error``: mean absolute error of the expected choice;
        ``absolute_error_of_mean``: that of always choosing the mean answer; ``explained``: share of the variance of the
        answers explained by expected choices; ``distance``: total variation distance between the marginal distributions
        of choices and answers; ``bias``: mean choice minus mean answer.
    """
    likely = likely.double()
    expected, answer = likely @ values.double(), values[index].double()
    counts = torch.bincount(index, minlength=len(values)).double() / len(index)
    spread = (answer - answer.mean()).square().mean().clamp(min=1e-12)
    return {
        "answers": float(len(index)),
        "absolute_error": float((expected - answer).abs().mean()),
        "absolute_error_of_mean": float((answer.mean() - answer).abs().mean()),
        "explained": float(1.0 - (expected - answer).square().mean() / spread),
        "distance": float(0.5 * (likely.mean(0) - counts).abs().sum()),
        "bias": float((expected - answer).mean()),
    }


def _choices(choice: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Return the distinct choices ``[C]`` and each answer's index into them; more than ``most`` are grouped."""
    values, index = map(torch.from_numpy, np.unique(choice.numpy(), return_inverse=True))
    if len(values) <= most:
        return values, index
    levels = (torch.arange(most, dtype=torch.float64) + 0.5) / most
    values = torch.from_numpy(np.unique(np.quantile(choice.numpy(), levels.numpy()))).float()
    return values, (choice[:, None] - values).abs().argmin(-1)


def _kernel(values: Tensor, blur: float) -> Tensor:
    """Return the smoothed target distribution for each choice, ``[C, C]``; rows add up to one."""
    width = blur * float(values[-1] - values[0])
    if width == 0.0:
        return torch.eye(len(values))
    return (-0.5 * ((values[:, None] - values) / width).square()).softmax(-1)
