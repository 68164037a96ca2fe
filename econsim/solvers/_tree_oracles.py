"""Best responses to the strategies of all other players of a game of several moves: exact ones, and trained ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from econsim.agents import ppo as neural
from econsim.expected_play import plans_of
from econsim.game import Agent, Game
from econsim.information_tree import Floats, HasInformationTree, PlayerTree
from econsim.rl.ppo import Ensemble, Parameters, Session
from econsim.solvers._trees import strategies_of

__all__ = ["best_plan", "trained_plan"]


def best_plan(tree: PlayerTree, gradient: Floats) -> Floats:
    """Return the plan ``[S]`` of a best response, one option in each information set.

    Args:
        tree: the player's information sets.
        gradient: payoffs per unit of each sequence's plan, ``[S]``.
    """
    values, behaviour = gradient.copy(), np.zeros(len(gradient))
    behaviour[0] = 1.0
    for information_set in reversed(range(len(tree.count))):
        options = slice(tree.first[information_set], tree.first[information_set + 1])
        best = int(np.argmax(values[options]))
        behaviour[options.start + best] = 1.0
        values[tree.parent[information_set]] += values[options][best]
    return tree.plan(behaviour)


def trained_plan(
    game: Game[Any],
    plans: Sequence[Floats],
    role: str,
    settings: Parameters,
    hidden: tuple[int, ...],
    seed: int,
    stops: Callable[[], bool],
) -> Floats:
    """Return the plan ``[S]`` of a policy that PPO trains against the others' plans; it plays its likeliest options.

    Args:
        game: a game whose information sets can be listed.
        plans: the plan of each player.
        role: the player that is trained.
        settings: budget and settings of the training.
        hidden: widths of the dense layers of the policy.
        seed: seed of initial weights and draws.
        stops: asked after each iteration, whether to end the training.
    """
    assert isinstance(game, HasInformationTree)
    learner = neural.Ppo(neural.Parameters(hidden=hidden, deterministic=True))
    agents: dict[str, Agent] = {**strategies_of(game, plans), role: learner}
    session = Session(settings.model_copy(update={"train": (role,)}), game, agents, seed, _Silent())
    ensemble = Ensemble([session])
    for iteration in range(settings.iterations):
        ensemble.iterate(iteration)
        if stops():
            break
    trained = plans_of(game, agents)
    assert trained is not None  # all agents report probabilities and have no memory
    return trained[list(game.roles).index(role)]


class _Silent:
    """A recorder that stores nothing, since a solver reports its own progress."""

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        return None

    def progress(self, done: int, total: int, message: str = "") -> None:
        return None

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        return None

    def restore(self) -> None:
        return None
