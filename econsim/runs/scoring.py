"""Scores of every policy: with the evaluation workers, and with the workers that the scenario trains or selects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from econsim.analysis.inequality import Floats
from econsim.analysis.metrics import measure
from econsim.analysis.recording import Recording
from econsim.game import Agent, Game
from econsim.mechanisms.voting import Election, HoldsElections
from econsim.parameters import Chosen
from econsim.play import counted
from econsim.runs.accounts import AccountBlock, AccountStorage, account_blocks
from econsim.runs.evaluation import Episode, evaluation_key, play, with_expected_returns
from econsim.runs.events import with_reforms
from econsim.runs.metrics_table import SERIES, MetricRow
from econsim.runs.panel import PanelWriter
from econsim.scenario import Scenario
from econsim.scenario.plan import Plan

__all__ = ["Match", "Score", "matches", "rows_of", "scored", "scores"]

Fitted = Mapping[tuple[str, int], Mapping[str, Agent]]


@dataclass(frozen=True)
class Match:
    """The agents of one score, by role: those of a policy under a seed; ``recorded``: the first of each policy."""

    policy: str
    response: str
    seed: int
    agents: dict[str, Agent]
    recorded: bool

    @property
    def labels(self) -> dict[str, Any]:
        """The labels that identify the match in a table."""
        return {"policy": self.policy, "response": self.response, "seed": self.seed}


@dataclass(frozen=True)
class Score:
    """The results of one policy under one seed with one response of the followers.

    metrics: means over episodes.
    accounts: the players' accounts in the first episode.
    brackets: the accounts by tax bracket in the first episode, ``{name: [K]}``.
    series: metrics of flow accounts by step, ``{name: [T]}``.
    recording: a recording of the first score of each policy, where the game can be recorded.
    by_episode: the metrics of each episode, ``{name: [E]}``.
    elections: the elections of the first episode, under a planner who holds some.
    """

    policy: str
    response: str
    seed: int
    metrics: dict[str, float]
    accounts: list[AccountBlock]
    brackets: dict[str, list[float]]
    series: dict[str, Floats]
    recording: Recording | None = None
    by_episode: dict[str, Floats] = field(default_factory=dict)
    elections: tuple[Election, ...] = ()

    @property
    def labels(self) -> dict[str, Any]:
        """The labels that identify the score in a table."""
        return {"policy": self.policy, "response": self.response, "seed": self.seed}

    @property
    def account_blocks(self) -> list[AccountBlock]:
        """The players' accounts as rows of a table."""
        return [block.labelled(**self.labels) for block in self.accounts]


def scores(
    plan: Plan,
    fitted: Fitted,
    connect: Callable[..., None] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    panel: PanelWriter | None = None,
) -> Iterator[Score]:
    """Yield the score of every policy, response and seed, in that order.

    Args:
        plan: the plan of the run; its game is played in float64.
        fitted: the agents of each policy and seed.
        connect: a function that is called with the agents of each score, and with its labels, before they play.
        progress: a function that is called at every step with the steps done, the steps of all scores, and the policy.
        panel: where the accounts of every step or period are written.
    """
    exact = plan.game.to(dtype=torch.float64)
    steps = exact.horizon + 1
    total = 0 if progress is None else steps * sum(1 for _ in matches(plan, fitted))
    for index, match in enumerate(matches(plan, fitted)):
        if connect is not None:
            connect(match.agents, **match.labels)
        key = evaluation_key(plan.scenario.seed, plan.scenario.episodes).to(exact.device)
        watchers: list[Callable[[Any, Tensor], object]] = []
        if progress is not None:
            watchers.append(counted(progress, index * steps, total, match.policy))
        recorder = None if panel is None else panel.recorder(exact, match.labels)
        watchers += [] if recorder is None else [recorder]
        with _elections_of(match.agents) as elections:
            episode = play(exact, match.agents, key, match.recorded, watchers)
        if recorder is not None:
            recorder.finish()
        yield replace(scored(exact, match, episode, plan.scenario.accounts), elections=tuple(elections))


def matches(plan: Plan, fitted: Fitted, build: Callable[[Chosen], Agent] = Chosen.build) -> Iterator[Match]:
    """Yield the match of every score, in the order of :func:`scores`; ``build`` builds agents from configurations."""
    own = plan.own
    for policy in plan.policies:
        recorded = True
        for response in plan.responses:
            if not response.evaluates and own is not None and policy != own and not _crossed(plan.scenario):
                continue
            its_own = response.evaluates or own is None or policy.own_followers
            for seed in policy.seeds if its_own or own is None else own.seeds:
                agents = dict(fitted[policy.label, seed if seed in policy.seeds else policy.seeds[0]])
                if response.evaluates:
                    agents |= {role: build(chosen) for role, chosen in plan.evaluation.items()}
                elif own is not None and not policy.own_followers:
                    learned = fitted[own.label, seed].items()
                    agents |= {role: agent for role, agent in learned if role != plan.leader}
                if policy == own and plan.leader is not None:
                    agents[plan.leader] = with_reforms(agents[plan.leader], plan.scenario)
                yield Match(policy.label, response.label, seed, agents, recorded)
                recorded = False


def scored(game: Game[Any], match: Match, episode: Episode, storage: AccountStorage = "auto") -> Score:
    """Return the score of an episode of a match; ``storage`` selects how the players' accounts are stored."""
    episode = with_expected_returns(game, match.agents, episode)
    brackets = [account.name for account in game.accounts_spec if account.axes == ("bracket",)]
    by_episode = measure(game, episode.accounts, episode.returns)
    return Score(
        match.policy,
        match.response,
        match.seed,
        {name: float(values.mean()) for name, values in by_episode.items()},
        account_blocks(game, episode.accounts, storage),
        {name: episode.accounts[name][0].tolist() for name in brackets},
        episode.series,
        episode.recording,
        by_episode,
    )


@contextmanager
def _elections_of(agents: Mapping[str, Agent]) -> Iterator[list[Election]]:
    """Yield a list to which planners append the elections that they hold within the context."""
    elections: list[Election] = []
    planners = [agent for agent in agents.values() if isinstance(agent, HoldsElections)]
    for planner in planners:
        planner.elections = elections
    try:
        yield elections
    finally:
        for planner in planners:
            planner.elections = None


def _crossed(scenario: Scenario) -> bool:
    """Return whether baselines are also scored with the scenario's own workers."""
    return scenario.evaluation is None or scenario.evaluation.baselines_under_own


def rows_of(score: Score) -> Iterator[MetricRow]:
    """Yield the rows of a score in the metrics table: its metrics, then its series by step."""
    for name, value in score.metrics.items():
        yield MetricRow(score.policy, score.response, score.seed, "", 0, name, value)
    for name, values in score.series.items():
        for step, value in enumerate(values.tolist()):
            yield MetricRow(score.policy, score.response, score.seed, "", step, SERIES + name, value)
