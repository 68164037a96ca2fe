"""What would have been in a run under a reform: the same agents, people and luck, with something else in force.

Agents are those of the run. Who knows exact answers answers the reform; minds that were trained play it as they are,
so that only what follows at once from the reform is seen, not what they would learn.
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
    behaviour_held,
    effects_table,
    gains_by_decile,
    play_pair,
    winners_and_losers,
)
from econsim.errors import UserError
from econsim.game import Agent, FittedAgent, Game
from econsim.llm.protocols import UsesLlm
from econsim.parameters import Chosen
from econsim.runs.evaluation import evaluation_key
from econsim.runs.folder import Run, open_run
from econsim.runs.load_agents import agents_of, check_finished
from econsim.runs.machine import using_threads
from econsim.runs.recorder import Advice
from econsim.scenario import Scenario, with_overrides
from econsim.scenario.aliases import canonical_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Counterfactual", "Followers", "counterfactual"]

Followers = Literal["evaluation", "own"]
_CHANGES = ("game", "planner", "agents")


@dataclass(frozen=True)
class Counterfactual:
    """What a reform changes.

    table: one row a metric, see ``effects_table``.
    deciles: see ``gains_by_decile``; ``None`` where the game keeps no such accounts or has too few people.
    shares: of people whose utility rises or falls; ``None`` where there is no utility.
    notes: what to keep in mind.
    """

    table: pd.DataFrame
    deciles: pd.DataFrame | None
    shares: Shares | None
    notes: tuple[str, ...]


def counterfactual(
    run: Run | str | Path,
    overrides: Sequence[str] | Mapping[str, Any],
    given: Sequence[str] | Mapping[str, Any] = (),
    episodes: int = 16,
    policy: str | None = None,
    followers: Followers | None = None,
    metrics: Sequence[str] = (),
) -> Counterfactual:
    """Play a policy of a run with and without a reform, under the same luck, and return what that changes.

    Args:
        run: a finished run, or its folder.
        overrides: the reform: keys of the scenario below ``game`` (or ``economy``), ``planner`` or ``agents``.
        given: overrides of both sides, for example ``economy.redraw_population=true``.
        episodes: how many to play.
        policy: the run's policy to begin with; its own if not given.
        followers: the evaluation workers, or the policy's own; the former where the scenario has them, if not given.
        metrics: their names, see ``Played.measured``; the usual ones if not given.

    Raises:
        UserError: the run is not finished, there is no such policy or metric, the reform changes who plays or more than
            game, planner and agents, or it needs agents that are still to be fitted.
    """
    opened = run if isinstance(run, Run) else open_run(run)
    check_finished(opened)
    if episodes < 1:
        raise UserError(f"--episodes {episodes}: say at least 1")
    _check_keys(overrides, _CHANGES)
    _check_keys(given, ("game",), "--given ")
    with using_threads(opened.environment["threads"]), Advice().listening():
        reform = _Reform(opened, overrides, given, policy, followers)
        return reform.measured(episodes, tuple(metrics))


class _Reform:
    """Baseline and reform of a run, ready to be played."""

    def __init__(
        self,
        run: Run,
        overrides: Sequence[str] | Mapping[str, Any],
        given: Sequence[str] | Mapping[str, Any],
        policy: str | None,
        followers: Followers | None,
    ) -> None:
        self.run = run
        self.baseline = with_overrides(run.scenario, given)
        self.reform = with_overrides(_without_names(self.baseline), overrides)
        _check_change(self.baseline, self.reform, run)
        self.game, self.reform_game = (_game(scenario) for scenario in (self.baseline, self.reform))
        _check_players(self.game, self.reform_game)
        self.plan = run.plan
        self.policy = self.plan.last if policy is None else self.plan.policy(policy)
        exact = run.scenario.evaluation is not None
        self.followers: Followers = followers or ("evaluation" if exact else "own")
        if self.followers == "evaluation" and not exact:
            raise UserError(f"{run.path}: the scenario names no evaluation workers; say --followers own")

    def measured(self, episodes: int, metrics: tuple[str, ...]) -> Counterfactual:
        """Play, and read the numbers off."""
        key = evaluation_key(self.run.scenario.seed, episodes)
        seeds = self.policy.seeds if self.followers == "own" else self.policy.seeds[:1]
        played = [self._played(seed, key) for seed in seeds]
        baseline, held, reform = (_together(parts) for parts in zip(*played, strict=True))
        shown = tuple(name for name, metric in baseline.metrics.items() if metric.show != "never")
        return Counterfactual(
            effects_table(baseline, held, reform, metrics or shown or tuple(baseline.metrics), len(seeds)),
            gains_by_decile(baseline, reform),
            _shares(baseline, reform),
            self._notes(),
        )

    def _played(self, seed: int, key: Tensor) -> tuple[Played, Played, Played]:
        """Return baseline, reform with behaviour held, and reform."""
        agents, changed = self._agents(seed), self._changed_agents(seed)
        _check_silent({**agents, **changed})
        numbers = self._numbers()
        other = None if numbers else self.reform_game
        pair: Pair = play_pair(self.game, agents, key, changed, other, **numbers)
        held = behaviour_held(self.game, agents, key, changed, other, **numbers)
        return pair.baseline, held, pair.reform

    def _agents(self, seed: int) -> dict[str, Agent]:
        agents = agents_of(self.run, self.plan, self.policy, seed)
        if self.followers == "evaluation":
            agents |= {role: chosen.build() for role, chosen in self.plan.evaluation.items()}
        return agents

    def _changed_agents(self, seed: int) -> dict[str, Agent]:
        """Return who plays instead in the reform."""
        leader, before = self.plan.leader, self.baseline.agents_in(self.game)
        changed: dict[str, Agent] = {}
        if leader is not None and self.reform.planner is not None and self.reform.planner != self.baseline.planner:
            changed[leader] = self._planner(self.reform.planner, leader, seed)
        for role, chosen in self.reform.agents_in(self.reform_game).items():
            if chosen != before.get(role):
                changed[role] = _fixed(chosen, f"agents.{role}")
        return changed

    def _planner(self, chosen: Chosen, leader: str, seed: int) -> Agent:
        """Return a planner that the run fitted, or one that needs no fitting."""
        for policy in self.plan.policies:
            if policy.agents.get(leader) == chosen:
                fitted_under = seed if seed in policy.seeds else policy.seeds[0]
                return agents_of(self.run, self.plan, policy, fitted_under)[leader]
        labels = ", ".join(policy.label for policy in self.plan.policies)
        return _fixed(chosen, "planner", f", or take a policy of this run: {labels}")

    def _numbers(self) -> dict[str, float]:
        """Return the numeric parameters that the reform changes, if it changes nothing else about the game."""
        before, after = (dict(_flat(scenario.game.dump())) for scenario in (self.baseline, self.reform))
        different = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        own = {name: name.rpartition(".")[2] for name in different}
        if not all(name in self.game.parameters for name in own.values()):
            return {}
        return {name: float(self.reform_game.parameters[name]) for name in own.values()}

    def _notes(self) -> tuple[str, ...]:
        agents = self._agents(self.policy.seeds[0])
        fitted = [role for role, agent in agents.items() if isinstance(agent, FittedAgent)]
        said = f"as fitted in the baseline, not fitted anew to the reform: {', '.join(fitted)}"
        return (said,) if fitted else ()


def _game(scenario: Scenario) -> Game[Any]:
    return scenario.build_game(dtype=torch.float64)


def _without_names(scenario: Scenario) -> Scenario:
    """Return the scenario without what refers to policies by name, since the reform may rename them."""
    named = {"evaluation.floor": None, "evaluation.ceiling": None} if scenario.evaluation is not None else {}
    return with_overrides(scenario, {**named, "headline": None})


def _check_change(baseline: Scenario, reform: Scenario, run: Run) -> None:
    if all(getattr(baseline, part) == getattr(reform, part) for part in _CHANGES):
        raise UserError(f"{run.path}: the reform changes nothing; all of it is in force there already")


def _check_keys(overrides: Sequence[str] | Mapping[str, Any], known: tuple[str, ...], option: str = "") -> None:
    keys = overrides if isinstance(overrides, Mapping) else [text.partition("=")[0] for text in overrides]
    if not keys and not option:
        raise UserError("counterfactual: say what changes, for example economy.utility.elasticity=0.2 or planner=flat")
    for key in keys:
        if canonical_key(key.strip()).split(".")[0] not in known:
            fields = ", ".join(known).replace("game", "game (or economy)")
            raise UserError(f"{option}{key}: a counterfactual changes {fields} and nothing else; run the scenario anew")


def _check_players(game: Game[Any], other: Game[Any]) -> None:
    counts, others = ({name: role.count for name, role in each.roles.items()} for each in (game, other))
    if counts != others:
        raise UserError(
            f"the reform changes who plays ({counts} to {others}), so that people cannot be paired; run the other"
            " scenario and use econsim compare"
        )


def _check_silent(agents: Mapping[str, Agent]) -> None:
    speaking = sorted(role for role, agent in agents.items() if isinstance(agent, UsesLlm))
    if speaking:
        raise UserError(
            f"{', '.join(speaking)}: a mind that asks a language model cannot be played again without asking; run the"
            " scenario with the reform and use econsim compare, or say --followers evaluation where it follows"
        )


def _fixed(chosen: Chosen, key: str, instead: str = "") -> Agent:
    agent: Agent = chosen.build()
    if isinstance(agent, FittedAgent):
        raise UserError(f"{key}={chosen.kind.name}: has to be fitted first; run it and use econsim compare{instead}")
    return agent


def _flat(content: Any, key: str = "") -> list[tuple[str, Any]]:
    if not isinstance(content, dict):
        return [(key, content)]
    return [pair for name, entry in content.items() for pair in _flat(entry, f"{key}.{name}" if key else str(name))]


def _together(parts: Sequence[Played]) -> Played:
    """Return the episodes of all seeds, seed by seed."""
    accounts = {name: torch.cat([part.accounts[name] for part in parts]) for name in parts[0].accounts}
    returns = {role: torch.cat([part.returns[role] for part in parts]) for role in parts[0].returns}
    return Played(parts[0].game, accounts, returns)


def _shares(baseline: Played, reform: Played) -> Shares | None:
    before, after = baseline.of_people("utility"), reform.of_people("utility")
    if before is None or after is None:
        return None
    return winners_and_losers(before, after, baseline.people("utility"))
