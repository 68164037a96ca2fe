"""Learning with opponent-learning awareness (LOLA): gradient ascent that anticipates how the others will learn.

All players ascend their exact returns ``V_p``, as functions of the logits ``theta_p`` of stationary strategies. A naive
player follows its own gradient. A player with opponent-learning awareness maximises its return after the others have
taken a step of length ``eta`` along their own gradients, to first order:

    V_1(theta_1, theta_2 + eta grad_2 V_2) = V_1 + eta (grad_2 V_1)' grad_2 V_2 + O(eta^2).

The step is the derivative of the right side with respect to ``theta_1``, in which only the dependence of the others'
step on ``theta_1`` is kept (Foerster et al.): ``grad_1 V_1 + eta (grad_2 V_1)' grad_1 grad_2 V_2``, summed over all
other players. By the product rule, ``eta (grad_1 grad_2 V_1)' grad_2 V_2`` is the term that is left out.

In the prisoner's dilemma that is repeated forever, naive learners defect, and learners with opponent-learning awareness
reach cooperation by reciprocity from most starts. Neither need reach an equilibrium: the certificate states the gain
that is left.

Source: Foerster et al. (2018), *Learning with Opponent-Learning Awareness*, equations 4 to 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.expected_play import certificate_of
from econsim.game import Agent, Enumerable, Game
from econsim.learning import Certificate, Solution, SolverProgress
from econsim.markov import MarkovSolution, joint_policy
from econsim.parameters import Model
from econsim.solvers._markov import agents_of
from econsim.solvers._pace import Pace, Stops
from econsim.solvers._stationary import FOREVER, POLICY_ITERATION, StationaryGame, stationary_game
from econsim.solvers._tables import player_names, solution

__all__ = ["Lola", "Parameters", "learned"]

REFERENCES = (
    "@inproceedings{foerster2018learning, title={Learning with Opponent-Learning Awareness}, author={Foerster, Jakob "
    "and Chen, Richard Y. and Al-Shedivat, Maruan and Whiteson, Shimon and Abbeel, Pieter and Mordatch, Igor}, "
    "booktitle={Proceedings of the 17th International Conference on Autonomous Agents and MultiAgent Systems}, "
    "pages={122--130}, year={2018}}",
)


class Parameters(Model):
    """Parameters of learning with opponent-learning awareness."""

    lookahead: float = Field(default=1.0, ge=0)
    """Length ``eta`` of the others' anticipated step; 0: naive gradient ascent."""
    step: float = Field(default=1.0, gt=0)
    """Length of a step along the gradient of returns, in logits per unit of return."""
    iterations: int = Field(default=200, ge=1)
    """Number of steps."""
    periods: Literal["game", "forever"] = "game"
    """``game``: the game's own number of periods; ``forever``: its first period is repeated without end, with the
    discount of the game, which must be below 1."""
    starts: int = Field(default=64, ge=1)
    """Number of random starts, whose logits are standard normal."""
    seed: int = Field(default=0, ge=0)
    """Seed of the starts."""


class Learned(NamedTuple):
    """Strategies ``[B, S, A_p]`` of every player from ``B`` starts, and the number of steps that were taken."""

    profiles: list[Tensor]
    steps: int


class Lola:
    """Solver by gradient ascent that anticipates the others' steps."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the profile with the smallest gain from deviating, of those that the starts lead to.

        The residuals ``mean PLAYER`` are payoffs per period, averaged over all starts. The certificate is that of the
        agents; see :class:`~econsim.learning.Solver`. With ``periods=forever`` it is that of the game without end.

        Raises:
            UserError: the game has neither payoffs that can be enumerated nor finite states, it cannot be repeated
                forever, or an agent is fixed.
        """
        if fixed:
            raise UserError(f"lola: all players are solved for; {', '.join(fixed)} cannot be fixed")
        settings = self.parameters
        exact = stationary_game(game, "lola", settings.periods == "forever")
        found = learned(exact, settings, Pace(settings.iterations, time_limit, progress).stops)
        gains = exact.gains(found.profiles).amax(-1)
        best = int(gains.argmin())
        mean = exact.returns(found.profiles).mean(0) / exact.periods
        residuals = {f"mean {name}": value for name, value in zip(player_names(game), mean.tolist(), strict=True)}
        return _solution(
            game, exact, [strategy[best] for strategy in found.profiles], residuals, _notes(found, settings)
        )


def learned(exact: StationaryGame, settings: Parameters, stops: Stops | None = None) -> Learned:
    """Return what the players have learned from every start; at least one step is taken.

    Args:
        exact: the game.
        settings: the method; ``periods`` is that of ``exact``.
        stops: whether to stop, given the steps that are taken.
    """
    logits = _starts(exact, settings)
    for number in range(1, settings.iterations + 1):
        moves = _directions(exact, logits, settings.lookahead)
        logits = [own + settings.step * move for own, move in zip(logits, moves, strict=True)]
        if stops is not None and stops(number, f"step {number:,}"):
            break
    return Learned([_strategy(own) for own in logits], number)


def _starts(exact: StationaryGame, settings: Parameters) -> list[Tensor]:
    """Return logits ``[B, S, A_p - 1]`` of each player; the logit of the last option is 0."""
    keys, states = random.keys(settings.seed, settings.starts), len(exact.start)
    return [
        random.normal(keys, 0, f"lola/{player}", (states, options - 1), torch.float64)
        for player, options in enumerate(exact.options)
    ]


def _strategy(logits: Tensor) -> Tensor:
    return torch.softmax(torch.cat([logits, torch.zeros_like(logits[..., :1])], -1), -1)


def _directions(exact: StationaryGame, logits: Sequence[Tensor], lookahead: float) -> list[Tensor]:
    """Return the direction ``[B, S, A_p - 1]`` in which each player steps."""
    inputs = [own.detach().requires_grad_() for own in logits]
    returns = exact.returns([_strategy(own) for own in inputs]).sum(0)  # starts do not affect one another
    # slopes[p][q]: of the return of player p by the logits of player q
    slopes = [torch.autograd.grad(value, inputs, create_graph=lookahead > 0, retain_graph=True) for value in returns]
    moves = []
    for player, own in enumerate(inputs):
        move = slopes[player][player].detach()
        others = [other for other in range(len(inputs)) if other != player]
        if lookahead > 0 and others:
            products = [(slopes[player][other].detach() * slopes[other][other]).sum() for other in others]
            (shaping,) = torch.autograd.grad(torch.stack(products).sum(), own, retain_graph=True)
            move = move + lookahead * shaping
        moves.append(move)
    return moves


def _notes(found: Learned, settings: Parameters) -> list[str]:
    starts = f"{settings.starts:,} random starts" if settings.starts > 1 else "one random start"
    notes = [f"Of {starts}, the agents are those with the smallest gain; the mean payoffs are per period, over all."]
    if found.steps < settings.iterations:
        notes.append(f"Stopped after {found.steps:,} of {settings.iterations:,} steps.")
    return notes


def _solution(
    game: Game[Any], exact: StationaryGame, profile: list[Tensor], residuals: dict[str, float], notes: list[str]
) -> Solution:
    if isinstance(game, Enumerable):
        return solution(game, [[strategy[0].numpy() for strategy in profile]], residuals=residuals, notes=notes)
    joint = joint_policy(strategies := [strategy.expand(game.horizon, *strategy.shape) for strategy in profile])
    agents = agents_of(game, strategies)
    certificate = certificate_of(game, agents)
    if exact.forever:
        gain = float(exact.gains([strategy[None] for strategy in profile]).max())
        certificate = Certificate(gain, gain, FOREVER, POLICY_ITERATION)
    assert certificate is not None  # the game is finite, and the agents have no memory
    return MarkovSolution(agents, residuals, certificate, notes=tuple(notes), joint_policy=joint)
