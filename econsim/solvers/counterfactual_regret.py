"""Counterfactual regret minimisation: games of several moves with private information, such as poker.

In every information set, a player mixes its options in proportion to their positive regrets: what each option would
have gained if the player had tried to get there. Players are updated in turn, and the average of their strategies
approaches an equilibrium in two-player zero-sum games. In other games it need not; the certificate says how far it is.

The exploitability is the mean over players of the gain from an exact best response to the others' average strategies,
computed on the information tree, in units of payoffs. Iterations are compiled with numba where it is installed (extra
``fast``), and otherwise done in numpy.

Sources: Zinkevich et al. (2007); Tammelin (2014) for ``plus``; Brown and Sandholm (2019) for ``linear`` and
``discounted``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any, NamedTuple

from pydantic import Field

from econsim.game import Agent, Game
from econsim.information_tree import Floats, InformationTree
from econsim.kernels import numba_version
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._counterfactual import Iterations, PlainIterations, Variant
from econsim.solvers._pace import Pace
from econsim.solvers._trees import tree_of, tree_solution

__all__ = ["CounterfactualRegret", "Parameters"]

REFERENCES = (
    "@inproceedings{zinkevich2007regret, title={Regret Minimization in Games with Incomplete Information}, "
    "author={Zinkevich, Martin and Johanson, Michael and Bowling, Michael and Piccione, Carmelo}, booktitle={Advances "
    "in Neural Information Processing Systems}, volume={20}, year={2007}}",
    "@article{tammelin2014solving, title={Solving Large Imperfect Information Games Using CFR+}, author={Tammelin, "
    "Oskari}, journal={arXiv preprint arXiv:1407.5042}, year={2014}}",
    "@inproceedings{brown2019solving, title={Solving Imperfect-Information Games via Discounted Regret Minimization}, "
    "author={Brown, Noam and Sandholm, Tuomas}, booktitle={Proceedings of the AAAI Conference on Artificial "
    "Intelligence}, volume={33}, pages={1829--1836}, year={2019}}",
)
_FEWEST, _SHARE = 10, 10
"""The strategies are checked after 10 iterations, and then whenever a tenth more have been done."""


class Parameters(Model):
    """Parameters of counterfactual regret minimisation."""

    variant: Variant = "plus"
    """How regrets are kept: ``vanilla`` sums them, ``plus`` sets negative ones to zero, ``linear`` weights iterations
    by their number, ``discounted`` discounts positive and negative regrets differently."""
    gap: float = Field(default=1e-4, ge=0)
    """The exploitability at which the solver stops, in units of payoffs."""
    iterations: int = Field(default=100_000, ge=1)
    """The largest number of iterations."""


class CounterfactualRegret:
    """Solver of games of several moves by counterfactual regret minimisation."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return a behavioural strategy for each player; see :class:`~econsim.learning.Solver`.

        The residual ``exploitability`` is in units of payoffs; ``iterations`` is the number of iterations.

        Raises:
            UserError: the information sets of the game cannot be listed, a player does not recall its own moves, or an
                agent is fixed.
        """
        tree, settings = tree_of(game, fixed, "counterfactual_regret"), self.parameters
        pace = Pace(settings.iterations, time_limit, progress)
        best = _solved(tree, settings, pace)
        notes = []
        if best.gap > settings.gap:
            notes.append(f"Stopped after {best.iterations:,} iterations, above the gap of {settings.gap:g} asked for.")
        if len(tree.players) > 2 or not tree.is_constant_sum():
            notes.append("The game is not a zero-sum game of two players: strategies need not approach equilibrium.")
        residuals = {"exploitability": best.gap, "iterations": float(best.iterations)}
        return replace(tree_solution(game, best.plans, residuals, notes), gaps=pace.gaps)


class _Best(NamedTuple):
    """The plans with the smallest exploitability so far, and the number of all iterations."""

    plans: list[Floats]
    gap: float
    iterations: int


def _solved(tree: InformationTree, settings: Parameters, pace: Pace) -> _Best:
    process = _iterations(tree, settings.variant)
    plans = process.averages()
    best, done = _Best(plans, _exploitability(tree, plans), 0), 0
    while not pace.stops(done, f"exploitability {best.gap:.2g}", best.gap):
        if best.gap <= settings.gap or done >= settings.iterations:
            break
        more = max(_FEWEST, done // _SHARE)
        if done and pace.left < inf:
            more = min(more, 1 + int(max(0.0, pace.left) * done / pace.elapsed))
        more = min(more, settings.iterations - done)
        process.run(done + 1, done + more)
        done += more
        plans = process.averages()
        gap = _exploitability(tree, plans)
        best = _Best(plans, gap, done) if gap < best.gap else best._replace(iterations=done)
    return best


def _iterations(tree: InformationTree, variant: Variant) -> Iterations:
    """Return iterations in machine code if numba is installed."""
    if numba_version() is None:
        return PlainIterations(tree, variant)
    from econsim.solvers._counterfactual_kernels import CompiledIterations

    return CompiledIterations(tree, variant)


def _exploitability(tree: InformationTree, plans: list[Floats]) -> float:
    return float((tree.best_values(plans) - tree.values(plans)).mean())
