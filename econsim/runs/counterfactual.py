"""Counterfactuals of a run: a reform played with the run's agents and population under common random numbers.

Agents that compute exact best responses respond to the reform. Trained policies are not retrained, so that the effects
are the immediate ones, without what the agents would learn under the reform.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from econsim.analysis.counterfactual import (
    Pair,
    Played,
    Shares,
    Sides,
    behaviour_held,
    effects_table,
    gains_by_decile,
    play_pair,
    plays_of_points,
    winners_and_losers,
)
from econsim.errors import UserError
from econsim.game import Agent, FittedAgent
from econsim.parameters import Chosen
from econsim.play import counted
from econsim.runs.backend import TENSORS, on_backend
from econsim.runs.evaluation import evaluation_key
from econsim.runs.folder import Run, open_run
from econsim.runs.load_agents import agents_of, check_finished
from econsim.runs.machine import computing_on
from econsim.runs.progress import Report
from econsim.runs.recorder import Advice
from econsim.runs.reform_checks import as_texts, check_keys, check_players, check_silent, fixed, section
from econsim.runs.reform_description import ReformDescription, ReformRequest, described
from econsim.scenario import Scenario, with_overrides
from econsim.scenario.plan.responses import evaluation_response, own_response

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Counterfactual", "Followers", "Reform", "checked_request", "counterfactual", "flat_keys"]

Followers = Literal["evaluation", "own"]
_CHANGES = ("game", "planner", "agents")


@dataclass(frozen=True)
class Counterfactual:
    """The effects of a reform.

    table: one row per metric, see ``effects_table``.
    deciles: see ``gains_by_decile``; ``None`` where the game keeps no such accounts or has too few people.
    shares: the shares of people whose utility rises or falls; ``None`` where there is no utility account.
    notes: caveats on reading the results.
    workers: the followers of both sides, in words.
    sides: the episodes of both sides, for further tables: :func:`econsim.analysis.counterfactual.reform_by_income`,
        :func:`econsim.analysis.counterfactual.totals_table`.
    request: the reform as it was requested; ``description``: its baseline, changes and schedules.
    """

    table: pd.DataFrame
    deciles: pd.DataFrame | None
    shares: Shares | None
    notes: tuple[str, ...]
    workers: str
    sides: Sides
    request: ReformRequest
    description: ReformDescription


def counterfactual(
    run: Run | str | Path,
    overrides: Sequence[str] | Mapping[str, Any],
    given: Sequence[str] | Mapping[str, Any] = (),
    episodes: int = 16,
    policy: str | None = None,
    followers: Followers | None = None,
    metrics: Sequence[str] = (),
    progress: Report | None = None,
    backend: str = TENSORS,
) -> Counterfactual:
    """Play a policy of a run with and without a reform, under common random numbers, and return the differences.

    Args:
        run: a finished run, or its folder.
        overrides: the reform: keys of the scenario below ``game`` (or ``economy``), ``planner`` or ``agents``.
        given: overrides of both the baseline and the reform, for example ``economy.redraw_population=true``.
        episodes: number of episodes to play.
        policy: label of the run's policy that is the baseline; by default the scenario's own policy.
        followers: ``"evaluation"`` for the evaluation workers, ``"own"`` for the policy's own; by default the
            evaluation workers where the scenario has them.
        metrics: names of metrics, see ``Played.measured``; by default those that reports show.
        progress: called at every step with the steps done, the steps of all plays, and the seed.
        backend: ``tensors`` or ``kernels``, which plays a game on the kernels that it offers (``docs/kernels.md``).

    Raises:
        UserError: the run is not finished, there is no such policy or metric, the reform changes the number of players
            or a key outside game, planner and agents, it needs agents that have not been fitted, or kernels are
            requested without numba.
    """
    opened = checked_request(run, overrides, given, episodes)
    with computing_on(opened.environment["threads"]), Advice().listening():
        return Reform(opened, overrides, given, policy, followers, backend).measured(episodes, tuple(metrics), progress)


def checked_request(
    run: Run | str | Path,
    overrides: Sequence[str] | Mapping[str, Any],
    given: Sequence[str] | Mapping[str, Any],
    episodes: int,
) -> Run:
    """Return the run of a request to play a reform.

    Raises:
        UserError: the run is not finished, there are no episodes, or a key is not one that a reform may change.
    """
    opened = run if isinstance(run, Run) else open_run(run)
    check_finished(opened)
    if episodes < 1:
        raise UserError(f"--episodes {episodes}: expected at least 1")
    check_keys(overrides, _CHANGES)
    check_keys(given, ("game",), "--given ")
    return opened


class Reform:
    """The baseline and the reform of a run, ready to be played."""

    def __init__(
        self,
        run: Run,
        overrides: Sequence[str] | Mapping[str, Any],
        given: Sequence[str] | Mapping[str, Any],
        policy: str | None,
        followers: Followers | None,
        backend: str,
    ) -> None:
        self.run = run
        self.overrides, self.given = as_texts(overrides), as_texts(given)
        self.baseline = with_overrides(run.scenario, given)
        self.reform = with_overrides(_without_names(self.baseline), overrides)
        games = [scenario.build_game(dtype=torch.float64) for scenario in (self.baseline, self.reform)]
        self.backed = [on_backend(game, backend) for game in games]
        self.game, self.reform_game = (backed.game for backed in self.backed)
        check_players(self.game, self.reform_game)
        self.plan = run.plan
        self.policy = self.plan.last if policy is None else self.plan.policy(policy)
        self.planners = self._planners()
        self._check_change()
        exact = run.scenario.evaluation is not None
        self.followers: Followers = followers or ("evaluation" if exact else "own")
        if self.followers == "evaluation" and not exact:
            raise UserError(f"{run.path}: the scenario has no evaluation workers; use --followers own")

    @property
    def seeds(self) -> tuple[int, ...]:
        """The training seeds whose agents are played."""
        return self.policy.seeds if self.followers == "own" else self.policy.seeds[:1]

    def measured(self, episodes: int, metrics: tuple[str, ...], progress: Report | None) -> Counterfactual:
        """Play all episodes and return the effects."""
        key = evaluation_key(self.run.scenario.seed, episodes)
        seeds = self.seeds
        played = [self._played(seed, key, seeds, progress) for seed in seeds]
        baseline, held, reform = (_together(parts) for parts in zip(*played, strict=True))
        sides = Sides(baseline, held, reform, len(seeds))
        shown = tuple(name for name, metric in baseline.metrics.items() if metric.show != "never")
        request = ReformRequest(
            self.run, self.overrides, self.given, episodes, self.policy.label, self.followers, metrics
        )
        return Counterfactual(
            effects_table(baseline, held, reform, metrics or shown or tuple(baseline.metrics), len(seeds)),
            gains_by_decile(baseline, reform),
            _shares(baseline, reform),
            self.notes(),
            self.workers(),
            sides,
            request,
            described(request, self.plan.leader, (self.baseline, self.reform), self.planners, sides),
        )

    def _planners(self) -> tuple[Chosen | None, Chosen | None]:
        """Return the planners of baseline and reform; only an override of ``planner`` replaces that of the policy."""
        before = self.policy.agents.get(self.plan.leader or "")
        is_changed = any(section(text) == "planner" for text in self.overrides)
        return before, self.reform.planner if is_changed else before

    def _check_change(self) -> None:
        unchanged = all(getattr(self.baseline, name) == getattr(self.reform, name) for name in ("game", "agents"))
        if unchanged and self.planners[0] == self.planners[1]:
            raise UserError(f"{self.run.path}: the reform changes nothing; the run already has these values")

    def _played(
        self, seed: int, key: Tensor, seeds: Sequence[int], progress: Report | None
    ) -> tuple[Played, Played, Played]:
        """Return the episodes of the baseline, of the reform with behaviour held fixed, and of the reform."""
        agents, changed = self.agents(seed), self.changed_agents(seed)
        check_silent({**agents, **changed})
        numbers = self._numbers()
        other = None if numbers else self.reform_game
        watch = None
        if progress is not None:
            steps = self._steps(len(key), in_one_batch=bool(numbers) and not changed)
            watch = counted(progress, seeds.index(seed) * steps, len(seeds) * steps, f"seed {seed}")
        pair: Pair = play_pair(self.game, agents, key, changed, other, watch, **numbers)
        held = behaviour_held(self.game, agents, key, changed, other, watch, **numbers)
        return pair.baseline, held, pair.reform

    def _steps(self, episodes: int, in_one_batch: bool) -> int:
        """Return the number of states in the plays of a seed: two of baseline and reform each, if not in one batch."""
        baseline, reform = self.game.horizon + 1, self.reform_game.horizon + 1
        pair = plays_of_points(2, episodes) * baseline if in_one_batch else baseline + reform
        return pair + baseline + reform

    def agents(self, seed: int) -> dict[str, Agent]:
        """Return the agents of the baseline by role, as fitted under a training seed."""
        agents = agents_of(self.run, self.plan, self.policy, seed)
        if self.followers == "evaluation":
            agents |= {role: chosen.build() for role, chosen in self.plan.evaluation.items()}
        return agents

    def changed_agents(self, seed: int) -> dict[str, Agent]:
        """Return the agents that the reform replaces, by role."""
        leader, before = self.plan.leader, self.baseline.agents_in(self.game)
        old, new = self.planners
        changed: dict[str, Agent] = {}
        if leader is not None and new is not None and new != old:
            changed[leader] = self._planner(new, leader, seed)
        for role, chosen in self.reform.agents_in(self.reform_game).items():
            if chosen != before.get(role):
                changed[role] = fixed(chosen, f"agents.{role}")
        return changed

    def _planner(self, chosen: Chosen, leader: str, seed: int) -> Agent:
        """Return a planner that the run fitted, or one that needs no fitting."""
        for policy in self.plan.policies:
            if policy.agents.get(leader) == chosen:
                fitted_under = seed if seed in policy.seeds else policy.seeds[0]
                return agents_of(self.run, self.plan, policy, fitted_under)[leader]
        labels = ", ".join(policy.label for policy in self.plan.policies)
        return fixed(chosen, "planner", f", or use a policy of this run: {labels}")

    def _numbers(self) -> dict[str, float]:
        """Return the numeric parameters that the reform changes; empty if it changes anything else about the game."""
        before, after = (dict(flat_keys(scenario.game.dump())) for scenario in (self.baseline, self.reform))
        changed_keys = {key for key in {*before, *after} if before.get(key) != after.get(key)}
        names = {key: key.rpartition(".")[2] for key in changed_keys}
        if not all(name in self.game.parameters for name in names.values()):
            return {}
        return {name: float(self.reform_game.parameters[name]) for name in names.values()}

    def workers(self) -> str:
        """Return the followers of both sides in words."""
        if self.followers == "evaluation":
            return evaluation_response(self.game, self.plan.evaluation).words
        following = self.plan.followers(self.policy.agents)
        return own_response(self.game, following, bool(following.keys() & set(self.policy.fitted_roles))).words

    def notes(self) -> tuple[str, ...]:
        """Return caveats on reading the results."""
        agents = self.agents(self.policy.seeds[0])
        fitted = [role for role, agent in agents.items() if isinstance(agent, FittedAgent)]
        note = f"fitted in the baseline and not refitted under the reform: {', '.join(fitted)}"
        reasons = [f"backend: tensors, because {backed.reason}" for backed in self.backed if backed.reason]
        return (*([note] if fitted else ()), *reasons[:1])


def _without_names(scenario: Scenario) -> Scenario:
    """Return the scenario without the keys that name policies, since the reform may name its own as one of them."""
    named = {"evaluation.floor": None, "evaluation.ceiling": None} if scenario.evaluation is not None else {}
    return with_overrides(scenario, {**named, "headline": None, "baselines": []})


def flat_keys(content: Any, key: str = "") -> list[tuple[str, Any]]:
    """Return the values of nested mappings, each with its keys joined by dots."""
    if not isinstance(content, dict):
        return [(key, content)]
    return [pair for name, entry in content.items() for pair in flat_keys(entry, f"{key}.{name}" if key else str(name))]


def _together(parts: Sequence[Played]) -> Played:
    """Return the episodes of all seeds as one batch, in the order of the seeds."""
    accounts = {name: torch.cat([part.accounts[name] for part in parts]) for name in parts[0].accounts}
    returns = {role: torch.cat([part.returns[role] for part in parts]) for role in parts[0].returns}
    return Played(parts[0].game, accounts, returns)


def _shares(baseline: Played, reform: Played) -> Shares | None:
    before, after = baseline.of_people("utility"), reform.of_people("utility")
    if before is None or after is None:
        return None
    return winners_and_losers(before, after, baseline.people("utility"))
