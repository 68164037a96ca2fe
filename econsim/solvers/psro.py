"""Policy-space response oracles: populations of policies that grow by best responses to a mixture of the others.

In every iteration, the payoffs of all combinations of the players' policies are a game in normal form, the meta-game. A
meta-solver mixes the policies of each player, and each player adds a best response to the mixtures of the others: an
exact one, or one that PPO trains. With the meta-solver ``nash`` and exact responses this is the double-oracle method,
which ends at an equilibrium of two players with constant sum; with ``uniform`` it is fictitious play.

Payoffs, mixtures and gaps are exact, from the information tree: a mixture of policies is the one strategy that reaches
every point equally often. The gap is the largest gain of a player from an exact best response to the others' mixtures,
whatever oracle is used, and the mixtures with the smallest gap are returned.

Sources: Lanctot et al. (2017); McMahan, Gordon and Blum (2003) for the double oracle; Muller et al. (2020) for
alpha-rank as the meta-solver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field, PositiveInt

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.information_tree import Floats, InformationTree
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.rl import ppo
from econsim.solvers._chains import MOST_PROFILES
from econsim.solvers._pace import Pace
from econsim.solvers._tree_oracles import best_plan, trained_plan
from econsim.solvers._trees import tree_of, tree_solution
from econsim.solvers.alpha_rank import stationary
from econsim.solvers.lemke_howson import one_equilibrium
from econsim.solvers.zero_sum import saddle_point

__all__ = ["Parameters", "Psro"]

REFERENCES = (
    "@inproceedings{lanctot2017unified, title={A Unified Game-Theoretic Approach to Multiagent Reinforcement "
    "Learning}, author={Lanctot, Marc and Zambaldi, Vinicius and Gruslys, Audrunas and Lazaridou, Angeliki and Tuyls, "
    "Karl and P{\\'e}rolat, Julien and Silver, David and Graepel, Thore}, booktitle={Advances in Neural Information "
    "Processing Systems}, volume={30}, year={2017}}",
    "@inproceedings{mcmahan2003planning, title={Planning in the Presence of Cost Functions Controlled by an "
    "Adversary}, author={McMahan, H. Brendan and Gordon, Geoffrey J. and Blum, Avrim}, booktitle={International "
    "Conference on Machine Learning}, pages={536--543}, year={2003}}",
    "@inproceedings{muller2020generalized, title={A Generalized Training Approach for Multiagent Learning}, "
    "author={Muller, Paul and Omidshafiei, Shayegan and Rowland, Mark and Tuyls, Karl and others}, "
    "booktitle={International Conference on Learning Representations}, year={2020}}",
)
_ALPHA, _POPULATION = 10.0, 50  # of alpha-rank, the defaults of that solver
_NEW = 1e-9  # difference of plans from which a policy is new


class Parameters(Model):
    """Parameters of policy-space response oracles."""

    oracle: Literal["exact", "ppo"] = "exact"
    """How best responses are found: exactly on the information tree, or by training a policy network."""
    meta_solver: Literal["nash", "uniform", "alpha_rank"] = "nash"
    """How the policies of a player are mixed: as an equilibrium of the meta-game (two players), equally, or by the
    stationary distribution of evolution."""
    gap: float = Field(default=1e-6, ge=0)
    """The largest gain from deviating at which the solver stops, in units of payoffs."""
    iterations: PositiveInt = 200
    """The largest number of iterations."""
    training: ppo.Parameters = ppo.Parameters(iterations=60, copies=256)
    """Budget and settings of each training of the oracle ``ppo``; ``follower`` holds the settings of PPO."""
    hidden: tuple[PositiveInt, ...] = (32,)
    """Widths of the dense layers of trained policies."""
    seed: int = Field(default=0, ge=0)
    """Seed of the trainings."""


class Psro:
    """Solver of games of several moves by growing populations of policies."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return the mixture of policies of each player; see :class:`~econsim.learning.Solver`.

        The residual ``gap`` is in units of payoffs; ``iterations`` and ``policies`` (of all players) are numbers.

        Raises:
            UserError: the information sets of the game cannot be listed, a player does not recall its own moves, an
                agent is fixed, or the meta-solver ``nash`` is asked for more than two players.
        """
        tree, settings = tree_of(game, fixed, "psro"), self.parameters
        if settings.meta_solver == "nash" and len(tree.players) != 2:
            raise UserError(
                f"solver.meta_solver: nash is for two players, and this game has {len(tree.players)}; use uniform or"
                " alpha_rank"
            )
        best, notes = _grown(game, tree, settings, Pace(settings.iterations, time_limit, progress))
        if best.gap > settings.gap:
            notes.append(f"Stopped after {best.iterations:,} iterations, above the gap of {settings.gap:g} asked for.")
        residuals = {"gap": best.gap, "iterations": float(best.iterations), "policies": float(best.policies)}
        return tree_solution(game, best.plans, residuals, notes)


class _Best(NamedTuple):
    """The mixtures with the smallest gap so far, and the numbers of all iterations and policies."""

    plans: list[Floats]
    gap: float
    iterations: int
    policies: int


def _grown(game: Game[Any], tree: InformationTree, settings: Parameters, pace: Pace) -> tuple[_Best, list[str]]:
    """Return the best mixtures, and a note on why populations stopped growing, if they did."""
    populations = [[player.plan(player.uniform)] for player in tree.players]
    best: _Best | None = None
    for iteration in range(settings.iterations + 1):
        mixtures = _mixed(tree, populations, settings.meta_solver)
        gap = max(0.0, float((tree.best_values(mixtures) - tree.values(mixtures)).max()))
        policies = sum(map(len, populations))
        if best is None or gap < best.gap:
            best = _Best(mixtures, gap, iteration, policies)
        best = best._replace(iterations=iteration, policies=policies)
        message = f"gap {best.gap:.2g}"
        if best.gap <= settings.gap or pace.stops(iteration, message) or iteration == settings.iterations:
            return best, []
        stops = partial(pace.stops, iteration, message)
        responses = _responses(game, tree, mixtures, settings, iteration, stops)
        new = [_is_new(*pair) or settings.meta_solver == "uniform" for pair in zip(responses, populations, strict=True)]
        if not any(new):
            return best, ["No player has a best response that is not among its policies already."]
        if settings.meta_solver == "alpha_rank" and np.prod([len(of) + 1 for of in populations]) > MOST_PROFILES:
            return best, [f"Alpha-rank is limited to {MOST_PROFILES:,} combinations of policies."]
        for population, response, is_new in zip(populations, responses, new, strict=True):
            population += [response] * is_new
    raise AssertionError("unreachable")


def _responses(
    game: Game[Any],
    tree: InformationTree,
    mixtures: list[Floats],
    settings: Parameters,
    iteration: int,
    stops: Callable[[], bool],
) -> list[Floats]:
    """Return a best response of each player to the mixtures of the others."""
    if settings.oracle == "exact":
        return [best_plan(own, tree.gradient(player, mixtures)) for player, own in enumerate(tree.players)]
    seeds = (settings.seed + len(tree.players) * iteration + player for player in range(len(tree.players)))
    return [
        trained_plan(game, mixtures, role, settings.training, settings.hidden, seed, stops)
        for role, seed in zip(game.roles, seeds, strict=True)
    ]


def _mixed(tree: InformationTree, populations: Sequence[list[Floats]], meta_solver: str) -> list[Floats]:
    """Return the mixture of each player's plans, which is a plan ``[S]`` too."""
    if meta_solver == "uniform":
        return [np.mean(plans, 0) for plans in populations]
    table = _meta_game(tree, populations)
    if meta_solver == "alpha_rank":
        joint = stationary(table, _ALPHA, _POPULATION)
        axes = range(joint.ndim)
        weights: Sequence[Floats] = [joint.sum(tuple(other for other in axes if other != own)) for own in axes]
    elif tree.is_constant_sum():
        weights = saddle_point(table[0])
    else:
        found = one_equilibrium(table)
        assert found is not None  # without a deadline
        weights = found
    return [shares @ np.stack(plans) for shares, plans in zip(weights, populations, strict=True)]


def _meta_game(tree: InformationTree, populations: Sequence[list[Floats]]) -> Floats:
    """Return the expected payoffs of all combinations of policies, ``[P, K_1, ..., K_P]``."""
    reached = [np.stack(plans)[:, tree.ends[:, player]] for player, plans in enumerate(populations)]  # [K_p, L]
    joint = reached[0]
    for of_player in reached[1:-1]:
        joint = joint[..., None, :] * of_player
    return np.stack([(joint * payoff) @ reached[-1].T for payoff in tree.payoffs.T])


def _is_new(plan: Floats, population: Sequence[Floats]) -> bool:
    return all(float(np.abs(plan - other).max()) > _NEW for other in population)
