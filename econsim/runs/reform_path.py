"""Exact path of an economy after a permanent reform of a run's policy, from its stationary equilibrium to the new one.

The policy of the run, with its planner's action, is that before the reform; households are exact on both sides and know
the path of prices from period 0 on. The solver ``transition`` finds it, with a life cycle the solver ``life_cycle``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.households.protocols import SolvesHouseholds
from econsim.learning import Solution, SolverProgress
from econsim.play import ConstantPolicy
from econsim.runs.counterfactual import Followers, Reform, checked_request, flat_keys
from econsim.runs.evaluation import evaluation_key
from econsim.runs.folder import Run
from econsim.runs.machine import computing_on
from econsim.runs.reform_checks import section
from econsim.scenario import Scenario, with_overrides
from econsim.scenario.loading import solver_choice

__all__ = ["ReformPath", "reform_path"]

_PERIODS_WITH_AGES = 150
_BUDGET = ("budget.spending", "budget.transfer", "budget.debt")
_PENSION = ("life_cycle.pension.replacement", "life_cycle.pension.contribution")


@dataclass(frozen=True)
class ReformPath:
    """The path after a reform.

    solution: its ``quantities`` are levels, gains and gains by decile; its ``series`` the paths.
    kind: the solver; scenario: that before the reform, whose status quo is the run's policy; game: its economy.
    changes: what the reform changes, by name: the values before and after it.
    notes: what the path counts, in sentences.
    """

    solution: Solution
    kind: str
    scenario: Scenario
    game: Game[Any]
    changes: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...]


def reform_path(
    run: Run | str | Path,
    overrides: Sequence[str] | Mapping[str, Any],
    given: Sequence[str] | Mapping[str, Any] = (),
    policy: str | None = None,
    followers: Followers | None = None,
    solver: Sequence[str] = (),
    progress: SolverProgress | None = None,
) -> ReformPath:
    """Return the path from the stationary equilibrium under a run's policy to that after a permanent reform.

    Args:
        run: a finished run, or its folder, of an economy whose households save.
        overrides: the reform: another planner, or instruments of the status quo, amounts of the budget or the pension
            below ``economy``, as of :func:`econsim.runs.counterfactual.counterfactual`.
        given: overrides of both sides.
        policy: label of the run's policy that is the baseline; by default the scenario's own policy.
        followers: of a planner that has to be found in the run; see :func:`econsim.runs.counterfactual.counterfactual`.
        solver: parameters ``key=value`` of the solver, such as ``announced=5``.
        progress: takes the number of evaluations, of all, and a message, and returns whether to stop.

    Raises:
        UserError: the run is not finished; its households do not save; its planner has no lasting policy; the reform
            changes nothing, or more than a policy; or there is no such path.
    """
    opened = checked_request(run, overrides, given, episodes=1)
    with computing_on(opened.environment["threads"]):
        reform = Reform(opened, overrides, given, policy, followers, "tensors")
        _check_economy(opened, reform.game)
        if any(section(text) == "agents" for text in reform.overrides):
            raise UserError("--path: households are exact on both sides, so that a reform cannot change agents")
        before, after = (_with_policy(reform, is_changed) for is_changed in (False, True))
        changes = _changes(before, after)
        game = before.build_game(dtype=torch.float64)
        assert isinstance(game, SolvesHouseholds)
        kind = "life_cycle" if game.has_ages else "transition"
        settings: dict[str, Any] = {"reform": {name: new for name, (_, new) in changes.items()}}
        settings |= {"announced": before.game.dump().get("announced") or 0}
        settings |= {"periods": _PERIODS_WITH_AGES} if game.has_ages else {}
        chosen = solver_choice({"kind": kind, **settings}, solver)
        solution = chosen.build().solve(game, {}, None, progress)
    return ReformPath(solution, kind, before, game, changes, (*_about(reform, changes), *solution.notes))


def _check_economy(run: Run, game: Game[Any]) -> None:
    if not isinstance(game, SolvesHouseholds):
        raise UserError(
            f"{run.path}: --path needs an economy that solves the path after a reform of taxes, such as bewley;"
            f" {type(game).__name__} does not"
        )
    if game.has_shocks:
        raise UserError(f"{run.path}: --path needs a stationary equilibrium, and aggregate shocks leave none")


def _with_policy(reform: Reform, is_changed: bool) -> Scenario:
    """Return the scenario of one side, whose status quo is the policy that its planner sets."""
    scenario = reform.reform if is_changed else reform.baseline
    game, leader = (reform.reform_game if is_changed else reform.game), reform.plan.leader
    if leader is None:
        return scenario
    seed = reform.seeds[0]
    agents = {**reform.agents(seed), **(reform.changed_agents(seed) if is_changed else {})}
    rates = _rates(game, agents[leader], leader, evaluation_key(scenario.seed, 1))
    pension = {text.rpartition(".")[2]: text for text in _PENSION}
    keys = [pension.get(name, f"status_quo.{name}") for name in game.roles[leader].action_labels]
    return with_overrides(scenario, {f"game.{key}": rate for key, rate in zip(keys, rates.tolist(), strict=True)})


def _rates(game: Game[Any], planner: Agent, leader: str, key: Tensor) -> Tensor:
    """Return what a planner sets in the first period of an episode, ``[I]``, for as long as it lasts.

    Raises:
        UserError: it acts again later, and need not do the same then.
    """
    role = game.roles[leader]
    if role.acts_every < game.horizon and not isinstance(planner, ConstantPolicy):
        raise UserError(
            f"--path: a permanent reform needs a policy that stays; this planner acts every {role.acts_every} periods"
            " (economy.review), so name another one with --policy, or give the rates as a planner: 'planner={kind:"
            " fixed, action: [...]}'"
        )
    seen = game.observe(game.reset(key))[leader]
    draw = random.fold(random.fold(key, leader), torch.zeros_like(key))
    return planner.act(seen, planner.start(game, role, len(key)), draw)[0].double().reshape(len(key), -1)[0]


def _changes(before: Scenario, after: Scenario) -> dict[str, tuple[float, float]]:
    """Return the instruments and amounts that differ, with both values.

    Raises:
        UserError: nothing differs, or something else does.
    """
    old, new = (dict(flat_keys(scenario.game.dump())) for scenario in (before, after))
    changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    allowed = (*_BUDGET, *_PENSION)
    for key in changed:
        if not key.startswith("status_quo.") and key not in allowed:
            raise UserError(
                f"economy.{key}: a path leads from one policy to another of the same economy; with --path the reform"
                " changes the planner, economy.status_quo, amounts of economy.budget or the pension; --given changes"
                " both sides"
            )
    differ = {key.rpartition(".")[2]: (float(old[key]), float(new[key])) for key in changed}
    if not differ:
        raise UserError(
            "--path: the policy is the same before and after the reform; where a planner sets an instrument, change"
            " the planner: 'planner={kind: fixed, action: [...]}'"
        )
    return differ


def _about(reform: Reform, changes: Mapping[str, tuple[float, float]]) -> list[str]:
    listed = ", ".join(f"{name} {old:.4g} to {new:.4g}" for name, (old, new) in changes.items())
    return [f"From policy {reform.policy.label} to the reform: {listed}.", "Households are exact on both sides."]
