"""Fitted agents of a finished run, loaded by policy and seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from econsim.errors import UserError, command
from econsim.runs.recorder import load_fitted

if TYPE_CHECKING:
    from econsim.game import Agent
    from econsim.runs.folder import Run
    from econsim.scenario.plan import Plan, Policy

__all__ = ["agents_of", "check_finished"]


def agents_of(run: Run, plan: Plan, policy: Policy, seed: int) -> dict[str, Agent]:
    """Return the agents of a policy of the run's plan by role, as fitted under ``seed``.

    Raises:
        UserError: the run has not fitted this policy yet.
    """
    agents = policy.build()
    for stage in plan.stages_for(policy, seed):
        if not load_fitted(run, stage, agents):
            raise UserError(
                f"{run.path}: {policy.label} is not fitted under seed {seed} yet; finish the run with:"
                f" {command('resume', run.path)}"
            )
    return agents


def check_finished(run: Run) -> None:
    """Raise :class:`UserError` if the run is not finished."""
    if not run.finished:
        raise UserError(f"{run.path}: this run is not finished; finish it with: {command('resume', run.path)}")
