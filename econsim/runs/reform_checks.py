"""Checks of reforms before they are played: the keys that they change, their players and agents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from econsim.errors import UserError
from econsim.game import Agent, FittedAgent, Game
from econsim.llm.protocols import UsesLlm
from econsim.parameters import Chosen
from econsim.scenario.aliases import canonical_key
from econsim.scenario.overrides import plain_data

__all__ = ["as_texts", "check_keys", "check_players", "check_silent", "fixed", "section"]


def as_texts(overrides: Sequence[str] | Mapping[str, Any]) -> tuple[str, ...]:
    """Return overrides as texts ``key=value``, as they are typed in a shell."""
    if not isinstance(overrides, Mapping):
        return tuple(overrides)
    return tuple(
        f"{key}={value if isinstance(value, str) else json.dumps(plain_data(key, value), ensure_ascii=False)}"
        for key, value in overrides.items()
    )


def check_keys(overrides: Sequence[str] | Mapping[str, Any], allowed: tuple[str, ...], option: str = "") -> None:
    """Check that a reform changes something, and only keys of the ``allowed`` sections.

    Raises:
        UserError: there is no key, or one of another section.
    """
    keys = [text.partition("=")[0] for text in as_texts(overrides)]
    if not keys and not option:
        raise UserError(
            "counterfactual: no reform given; add one or more KEY=VALUE, for example economy.utility.elasticity=0.2"
            " or planner=flat"
        )
    for key in keys:
        if section(key) not in allowed:
            sections = ", ".join(allowed).replace("game", "game (or economy)")
            raise UserError(
                f"{option}{key}: only keys below {sections} can be changed here; to change other keys, run the scenario"
                " again"
            )


def section(override: str) -> str:
    """Return the section of the scenario, ``game``, ``planner`` or another, that an override changes."""
    return canonical_key(override.partition("=")[0].strip()).split(".")[0]


def check_players(game: Game[Any], other: Game[Any]) -> None:
    """Raise :class:`UserError` if two games have different numbers of players."""
    counts, others = ({name: role.count for name, role in each.roles.items()} for each in (game, other))
    if counts != others:
        raise UserError(
            f"the reform changes the number of players (from {counts} to {others}), so people cannot be matched between"
            " baseline and reform; run the changed scenario and use econsim compare"
        )


def check_silent(agents: Mapping[str, Agent]) -> None:
    """Raise :class:`UserError` if an agent calls a language model."""
    llm_roles = sorted(role for role, agent in agents.items() if isinstance(agent, UsesLlm))
    if llm_roles:
        raise UserError(
            f"{', '.join(llm_roles)}: a counterfactual cannot play agents that call a language model; run the scenario"
            " with the reform and use econsim compare, or use --followers evaluation if these agents are followers"
        )


def fixed(chosen: Chosen, key: str, instead: str = "") -> Agent:
    """Return the agent of a choice; raise :class:`UserError` if it must be fitted first."""
    agent: Agent = chosen.build()
    if isinstance(agent, FittedAgent):
        raise UserError(
            f"{key}={chosen.kind.name}: this kind of agent must be fitted first; run the scenario with it and use"
            f" econsim compare{instead}"
        )
    return agent
