"""Gains from deviating, as plain data, for one role of a run under one training seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch

from econsim import random
from econsim.analysis.equilibrium import (
    WAYS,
    Gain,
    exact_deviator,
    exact_gain,
    household_gain,
    leading_gain,
    rule_gain,
    settings_for,
    trained_deviator,
    trained_policies,
    unilateral_gain,
    unilateral_plays,
)
from econsim.errors import UserError
from econsim.expected_play import METHOD, ON_TREE, Expected, announced_play, expected_play
from econsim.game import Agent, Game, Solvable
from econsim.households.protocols import HasExactHouseholds, SolvesHouseholds
from econsim.markov import EXACT as BACKWARD_INDUCTION
from econsim.nn.agent import NeuralAgent
from econsim.play import counted
from econsim.rl.settings import Settings
from econsim.runs.folder import Run
from econsim.runs.load_agents import agents_of
from econsim.runs.progress import Report
from econsim.scenario.plan import Plan, Policy

__all__ = ["PRICES", "DeviationBudget", "Finder", "Piece"]

EXACT = "the best action at every step, given the player's observation"
NEURAL = "history-independent neural deviation: lower bound on the true gain"
RECURRENT = "neural deviation with memory: lower bound on the true gain"
SEARCH, EXPECTED, RESPONSE, TRAINING, GAIN = "search", "expected gain", "best response", "training", "trained gain"
PRICES = "prices"
AT_PRICES = "the best choices of one household at the prices that all households make, by dynamic programming"
WHOLE = (METHOD, ON_TREE, BACKWARD_INDUCTION, PRICES, "exact")  # methods that find the best deviation of their class
_SOLVED = 200  # leader actions that are tried where each needs an equilibrium of households
RULES = "rules"
REACTING = "a leader action that changes linearly with what the leader observes: lower bound on the true gap"
ANNOUNCED = "one leader action held for the whole episode: lower bound on the true gap"
Begin = Callable[[], AbstractContextManager[Report]]
"""Begins the next phase of a piece and yields what shows its progress."""


@dataclass(frozen=True)
class DeviationBudget:
    """The effort spent on the search for deviations.

    episodes: number of episodes over which each gain is measured.
    iterations: training iterations of a deviating policy; zero allows exact best responses only.
    announcements: number of announced schedules tried for a leader; ``None`` stands for as many as make 40,000 steps of
        the game, but at least 200 and at most 20,000, and for 200 where each needs an equilibrium of households.
    compare: also train a deviation where the exact gain is computed without one.
    """

    episodes: int = 16
    iterations: int = 100
    announcements: int | None = None
    compare: bool = False

    def __post_init__(self) -> None:
        """Raise ``UserError`` for values out of range."""
        for name, lowest in (("episodes", 1), ("iterations", 0), ("announcements", 1)):
            value = getattr(self, name)
            if value is not None and value < lowest:
                option = "search-budget" if name == "announcements" else name
                raise UserError(f"--{option} {value}: expected at least {lowest}")

    def announcements_in(self, game: Game[Any]) -> int:
        """Return the number of announced schedules to try in a game."""
        if self.announcements is None and isinstance(game, HasExactHouseholds):
            return _SOLVED
        return self.announcements or min(max(40_000 // game.horizon, 200), 20_000)


@dataclass(frozen=True)
class Piece:
    """A role under one training seed: one unit of work of a certificate."""

    role: str
    seed: int

    @property
    def name(self) -> str:
        """The label shown by progress bars."""
        return f"{self.role}, seed {self.seed}"


class Finder:
    """The search for deviations from one policy of a run."""

    def __init__(self, run: Run, plan: Plan, budget: DeviationBudget, policy: Policy) -> None:
        self.run, self.plan, self.budget = run, plan, budget
        self.game, self.policy = plan.game, policy
        self.precise = plan.game.to(dtype=torch.float64)

    def phases(self, piece: Piece) -> tuple[str, ...]:
        """Return the phases of the work on a piece, in order; those of one name and role take about the same time."""
        if self.game.roles[piece.role].leads:
            return (SEARCH, RULES) if self._reacts(piece.role) else (SEARCH,)
        trained = (TRAINING, GAIN) if self.budget.iterations else ()
        if self._expected(self._agents(piece)) is not None:
            return (EXPECTED, *trained) if self.budget.compare else (EXPECTED,)
        if isinstance(self.game, SolvesHouseholds):
            return (RESPONSE, *trained) if self.budget.compare else (RESPONSE,)
        exact = (RESPONSE,) if isinstance(self.game, Solvable) else ()
        return (*exact, *trained)

    def findings(self, piece: Piece, begin: Begin) -> Iterator[dict[str, Any]]:
        """Yield the gains of a role under a seed as plain data, one entry per class of deviations.

        ``begin`` is called once for each of :meth:`phases`.
        """
        agents = self._agents(piece)
        if self.game.roles[piece.role].leads:
            yield from self._of_leader(piece, agents, begin)
        else:
            yield from self._of_follower(piece, agents, begin)

    def _agents(self, piece: Piece) -> dict[str, Agent]:
        return agents_of(self.run, self.plan, self.policy, piece.seed)

    def _expected(self, agents: Mapping[str, Agent]) -> Expected | None:
        """Return exact expectations, where the game or the one that the leader announces can be enumerated."""
        return expected_play(self.precise, agents) or announced_play(self.precise, agents, self._keys("gain"))

    def _of_follower(self, piece: Piece, agents: Mapping[str, Agent], begin: Begin) -> Iterator[dict[str, Any]]:
        expected = self._expected(agents)
        if expected is not None:
            with begin():
                gain = exact_gain(self.precise, expected, piece.role)
                yield self._finding(piece, expected.method, expected.deviations, gain)
            if self.budget.compare and self.budget.iterations:
                yield self._trained(piece, agents, begin, gain)
            return
        if isinstance(self.precise, SolvesHouseholds):
            with begin():
                found = household_gain(self.precise, agents, self._keys("gain"))
            yield self._finding(piece, PRICES, AT_PRICES, found.gain, equivalents=found.equivalents)
            if self.budget.compare and self.budget.iterations:
                yield self._trained(piece, agents, begin, None)
            return
        if not self.budget.iterations and not isinstance(self.game, Solvable):
            raise UserError(
                f"--iterations 0: an agent of {self.policy.label} reports no action probabilities, so a deviation of"
                f" {piece.role} must be trained; use --iterations 1 or more"
            )
        exact = None
        if isinstance(self.game, Solvable):
            with begin() as report:
                watch = self._watch(piece, report)
                exact = unilateral_gain(
                    self.precise, agents, piece.role, exact_deviator(), self._keys("gain"), watch=watch
                )
            yield self._finding(piece, "exact", EXACT, exact)
        if self.budget.iterations:
            yield self._trained(piece, agents, begin, exact)

    def _trained(self, piece: Piece, agents: Mapping[str, Agent], begin: Begin, exact: Gain | None) -> dict[str, Any]:
        """Return the gain of a trained deviation, as a share of the exact one where that is known."""
        role, iterations = piece.role, self.budget.iterations
        with begin() as report:
            recorder, settings = _Reporting(report), self._settings()
            policies = trained_policies(self.game, agents, role, iterations, piece.seed, recorder, settings)
        with begin() as report:
            watch = self._watch(piece, report, len(policies) * len(WAYS) + 1)
            deviator = trained_deviator(self.game, agents, role, policies, self._keys("choice"), watch)
            gain = unilateral_gain(self.precise, agents, role, deviator, self._keys("gain"), watch=watch)
        share = gain.difference / exact.difference if exact is not None and exact.gain else None
        return self._finding(piece, "trained", _class_of(agents[role]), gain, share_of_exact=share)

    def _watch(self, piece: Piece, report: Report, gains: int = 1) -> Callable[[Any, torch.Tensor], None]:
        """Return a watch of the plays that compute ``gains`` unilateral gains."""
        plays = gains * unilateral_plays(self.game, piece.role, self.budget.episodes)
        return counted(report, 0, plays * (self.game.horizon + 1), "")

    def _reacts(self, role: str) -> bool:
        """Return whether rules that react to the state are searched: for leaders of households who act repeatedly."""
        return isinstance(self.game, SolvesHouseholds) and self.game.roles[role].acts_every < self.game.horizon

    def _of_leader(self, piece: Piece, agents: Mapping[str, Agent], begin: Begin) -> Iterator[dict[str, Any]]:
        yield self._searched(piece, agents, begin, SEARCH, ANNOUNCED)
        if self._reacts(piece.role):
            yield self._searched(piece, agents, begin, RULES, REACTING)

    def _searched(
        self, piece: Piece, agents: Mapping[str, Agent], begin: Begin, method: str, deviations: str
    ) -> dict[str, Any]:
        """Return the gain of a leader from the best action, or rule, that a search finds."""
        total = self.budget.announcements_in(self.game)
        find = leading_gain if method == SEARCH else rule_gain
        with begin() as report:
            search = find(
                self.precise,
                agents,
                piece.role,
                total,
                self._keys("search"),
                self._keys("gain"),
                piece.seed,
                lambda tried: report(tried, total),
            )
        return self._finding(
            piece,
            method,
            deviations,
            search.gain,
            followers=search.followers,
            tried=search.tried,
            announcement=search.action.tolist(),
            share_of_gap=self._share_of_gap(piece.role, search.gain),
            welfare=None if search.welfare is None else search.welfare.plain(),
        )

    def _finding(self, piece: Piece, method: str, deviations: str, gain: Gain, **more: Any) -> dict[str, Any]:
        role = self.game.roles[piece.role]
        labels = {"role": role.name, "leads": role.leads, "players": role.count, "seed": piece.seed}
        certificate = gain.certificate(deviations, method, method in WHOLE, role.count)
        bounds = {"lower": certificate.lower, "upper": certificate.upper}
        return {**labels, "method": method, "deviations": deviations, **bounds, **gain.plain(), **more}

    def _share_of_gap(self, role: str, gain: Gain) -> float | None:
        """Return the gain as a share of the gap in the leader's return between the scenario's floor and ceiling."""
        evaluation, summary = self.run.scenario.evaluation, self.run.summary
        if evaluation is None or evaluation.floor is None or evaluation.ceiling is None:
            return None
        labels, response = (evaluation.floor, evaluation.ceiling), summary["responses"][0]
        scores = [summary["policies"].get(label, {}).get(response, {}) for label in labels]
        floor, ceiling = (score.get(f"return_{role}") for score in scores)
        return gain.gain / (ceiling - floor) if None not in (floor, ceiling) and ceiling > floor else None

    def _keys(self, purpose: str) -> torch.Tensor:
        """Return the keys ``[E]`` of episodes that are used nowhere else in the run."""
        keys = random.keys(self.run.scenario.seed, self.budget.episodes, self.game.device)
        return random.fold(keys, f"certificate/{purpose}")

    def _settings(self) -> Settings:
        """Return the training settings of the run's own followers, or the default settings of deviators."""
        parameters = None if self.run.scenario.training is None else self.run.scenario.training.parameters
        follower_settings = getattr(parameters, "follower", None)
        return follower_settings if isinstance(follower_settings, Settings) else settings_for(self.game)


def _class_of(frozen: Agent) -> str:
    """Return the class of trained deviations: recurrent where the frozen policy that training starts from is."""
    is_recurrent = isinstance(frozen, NeuralAgent) and frozen.policy_parameters.recurrent is not None
    return RECURRENT if is_recurrent else NEURAL


class _Reporting:
    """Implements :class:`econsim.learning.Recorder` for a deviator: reports progress and stores nothing."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Discard the value."""

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Report how many units are done."""
        self._report(done, total)

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Store nothing: an interrupted piece is computed again from its start."""

    def restore(self) -> None:
        """Return ``None``."""
