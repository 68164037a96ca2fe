"""Reform table: gains and losses by decile between a baseline and a reform, under the same population and shocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from econsim.accounts import Format
from econsim.analysis.inequality import deciles
from econsim.errors import UserError
from econsim.runs.metric_columns import shown

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["Reform", "reform_by_decile", "reform_in_words"]

_NEEDED = ("potential_income", "consumption", "tax", "rebate")
_FEWEST = 20  # people: two per decile
ALL = "all"


class Reform(NamedTuple):
    """The table as text, with a note."""

    header: list[str]
    rows: list[list[str]]
    note: str


def reform_by_decile(run: Run) -> pd.DataFrame:
    """Return one row per decile of income at 40 hours, and one for the whole population.

    Columns: ``decile``; ``baseline`` and ``reform``, mean consumption per person in money; ``change`` and
    ``change_share`` of consumption; ``tax_change``, the change of tax net of the rebate; ``winners`` and ``losers``,
    the shares of people who consume more or less. Means over people and training seeds, under the first response.

    Raises:
        UserError: the run has only one policy, too few people, or lacks the accounts.
    """
    names = _pair(run)
    people = [_people(run, name) for name in names]
    if len(people[0]) < _FEWEST:
        raise UserError(f"{run.path}: deciles need at least {_FEWEST} people, found {len(people[0])}")
    pairs = people[0].merge(people[1], on="player", suffixes=("", "_reform"))
    weight = pairs["weight"] if "weight" in pairs else pd.Series(1.0, pairs.index)
    tenth = deciles(pairs["potential_income"], weight)
    rows = [_row(int(number), pairs[tenth == number], weight[tenth == number]) for number in np.unique(tenth)]
    return pd.DataFrame([*rows, _row(ALL, pairs, weight)])


def reform_in_words(run: Run) -> Reform | None:
    """Return the table for a page, or ``None`` if the run has no data for it."""
    try:
        table = reform_by_decile(run)
    except UserError:
        return None
    baseline, reform = _pair(run)
    unit = run.summary["unit"]
    header = ["Decile", baseline, reform, "Change", "Change, %", "Net tax, change", "Winners", "Losers"]
    kinds: tuple[Format, ...] = ("amount", "amount", "amount", "share", "amount", "share", "share")
    rows = [
        [str(decile), *(shown(float(value), kind) for value, kind in zip(values, kinds, strict=True))]
        for decile, *values in table.itertuples(index=False)
    ]
    money = f" in {unit}" if unit else ""
    note = (
        f"Mean consumption per person{money} under {baseline} and {reform}, by decile of income at 40 hours; net tax is"
        " tax minus rebate. Winners consume more and losers less under the same shocks; the value of leisure is not"
        " included. Means over training seeds."
    )
    return Reform(header, rows, note)


def _pair(run: Run) -> tuple[str, str]:
    """Return the labels of baseline (the floor of the evaluation, else the first policy) and reform (own policy)."""
    labels, evaluation = list(run.summary["policies"]), run.summary["evaluation"] or {}
    floor = evaluation.get("floor") or labels[0]
    if floor == labels[-1]:
        raise UserError(f"{run.path}: there is no baseline to compare the policy {labels[-1]} with")
    return floor, labels[-1]


def _people(run: Run, policy: str) -> pd.DataFrame:
    """Return one row per player, means over seeds."""
    accounts = run.players(*_NEEDED)
    rows = accounts[(accounts["policy"] == policy) & (accounts["response"] == run.summary["responses"][0])]
    means: pd.DataFrame = rows.drop(columns=["policy", "response", "seed"]).groupby("player").mean().reset_index()
    return means


def _row(decile: int | str, people: pd.DataFrame, weight: pd.Series[float]) -> dict[str, int | str | float]:
    def mean(values: pd.Series[float]) -> float:
        return float(np.average(values, weights=weight))

    gain = people["consumption_reform"] - people["consumption"]
    # A change of less than a millionth of a person's consumption is rounding error, neither a gain nor a loss.
    noise = 1e-6 * people["consumption"].abs()
    before, after = mean(people["consumption"]), mean(people["consumption_reform"])
    paid = people["tax_reform"] - people["rebate_reform"] - people["tax"] + people["rebate"]
    rounding = 1e-9 * mean(people["tax_reform"].abs() + people["tax"].abs())
    return {
        "decile": decile,
        "baseline": before,
        "reform": after,
        "change": after - before,
        "change_share": (after - before) / before if before else float("nan"),
        "tax_change": mean(paid) if abs(mean(paid)) > rounding else 0.0,
        "winners": mean((gain > noise).astype(float)),
        "losers": mean((gain < -noise).astype(float)),
    }
