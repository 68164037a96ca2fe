"""Tables of a run for papers: data frames that are written as CSV and as LaTeX (booktabs)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from econsim.errors import UserError
from econsim.report.content import welfare_by_function
from econsim.report.distribution import distribution, growth_incidence_of
from econsim.report.groups import payoffs_by_group
from econsim.report.network import network_measures
from econsim.report.reform import reform_by_decile
from econsim.runs.metric_columns import shown_metrics
from econsim.storage.csv_tables import write_csv
from econsim.storage.files import write_text

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["TABLES", "cell_text", "tables_of", "to_latex", "with_brackets", "write_tables"]


def tables_of(run: Run) -> dict[str, pd.DataFrame]:
    """Return every table that the run has data for, by name."""
    tables = {}
    for name, make in TABLES.items():
        try:
            table = make(run)
        except UserError:
            continue
        if not table.empty:
            tables[name] = table
    return tables


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write each table as ``NAME.csv`` and ``NAME.tex``.

    Raises:
        RunError: the disk is full.
    """
    folder.mkdir(exist_ok=True)
    for name, table in tables.items():
        write_csv(folder / f"{name}.csv", table)
        write_text(folder / f"{name}.tex", to_latex(table))


def to_latex(table: pd.DataFrame) -> str:
    """Return a table as a LaTeX ``tabular`` for booktabs, with four significant digits and intervals in brackets.

    Special characters are escaped, in column names as well; a line break in a text becomes a space. A comment above the
    table gives the methods of the intervals in brackets.
    """
    methods = [str(name) for name in table if str(name).endswith("_interval")]
    notes = [f"% {name.removesuffix('_interval')}: {_listed(table[name])}\n" for name in methods]
    kept = table.drop(columns=methods).dropna(axis="columns", how="all")
    shown = with_brackets(kept).rename(columns=lambda name: name.replace("_", " "))
    shown = shown.rename(columns=_on_one_line).map(_on_one_line)
    latex: str = shown.to_latex(index=False, escape=True, na_rep="", float_format=_number)
    return "".join([*(["% 95 % intervals in brackets\n"] if notes else []), *notes, latex])


def policies(run: Run) -> pd.DataFrame:
    """Return one row per policy and response: each metric, with ``_low`` and ``_high`` of its 95 % interval.

    ``_interval`` says over what the interval is and how it was computed, or why there is none.
    """
    summary = run.summary
    names = [metric.name for metric in shown_metrics(summary, "headline", "table", "detail")]
    rows = [
        {"policy": label, "response": response, **dict(_with_intervals(policy, response, names))}
        for label, policy in summary["policies"].items()
        for response in summary["responses"]
        if response in policy
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def ranking(run: Run) -> pd.DataFrame:
    """Return one row per policy under the first response, the highest value of the main metric first.

    See :func:`econsim.runs.ranking.ranking`; ``behind`` and its interval are relative to the first policy.

    Raises:
        UserError: the run has only one policy, or no metric.
    """
    entries = run.summary.get("ranking") or []
    if len(entries) < 2:
        raise UserError(f"{run.path}: there is nothing to rank, since the run has a single policy or no metric")
    names = ("rank", "policy", "value", "tied_with")
    rows = [
        {**{name: entry[name] for name in names}, **dict(_with_interval("behind", entry["behind"], entry))}
        for entry in entries
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def schedules(run: Run) -> pd.DataFrame:
    """Return one row per tax bracket: its lower threshold, and the marginal tax rate under each policy, a fraction.

    Raises:
        UserError: the economy has no tax schedules, or policies have different brackets.
    """
    by_label = run.summary["policies"]
    brackets = {tuple(policy.get("thresholds", ())) for policy in by_label.values()}
    if len(brackets) != 1 or not (thresholds := brackets.pop()):
        raise UserError(f"{run.path}: the policies have no common tax brackets")
    return pd.DataFrame({"income_from": thresholds, **{label: policy["rates"] for label, policy in by_label.items()}})


def certificate(run: Run) -> pd.DataFrame:
    """Return one row per policy with a certificate, role, training seed and class of deviations, with the gain.

    Raises:
        UserError: the run has no certificate.
    """
    certificates = run.certificates or {run.plan.last.label: run.certificate}  # the latter says how to compute one
    keys = ("role", "seed", "method", "deviations", "lower", "upper")
    columns = (*keys, "own", "gain", "difference", "low", "high", "interval", "relative", "largest")
    return pd.DataFrame(
        [
            {"policy": policy} | {name: finding.get(name) for name in columns}
            for policy, found in certificates.items()
            for finding in found["findings"]
        ]
    )


TABLES: dict[str, Callable[[Run], pd.DataFrame]] = {
    "policies": policies,
    "ranking": ranking,
    "schedules": schedules,
    "welfare": welfare_by_function,
    "groups": payoffs_by_group,
    "reform": reform_by_decile,
    "distribution": distribution,
    "growth_incidence": growth_incidence_of,
    "certificate": certificate,
    "network": network_measures,
}


def _with_intervals(
    policy: dict[str, Any], response: str, names: Sequence[str]
) -> Iterator[tuple[str, float | str | None]]:
    intervals = policy["intervals"].get(response, {})
    for name in names:
        yield from _with_interval(name, policy[response].get(name), intervals.get(name, {}))


def _with_interval(
    name: str, value: float | None, entry: Mapping[str, Any]
) -> Iterator[tuple[str, float | str | None]]:
    yield name, value
    yield f"{name}_low", entry.get("low")
    yield f"{name}_high", entry.get("high")
    yield f"{name}_interval", f"{entry['count']} {entry['over']}, {entry['interval']}" if "over" in entry else None


def with_brackets(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which the columns ``x``, ``x_low`` and ``x_high`` are combined in one column of text."""
    shown = table.copy()
    for name in [name for name in table if f"{name}_low" in table]:
        ends = shown.pop(f"{name}_low"), shown.pop(f"{name}_high")
        cells = zip(table[name], *ends, strict=True)
        shown[name] = [_interval(mean, low, high) for mean, low, high in cells]
    return shown


def _interval(mean: Any, low: Any, high: Any) -> str:
    if pd.isna(mean):
        return ""
    return _number(mean) if pd.isna(low) else f"{_number(mean)} [{_number(low)}, {_number(high)}]"


def _listed(entries: pd.Series[str]) -> str:
    return "; ".join(dict.fromkeys(" ".join(str(entry).split()) for entry in entries if not pd.isna(entry)))


def _on_one_line(cell: Any) -> Any:
    return " ".join(cell.split()) if isinstance(cell, str) else cell


def cell_text(cell: Any) -> str:
    """Return a cell of a table as text: numbers with four significant digits, nothing where there is no value."""
    if isinstance(cell, float):
        return "" if pd.isna(cell) else _number(cell)
    return "" if cell is None else str(cell)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
