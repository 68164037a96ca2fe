"""Imitation: watch an agent play, and fit a small network to its choices (behavioural cloning).

The teacher plays whole episodes under the planner that it is shown. Some episodes are held out; on the others the
network maximises the likelihood of what was chosen, by Adam. Answers close to the one that was given count too, by
a narrow kernel, since 40 hours and 40.5 are nearly the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from econsim import random
from econsim.agents import imitation
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Role
from econsim.learning import Recorder
from econsim.parameters import Model
from econsim.play import play

__all__ = ["Imitation", "Parameters"]

REPORTS = 10


class Parameters(Model):
    """The budget of the fit is a parameter of the agent that imitates."""


class Imitation:
    """Fits agents of kind ``imitation``."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent is of kind ``imitation``."""
        return isinstance(agent, imitation.Imitation)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with every imitation fitted to its teacher.

        Raises:
            UserError: no agent is of this kind, or a teacher never acted.
        """
        mine = {role: agent for role, agent in agents.items() if isinstance(agent, imitation.Imitation)}
        if not mine:
            raise UserError("training.imitation: no agent is of kind imitation")
        for role, agent in mine.items():
            key = random.fold(random.fold(random.keys(seed, 1, game.device), "imitation"), role)
            answers = _watched(game, agents, role, agent, key)
            _fit(agent, answers, key.cpu(), recorder, game.roles[role])
        return dict(agents)


@dataclass(frozen=True)
class _Answers:
    """What a teacher saw and chose: ``features`` ``[M, F]``, ``shared`` ``[M, G]``, ``choice`` ``[M]``.

    ``held_out`` ``[M]`` bool says whether an answer is kept from the fit.
    """

    features: Tensor
    shared: Tensor
    choice: Tensor
    held_out: Tensor

    def seen(self, which: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return features and what players share of some answers; ``None`` where they share nothing."""
        return self.features[which], self.shared[which] if self.shared.shape[1] else None


class _Watched:
    """A teacher whose choices are written down as it plays."""

    def __init__(self, teacher: Agent, held_out: Tensor) -> None:
        self._teacher, self._held_out = teacher, held_out
        self.seen: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Any:
        return self._teacher.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        action, memory = self._teacher.act(observation, memory, key)
        acts = observation.acting & observation.alive
        features = observation.features.flatten(2)[acts].float().cpu()
        chosen = action.reshape(acts.shape)[acts].float().cpu()
        shared = features.new_empty((*acts.shape[:1], 0)) if observation.shared is None else observation.shared
        shared = shared[acts.nonzero()[:, 0]].float().cpu()
        self.seen.append((features, shared, chosen, self._held_out.expand(acts.shape)[acts].cpu()))
        return action, memory


def _watched(
    game: Game[Any], agents: Mapping[str, Agent], role: str, agent: imitation.Imitation, key: Tensor
) -> _Answers:
    """Return the answers of a teacher in whole episodes."""
    chosen = agent.parameters
    watched = _Watched(agent.teacher, _held_out(chosen, game.roles[role], key))
    leaders = {name: chosen.shown.build() for name, other in game.roles.items() if other.leads}
    copies = random.fold(key, "episodes").expand(chosen.episodes)
    copies = random.fold(copies, torch.arange(chosen.episodes, device=key.device))
    with torch.no_grad():
        play(game, {**agents, **leaders, role: watched}, copies)
    features, shared, choice, apart = (torch.cat(column) for column in zip(*watched.seen, strict=True))
    if not len(choice):
        raise UserError(f"agents.{role}: the teacher never acted; watch more episodes")
    return _Answers(features, shared, choice, apart)


def _held_out(chosen: imitation.Parameters, role: Role, key: Tensor) -> Tensor:
    """Return whose answers are held out: whole episodes ``[B, 1]``; players ``[1, N]`` where there is one episode."""
    parts = chosen.episodes if chosen.episodes > 1 else role.count
    if parts < 2:
        raise UserError(
            f"agents.{role.name}: imitation needs two episodes or players, to learn from one and try another"
        )
    luck = random.permutation(key, 0, "imitation/held out", parts)[0]
    apart = luck < min(max(1, round(chosen.held_out_share * parts)), parts - 1)
    return apart[:, None] if chosen.episodes > 1 else apart[None, :]


def _fit(agent: imitation.Imitation, answers: _Answers, key: Tensor, recorder: Recorder, role: Role) -> None:
    """Fit the network of an agent, and note how faithful it is."""
    chosen = agent.parameters
    values, index = _choices(answers.choice, chosen.most_choices)
    kernel = _kernel(values, chosen.blur)
    network = agent.network(role, len(values), key)
    learning = (~answers.held_out).nonzero().flatten()
    optimiser = torch.optim.Adam(network.parameters(), lr=chosen.learning_rate)
    for step in range(chosen.steps):
        optimiser.param_groups[0]["lr"] = chosen.learning_rate * (1.0 - step / chosen.steps)
        batch = learning[random.integers(key, step, "imitation/batch", len(learning), (chosen.batch,))[0]]
        logits = network(*answers.seen(batch))
        loss = -(kernel[index[batch]] * logits.log_softmax(-1)).sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % max(1, chosen.steps // REPORTS) == 0:
            recorder.log("imitation/loss", float(loss.detach()), step=step, role=role.name)
            recorder.progress(step, chosen.steps, "imitation")
    with torch.no_grad():
        likely = network(*answers.seen(answers.held_out)).softmax(-1)
    found = fidelity(likely, index[answers.held_out], values)
    for name, value in found.items():
        recorder.log(f"imitation/{name}", value, step=chosen.steps, role=role.name)
    recorder.progress(chosen.steps, chosen.steps, "imitation")
    measured = {imitation.FIDELITY + name: torch.tensor(value) for name, value in found.items()}
    weights = {name: value.detach().clone() for name, value in network.state_dict().items()}
    agent.load_state_dict({**weights, imitation.CHOICES: values, **measured})


def fidelity(likely: Tensor, index: Tensor, values: Tensor) -> dict[str, float]:
    """Return how faithful a network is to answers that it has not seen.

    Args:
        likely: the probabilities that it gives choices, ``[M, C]``.
        index: what was chosen, places in ``values``, ``[M]``.
        values: of the choices, ``[C]``.

    Returns:
        ``answers``, their number; ``absolute_error`` of the expected choice, and ``absolute_error_of_mean``, of always
        choosing the mean; ``explained``, the share of the answers' variance that expected choices explain;
        ``distance``, the total variation between what is drawn and what was answered, over all of them together;
        ``bias``, mean choice less mean answer.
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
    """Return the different choices ``[C]`` and each answer's place among them; too many are put together."""
    values, index = map(torch.from_numpy, np.unique(choice.numpy(), return_inverse=True))
    if len(values) <= most:
        return values, index
    levels = (torch.arange(most, dtype=torch.float64) + 0.5) / most
    values = torch.from_numpy(np.unique(np.quantile(choice.numpy(), levels.numpy()))).float()
    return values, (choice[:, None] - values).abs().argmin(-1)


def _kernel(values: Tensor, blur: float) -> Tensor:
    """Return how much a choice counts where another was made, ``[C, C]``, rows that add up to one."""
    width = blur * float(values[-1] - values[0])
    if width == 0.0:
        return torch.eye(len(values))
    return (-0.5 * ((values[:, None] - values) / width).square()).softmax(-1)
