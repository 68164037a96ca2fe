"""Scores of every policy: under exact workers, and under the workers that the scenario trained or chose.

A *response* says whose behaviour a policy met: ``exact`` (the evaluation workers), ``learned`` (neural workers trained
by the run) or ``scenario`` (the scenario's own workers, where nothing about them is learned).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray

from econsim.analysis.recording import Recording
from econsim.game import Agent, Game
from econsim.parameters import Chosen
from econsim.runs.evaluation import Episode, evaluation_key, metrics_of, play, player_accounts
from econsim.runs.stages import Policy, exact_followers, leading_role, own_label
from econsim.scenario import Scenario

__all__ = ["EXACT", "Match", "Score", "matches", "responses", "scored", "scores"]

EXACT = "exact"
Fitted = Mapping[tuple[str, int], Mapping[str, Agent]]


@dataclass(frozen=True)
class Match:
    """Who plays for one score: a policy under a seed, and all agents by role; ``filmed``: the first of each policy."""

    policy: str
    response: str
    seed: int
    agents: dict[str, Agent]
    filmed: bool


@dataclass(frozen=True)
class Score:
    """One policy under one seed, met with one response; ``film`` of the first of each policy where there can be one."""

    policy: str
    response: str
    seed: int
    metrics: dict[str, float]
    accounts: dict[str, NDArray[Any]]
    schedule: dict[str, list[float]]
    film: Recording | None = None


def responses(scenario: Scenario, found: list[Policy], game: Game[Any]) -> list[str]:
    """Return the responses that policies are scored under, the one that counts first."""
    own = _own(scenario, found)
    followers = exact_followers(scenario, game)
    known = [EXACT] if scenario.evaluation is not None else []
    if own is not None and (not known or any(own.agents[role] != chosen for role, chosen in followers.items())):
        known.append("learned" if set(own.trained_roles) & set(followers) else "scenario")
    return known


def scores(
    scenario: Scenario,
    found: list[Policy],
    fitted: Fitted,
    game: Game[Any],
    connect: Callable[[Mapping[str, Agent]], None] | None = None,
) -> Iterator[Score]:
    """Yield the score of every policy, response and seed, in that order.

    Args:
        scenario: what is run.
        found: its policies.
        fitted: the agents of each policy and seed.
        game: the game that they were fitted in; it is played in float64.
        connect: is told who plays before they do.
    """
    exact = game.to(dtype=torch.float64)
    for match in matches(scenario, found, fitted, game):
        if connect is not None:
            connect(match.agents)
        key = evaluation_key(scenario.seed, scenario.episodes).to(game.device)
        yield scored(exact, match, play(exact, match.agents, key, match.filmed))


def matches(
    scenario: Scenario,
    found: list[Policy],
    fitted: Fitted,
    game: Game[Any],
    build: Callable[[Chosen], Agent] = Chosen.build,
) -> Iterator[Match]:
    """Yield who has to play for every score, in the order of :func:`scores`; ``build`` makes agents of choices."""
    leader = leading_role(scenario, game)
    own = _own(scenario, found)
    for policy in found:
        filmed = True
        for response in responses(scenario, found, game):
            if response != EXACT and policy != own and not _crossed(scenario):
                continue
            mine = response == EXACT or own is None or policy.own_followers
            for seed in policy.seeds if mine or own is None else own.seeds:
                agents = dict(fitted[policy.label, seed if seed in policy.seeds else policy.seeds[0]])
                if response == EXACT:
                    agents |= {role: build(chosen) for role, chosen in exact_followers(scenario, game).items()}
                elif own is not None and not policy.own_followers:
                    agents |= {role: agent for role, agent in fitted[own.label, seed].items() if role != leader}
                yield Match(policy.label, response, seed, agents, filmed)
                filmed = False


def scored(game: Game[Any], match: Match, episode: Episode) -> Score:
    """Return the score that an episode of a match gives."""
    schedule: dict[str, list[float]] = {
        name: episode.accounts[name][0].tolist() for name in ("thresholds", "rates") if name in episode.accounts
    }
    found, accounts = metrics_of(game, episode), player_accounts(game, episode)
    return Score(match.policy, match.response, match.seed, found, accounts, schedule, episode.film)


def _crossed(scenario: Scenario) -> bool:
    """Return whether baselines are also scored under the scenario's own workers."""
    return scenario.evaluation is None or scenario.evaluation.baselines_under_own


def _own(scenario: Scenario, found: list[Policy]) -> Policy | None:
    return next((policy for policy in found if policy.label == own_label(scenario)), None)
