"""Information trees for solvers, and solutions made of behavioural strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from econsim.agents import behavioural_strategy
from econsim.errors import UserError
from econsim.expected_play import certificate_of
from econsim.game import Agent, Game
from econsim.information_tree import Floats, HasInformationTree, InformationTree
from econsim.learning import Solution
from econsim.solvers._fitting import not_fitting

__all__ = ["strategies_of", "tree_of", "tree_solution"]


def tree_of(game: Game[Any], fixed: Mapping[str, Agent], solver: str) -> InformationTree:
    """Return the information tree of a game.

    Raises:
        UserError: the information sets of the game cannot be listed, a player does not recall its own moves, or an
            agent is fixed.
    """
    if fixed:
        raise UserError(f"{solver}: all players are solved for; {', '.join(fixed)} cannot be fixed")
    if not isinstance(game, HasInformationTree):
        raise not_fitting(solver, "a game whose information sets can be listed, such as extensive_form", game)
    return game.information_tree()


def tree_solution(
    game: Game[Any], plans: Sequence[Floats], residuals: Mapping[str, float], notes: Sequence[str]
) -> Solution:
    """Return the solution whose agents play the plans ``[S]`` of all players, certified from these agents."""
    agents = strategies_of(game, plans)
    certificate = certificate_of(game, agents)
    assert certificate is not None  # the game has a tree, and behavioural strategies are stochastic without memory
    return Solution(agents, dict(residuals), certificate, (), tuple(notes))


def strategies_of(game: Game[Any], plans: Sequence[Floats]) -> dict[str, Agent]:
    """Return the agents that play the plans ``[S]`` of all players."""
    assert isinstance(game, HasInformationTree)
    agents: dict[str, Agent] = {}
    for (name, role), own, plan in zip(game.roles.items(), game.information_tree().players, plans, strict=True):
        table = behavioural_strategy.strategy_table(own, role, own.behaviour(plan))
        agents[name] = behavioural_strategy.BehaviouralStrategy(behavioural_strategy.Parameters(probabilities=table))
    return agents
