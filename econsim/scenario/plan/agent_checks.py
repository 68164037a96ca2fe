"""Check that agents can play their roles, with the file, line and key of a mismatch."""

from __future__ import annotations

import re
from typing import Any

from econsim.errors import Problem, ScenarioError, UserError
from econsim.game import Game
from econsim.learning import ChecksGame
from econsim.parameters import Chosen
from econsim.scenario.model import Scenario
from econsim.scenario.plan.policies import must_be_fitted

__all__ = ["check_starts"]

_KEY = re.compile(r"(planner|agents)\b[^\s:]*(?=: )")


def check_starts(scenario: Scenario, game: Game[Any], role: str, agent: Chosen, given_key: str) -> None:
    """Start an agent once in a role of the game; one that must be fitted is asked whether it can be.

    Args:
        scenario: the scenario, which knows where its keys were written.
        game: its game.
        role: the role that the agent plays.
        agent: the agent.
        given_key: the key under which the scenario gives the agent; a planner itself says ``planner`` in messages.

    Raises:
        ScenarioError: the agent cannot play the role, for a reason in its parameters.
        UserError: the agent cannot play the role, for another reason.
    """
    built = agent.build()
    try:
        if not must_be_fitted(agent):
            built.start(game, game.roles[role], 1)
        elif isinstance(built, ChecksGame):
            built.check(game, game.roles[role])
    except ScenarioError:
        raise
    except UserError as error:
        match = _KEY.match(str(error))
        if match is None:
            raise
        key = re.sub(r"^planner\b", lambda _: given_key, match[0])
        message = str(error)[match.end() + 2 :]
        raise ScenarioError([Problem(scenario.origin.place(key) or scenario.name, key, message)]) from None
