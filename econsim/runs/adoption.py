"""Assumption analysis of a finished run: its players beside others who do not adopt their policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from econsim import random
from econsim.analysis.adoption import SHARES, adoption_table
from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, FittedAgent
from econsim.runs.evaluation import evaluation_key
from econsim.runs.folder import Run, open_run
from econsim.runs.load_agents import agents_of, check_finished
from econsim.runs.machine import computing_on
from econsim.scenario.loading import with_overrides

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["adoption"]


def adoption(
    path: str | Path,
    non_adopters: str,
    role: str | None = None,
    shares: Sequence[float] = SHARES,
    episodes: int = 16,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> pd.DataFrame:
    """Return the table of :func:`econsim.analysis.adoption.adoption_table` for a run, under its first seed.

    Args:
        path: a finished run, whose own policy is adopted.
        non_adopters: an agent that needs no training, or the folder of another finished run of the same game.
        role: the role that is divided; by default, the only one that follows.
        shares: of non-adopters.
        episodes: number of episodes.
        progress: receives the number of shares done, and of all.

    Raises:
        UserError: a run is not finished, there is no such role or agent, the agent needs training, or a share is out of
            range.
    """
    run = open_run(path)
    check_finished(run)
    if episodes < 1:
        raise UserError(f"--episodes {episodes}: expected at least 1")
    plan = run.plan
    game = plan.game.to(dtype=torch.float64)
    following = [name for name, each in game.roles.items() if not each.leads]
    if role is None and len(following) > 1:
        raise UserError(f"--role: this run has several roles that follow; choose one of {', '.join(following)}")
    chosen = following[0] if role is None else role
    if chosen not in following:
        raise UserError(f"--role {chosen}: no role of that name follows{did_you_mean(chosen, following)}")
    others = _others(run, non_adopters, chosen)
    key = random.fold(evaluation_key(run.scenario.seed, episodes).to(game.device), "adoption")
    with computing_on(run.environment["threads"]):
        agents = agents_of(run, plan, plan.last, plan.last.seeds[0])
        return adoption_table(game, agents, chosen, others, key, shares, progress)


def _others(run: Run, name: str, role: str) -> Agent:
    """Return the agent of the non-adopters."""
    if (folder := Path(name)).is_dir():
        other = open_run(folder)
        check_finished(other)
        if other.scenario.game != run.scenario.game:
            raise UserError(f"--non-adopters {name}: its game differs from that of {run.path}")
        return agents_of(other, other.plan, other.plan.last, other.plan.last.seeds[0])[role]
    agent: Agent = with_overrides(run.scenario, [f"agents.{role}={name}"]).agents_in(run.plan.game)[role].build()
    if isinstance(agent, FittedAgent):
        raise UserError(
            f"--non-adopters {name}: this agent needs training; give the folder of a run that trained it, or an agent"
            " that needs none, such as exact_household"
        )
    return agent
