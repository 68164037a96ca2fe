"""Payoffs by kind of agent, for roles with several agents: the results of each group of players under every policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from econsim.accounts import Metric
from econsim.analysis.metrics import declared
from econsim.errors import UserError
from econsim.runs.metric_columns import shown, titled
from econsim.split_roles import PlayerGroup, player_groups

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["GroupTable", "groups_in_words", "payoffs_by_group"]

_SHOWN = ("headline", "table", "detail")


class GroupTable(NamedTuple):
    """The table as text, with a note."""

    header: list[str]
    rows: list[list[str]]
    note: str


def payoffs_by_group(run: Run) -> pd.DataFrame:
    """Return one row per policy, response and group of players.

    Columns: ``policy``, ``response``, ``group`` (role and label), ``players``, ``return``, and those metrics of the
    group's accounts that reports show.

    Raises:
        UserError: each role of the run has only one agent.
    """
    groups = player_groups(run.plan.game)
    if not groups:
        raise UserError(f"{run.path}: there are no groups to compare, since each role has only one agent")
    names = [metric.name for metric in _metrics(run, groups)]
    rows = [
        {"policy": label, "response": response, "group": group.role, "players": len(group.players)}
        | {name: policy[response].get(group.metric(name)) for name in ("return", *names)}
        for label, policy in run.summary["policies"].items()
        for response in run.summary["responses"]
        if response in policy
        for group in groups
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def groups_in_words(run: Run) -> GroupTable | None:
    """Return the table for a page, or ``None`` if each role has only one agent."""
    try:
        table = payoffs_by_group(run)
    except UserError:
        return None
    metrics = [metric for metric in _metrics(run, player_groups(run.plan.game)) if metric.name in table]
    header = ["Policy", "Workers", "Group", "Players", "Return", *(titled(metric) for metric in metrics)]
    rows = [
        [row["policy"], row["response"], row["group"], f"{row['players']:,}", shown(row["return"])]
        + [shown(row[metric.name], metric.format) for metric in metrics]
        for row in table.to_dict("records")
    ]
    note = (
        "Means over the players of each group. The players of groups that are given by their share are drawn at random,"
        " so that part of the differences between groups is due to their composition."
    )
    return GroupTable(header, rows, note)


def _metrics(run: Run, groups: list[PlayerGroup]) -> list[Metric]:
    """Return the metrics that are declared for groups and shown in reports."""
    metrics = declared(run.plan.game)
    by_group = {name for name in metrics if any(group.metric(name) in metrics for group in groups)}
    return [metric for name, metric in metrics.items() if name in by_group and metric.show in _SHOWN]
