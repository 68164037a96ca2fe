"""Reform table: gains and losses by decile between the baseline and a run's own policy, for the same people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import torch
from torch import Tensor

from econsim.accounts import Format
from econsim.analysis.counterfactual import gains_table, money_gain
from econsim.errors import UserError
from econsim.report.content import baseline_of
from econsim.runs.metric_columns import shown
from econsim.runs.workers import workers_of

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["Reform", "reform_by_decile", "reform_in_words"]

_COLUMNS: Mapping[str, tuple[str, Format]] = {
    "consumption": ("Consumption, before", "amount"),
    "income_change": ("Income, change", "amount"),
    "tax_change": ("Tax, change", "amount"),
    "rebate_change": ("Rebate, change", "amount"),
    "other_change": ("Other, change", "amount"),
    "consumption_change": ("Consumption, change", "amount"),
    "consumption_change_share": ("Consumption, change in %", "share"),
    "gain": ("Gain in utility, in money", "amount"),
    "winners": ("Winners, by utility", "share"),
    "losers": ("Losers, by utility", "share"),
}


class Reform(NamedTuple):
    """The table as text, with a note."""

    header: list[str]
    rows: list[list[str]]
    note: str


def reform_by_decile(run: Run) -> pd.DataFrame:
    """Return :func:`econsim.analysis.counterfactual.gains_table` of the baseline and the run's own policy.

    ``consumption_change_share`` is the change of consumption as a share of its mean before. Each person under each
    training seed is an entry, under the first response.

    Raises:
        UserError: the run has only one policy, too few people, or lacks the accounts.
    """
    baseline, own = _pair(run)
    before, after = _sides(run, baseline, own)
    gain = money_gain(run.plan.game, before, after["utility"])
    one, other = ({name: values.ravel().numpy() for name, values in side.items()} for side in (before, after))
    table = gains_table(one, other, one.get("weight"), gain)
    if table is None:
        raise UserError(f"{run.path}: deciles need at least 20 people with accounts of income and utility")
    if "consumption_change" in table:
        share = table["consumption_change"] / table["consumption"].where(table["consumption"] != 0)
        table = table.assign(consumption_change_share=share)
    return table


def reform_in_words(run: Run) -> Reform | None:
    """Return the table for a page, or ``None`` if the run has no data for it."""
    try:
        table = reform_by_decile(run)
    except UserError:
        return None
    baseline, own = _pair(run)
    columns = {name: column for name, column in _COLUMNS.items() if name in table}
    rows = [
        [str(row["decile"]), *(shown(float(row[name]), form) for name, (_, form) in columns.items())]
        for row in table.to_dict("records")
    ]
    unit = run.summary["unit"]
    workers = workers_of(run.summary, run.summary["responses"][0]).words
    note = (
        f"From {baseline} to {own}, means per person{f' in {unit}' if unit else ''} by decile of"
        f" {'income at 40 hours' if 'potential_income' in run.accounts else 'income'}, under {workers}. The changes of"
        " income, minus tax, plus rebate add up to that of consumption. Winners are people whose utility rises with the"
        " same random draws, losers those whose utility falls. Unlike consumption, utility includes the cost of work."
    )
    return Reform(["Decile", *(title for title, _ in columns.values())], rows, note)


def _pair(run: Run) -> tuple[str, str]:
    """Return the labels of the baseline and of the run's own policy."""
    baseline, own = baseline_of(run.summary), list(run.summary["policies"])[-1]
    if baseline is None:
        raise UserError(f"{run.path}: there is no baseline to compare the policy {own} with")
    return baseline, own


def _sides(run: Run, baseline: str, own: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the accounts of people under both policies, ``{name: [S, N]}`` by training seed.

    A policy that was not trained has one seed, which is compared with each seed of the other.
    """
    accounts = run.players("utility", "income")
    rows = accounts[accounts["response"] == run.summary["responses"][0]]
    before, after = (_by_seed(rows[rows["policy"] == label]) for label in (baseline, own))
    seeds = max(len(before["utility"]), len(after["utility"]))
    expanded = ({name: values.expand(seeds, -1) for name, values in side.items()} for side in (before, after))
    one, other = expanded
    return one, other


def _by_seed(rows: pd.DataFrame) -> dict[str, Tensor]:
    ordered = rows.sort_values(["seed", "player"], kind="stable")
    names = [name for name in rows.columns if name not in ("policy", "response", "seed", "player")]
    numeric = ordered[names].select_dtypes("number")
    shape = (ordered["seed"].nunique(), -1)
    return {str(name): torch.tensor(numeric[name].to_numpy()).double().reshape(shape) for name in numeric}
