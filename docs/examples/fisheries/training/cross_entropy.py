"""Cross-entropy method: draws weights of a rule, keeps the best, and draws again around them.

All players of a role share their weights, and what is maximised is their mean return: the role acts as one cooperative.
Where several roles learn, each improves in turn while the others play their current mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.game import Agent, Game
from econsim.learning import Recorder
from econsim.parameters import Model
from econsim.play import play
from fisheries.agents.logistic_rule import LogisticRule
from fisheries.agents.logistic_rule import Parameters as RuleParameters

__all__ = ["CrossEntropy", "Parameters"]

REFERENCES = (
    "@article{rubinstein1999cross, title={The Cross-Entropy Method for Combinatorial and Continuous Optimization}, "
    "author={Rubinstein, Reuven}, journal={Methodology and Computing in Applied Probability}, volume={1}, number={2}, "
    "pages={127--190}, year={1999}}",
)


class Parameters(Model):
    """Budget of the search."""

    iterations: int = Field(30, ge=1)
    """Rounds of drawing and selecting."""
    candidates: int = Field(64, ge=2)
    """Weights that are drawn in each round."""
    elite_share: float = Field(0.2, gt=0, lt=1)
    """Share of the candidates that the next round is drawn around."""
    initial_spread: float = Field(2.0, gt=0)
    """Standard deviation of the weights in the first round, whose mean is zero."""
    episodes: int = Field(1, ge=1)
    """Episodes that evaluate each candidate, the same for all."""


class CrossEntropy:
    """Fits every logistic rule of a game."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fits(self, agent: Agent) -> bool:
        """Return whether the agent is a logistic rule."""
        return isinstance(agent, LogisticRule)

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with all logistic rules fitted; a search that was interrupted goes on where it stopped."""
        agents, total = dict(agents), self.parameters.iterations
        done, search = recorder.restore() or (0, self._first(game, agents))
        for iteration in range(done, total):
            for role in search:
                values, weights = self._evaluated(game, agents | _rules(search), role, search[role], (seed, iteration))
                best = weights[values.argsort(descending=True)[: self._elite]]
                search[role] = torch.stack([best.mean(0), best.std(0)])
                recorder.log("cross_entropy/return", float(values.mean()), step=iteration, role=role)
            recorder.checkpoint(iteration + 1, search)
            recorder.progress(iteration + 1, total, "cross-entropy")
        return agents | _rules(search)

    @property
    def _elite(self) -> int:
        return max(2, round(self.parameters.elite_share * self.parameters.candidates))

    def _first(self, game: Game[Any], agents: Mapping[str, Agent]) -> dict[str, Tensor]:
        """Return mean and standard deviation of the weights of each role that learns, ``[2, P]``."""
        learning = [role for role, agent in agents.items() if self.fits(agent)]
        sizes = {role: game.roles[role].observation.size + 1 for role in learning}
        spread = self.parameters.initial_spread
        return {role: torch.stack([torch.zeros(size), torch.full((size,), spread)]) for role, size in sizes.items()}

    def _evaluated(
        self, game: Game[Any], agents: Mapping[str, Agent], role: str, search: Tensor, when: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Draw weights and return their mean returns ``[C]`` and the weights ``[C, P]``; one batch plays them all."""
        (seed, iteration), (mean, spread) = when, search
        chosen = self.parameters
        key = random.keys(seed, chosen.episodes)
        draws = random.normal(key[:1], iteration, f"cross_entropy/{role}", (chosen.candidates, len(mean)))[0]
        weights = mean + spread * draws
        each = _rule(weights.repeat_interleave(chosen.episodes, 0))
        shocks = random.fold(key, iteration).repeat(chosen.candidates).to(game.device)
        returns = play(game, {**agents, role: each}, shocks).returns[role].mean(-1)  # of the players, [C * E]
        return returns.reshape(chosen.candidates, -1).mean(-1).cpu(), weights


def _rule(weights: Tensor) -> LogisticRule:
    rule = LogisticRule(RuleParameters())
    rule.weights = weights
    return rule


def _rules(search: Mapping[str, Tensor]) -> dict[str, Agent]:
    """Return a rule for each role that learns, with the mean weights."""
    return {role: _rule(mean) for role, (mean, _) in search.items()}
