"""Layered optimistic mirror descent: independent learners whose mixture is a coarse correlated equilibrium.

All players learn at the same time, from the values of their own options only. In period ``h`` (from 1) of ``H``, the
step is ``eta_h = eta_0 T^(-alpha_h)`` with ``alpha_h = (3 (H - h) + 1) / (3 H + 1)``: early periods learn slowly and
late ones fast, so that the values of later periods are nearly constant for the periods before. Every strategy takes an
optimistic step, ``x_t = argmin_x eta_h <l_{t-1}, x> + D(x, y_{t-1})`` and ``y_t = argmin_x eta_h <l_t, x> + D(x,
y_{t-1})``, where the costs ``l`` are the negative values of the options and ``D`` is the divergence of ``Psi(x) =
sum_a (x_a + 1/A) log(x_a + 1/A)``. Its solution is ``x_a = max(0, (y_a + 1/A) exp(v - eta_h l_a) - 1/A)``, where ``v``
makes the sum one: the derivative ``eta_h l_a + log((x_a + 1/A) / (y_a + 1/A))`` is equal on all options that have a
positive probability.

The mixture that draws one of the ``T`` profiles is a coarse correlated equilibrium in the limit, also against
deviations that depend on the history. The agents play the single profile from which players gain least by deviating.

Source: Yorulmaz, Aydin and Basar (2026), *Independent Reinforcement Learning in Discounted Markov Games*.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.markov import MarkovForm, MarkovSolution, Mixture, cce_gap, joint_policy, mixture_gap
from econsim.parameters import Model
from econsim.solvers._markov import agents_of, markov_form, returns_note
from econsim.solvers._pace import Pace, Stops, deadline_of_gaps

__all__ = ["LayeredMirrorDescent", "Parameters"]

REFERENCES = (
    "@article{yorulmaz2026independent, title={Independent Reinforcement Learning in Discounted Markov Games}, "
    "author={Yorulmaz and Ayd{\\i}n and Ba{\\c{s}}ar}, year={2026}}",
)


class Parameters(Model):
    """Parameters of layered optimistic mirror descent."""

    iterations: int = Field(default=300, ge=1)
    """Number of iterations ``T``, and of profiles of the mixture; the steps depend on it."""
    step: float = Field(default=1.0, gt=0, le=1)
    """Size of steps ``eta_0``, where payoffs of one period range over one unit."""


class LayeredMirrorDescent:
    """Solver of finite Markov games by independent learning."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    @torch.no_grad()
    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the best profile, and the mixture of all; see :class:`~econsim.learning.Solver`.

        The certificate is that of the agents. The residuals ``mixture_gap_lower`` and ``mixture_gap_upper`` are the
        bounds on the gap of the mixture, against deviations that depend on the history.

        Raises:
            UserError: the game is not a finite Markov game, or an agent is fixed.
        """
        form = markov_form(game, fixed, "layered_mirror_descent")
        pace = Pace(self.parameters.iterations, time_limit, progress)
        profiles = iterates(form, self.parameters.iterations, self.parameters.step, pace.stops)
        mixture = Mixture.of(profiles)
        gap = mixture_gap(form, mixture, deadline=deadline_of_gaps(time_limit))
        assert gap.upper is not None
        gaps = [cce_gap(form, joint_policy(profile)).lower for profile in profiles]
        best = profiles[gaps.index(min(gaps))]
        joint = joint_policy(best)
        notes = [
            f"The mixture of {len(profiles):,} profiles is a coarse correlated equilibrium up to {gap.upper:.3g},"
            f" against {gap.deviation_class}; {gap.method}.",
            returns_note(game, form, joint),
        ]
        if len(profiles) < self.parameters.iterations:
            notes.append(f"Stopped after {len(profiles):,} of {self.parameters.iterations:,} iterations.")
        residuals = {"mixture_gap_lower": gap.lower, "mixture_gap_upper": gap.upper}
        gap = cce_gap(form, joint)
        return MarkovSolution(
            agents_of(game, best),
            residuals,
            gap,
            notes=tuple(notes),
            gaps=tuple(enumerate(accumulate(gaps, min), 1)),
            joint_policy=joint,
            mixture=mixture,
        )


def iterates(form: MarkovForm, iterations: int, step: float, stops: Stops | None = None) -> list[list[Tensor]]:
    """Return the profiles of all iterations, each one strategy ``[H, S, A_p]`` per player; fewer if ``stops`` says so.

    Args:
        form: the game.
        iterations: ``T``, on which the steps depend.
        step: ``eta_0``.
        stops: whether to stop, given the iterations that are done; at least one profile is returned.
    """
    horizon = form.horizon
    layer = torch.arange(horizon, dtype=torch.float64)
    exponents = (3 * (horizon - 1 - layer) + 1) / (3 * horizon + 1)
    steps = (step * iterations**-exponents / _spread(form))[:, None, None]
    anchors = [torch.full((horizon, form.states, options), 1.0 / options).double() for options in form.options]
    costs = [torch.zeros_like(anchor) for anchor in anchors]
    profiles = []
    for _ in range(iterations):
        played = [_prox(anchor, steps * cost) for anchor, cost in zip(anchors, costs, strict=True)]
        costs = [-values for values in option_values(form, played)]
        anchors = [_prox(anchor, steps * cost) for anchor, cost in zip(anchors, costs, strict=True)]
        profiles.append(played)
        if stops is not None and stops(len(profiles), f"iteration {len(profiles):,}"):
            break
    return profiles


def option_values(form: MarkovForm, profile: list[Tensor]) -> list[Tensor]:
    """Return each player's values of its options, ``[H, S, A_p]``, where all follow a profile in later periods."""
    joint, by_period = joint_policy(profile), []
    later = form.start.new_zeros(form.players, form.states)
    for period in reversed(range(form.horizon)):
        paid = form.action_values(period, later)
        by_period.append([_marginal(paid[player], profile, period, player) for player in range(form.players)])
        later = (joint[period] * paid).flatten(2).sum(-1)
    return [torch.stack(values) for values in zip(*by_period[::-1], strict=True)]


def _marginal(paid: Tensor, profile: list[Tensor], period: int, player: int) -> Tensor:
    """Return the expected payoff of each option, ``[S, A_p]``, from payoffs of all action profiles."""
    paid = paid.movedim(1 + player, 1)
    for other in reversed([strategy[period] for number, strategy in enumerate(profile) if number != player]):
        paid = (paid * other.reshape(len(other), *[1] * (paid.ndim - 2), -1)).sum(-1)
    return paid


def _spread(form: MarkovForm) -> float:
    """Return the range of payoffs of one period, over all players; 1 if all are equal."""
    spread = float(form.rewards.amax() - form.rewards.amin())
    return spread or 1.0


def _prox(anchor: Tensor, cost: Tensor) -> Tensor:
    """Return ``argmin_x <cost, x> + D(x, anchor)`` on the simplex, over the last axis."""
    shift = 1.0 / anchor.shape[-1]
    weights = (anchor + shift) * (cost.amin(-1, keepdim=True) - cost).exp()
    largest = weights.sort(-1, descending=True).values
    counts = torch.arange(1, anchor.shape[-1] + 1)
    scales = (1 + shift * counts) / largest.cumsum(-1)  # exp(v) where the first options alone have x_a > 0
    positive = (scales * largest > shift).sum(-1, keepdim=True)
    point = (scales.gather(-1, positive - 1) * weights - shift).clamp(min=0.0)
    return point / point.sum(-1, keepdim=True)
