"""Tables of the parity of econsim and Foundation, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def page(result: dict[str, Any]) -> str:
    """Return the tables of a result of ``foundation_parity.py`` in Markdown."""
    lines = [*_head(result), *_aligned(result["aligned"])]
    for case, entry in result["distributions"].items():
        lines += _distribution(case, entry["rows"], entry["pay"]["largest_relative_difference"])
    return "\n".join(lines) + "\n"


def _head(result: dict[str, Any]) -> Iterator[str]:
    found, sizes = result["summary"], result["episodes"]
    yield "# Parity of Gather-Trade-Build with Foundation 1.7.1"
    yield ""
    yield "Made by `benchmarks/foundation_parity.py`; how the rows are judged is written there."
    yield ""
    yield (
        f"- Aligned play: {found['aligned_rows_that_agree']} of {found['aligned_rows']} rows agree,"
        f" {found['numbers_compared']:,} numbers compared."
    )
    yield (
        f"- Distributions ({sizes['foundation']} episodes of Foundation, {sizes['econsim']} of econsim a case):"
        f" {found['distribution_rows']} rows, {len(found['beyond_two_errors_at_first'])} beyond two standard errors in"
        f" the first sample ({0.0455 * found['distribution_rows']:.1f} expected by chance), largest"
        f" {found['largest_z_at_first']:.2f}; beyond two in the fresh and larger sample too:"
        f" {', '.join(found['beyond_two_errors_twice']) or 'none'}."
    )
    yield ""


def _aligned(cases: dict[str, Any]) -> Iterator[str]:
    yield "## Aligned play"
    yield ""
    yield "| case | episodes | trades | houses | tax collected |"
    yield "|---|---|---|---|---|"
    for case, entry in cases.items():
        happened = entry["happened"]
        yield (
            f"| {case} | {entry['episodes']} | {happened['bought']:,.0f} | {happened['houses']:,.0f}"
            f" | {happened['tax']:,.1f} |"
        )
    yield ""
    yield "Largest difference after any step of any episode, all cases together:"
    yield ""
    yield "| quantity | numbers compared | largest difference | tolerance |"
    yield "|---|---|---|---|"
    for quantity in dict.fromkeys(name for entry in cases.values() for name in entry["rows"]):
        rows = [entry["rows"][quantity] for entry in cases.values() if quantity in entry["rows"]]
        largest = max(row["largest"] for row in rows)
        numbers, mark = (
            sum(row["numbers"] for row in rows),
            "" if all(row["agrees"] for row in rows) else " **differs**",
        )
        yield f"| {quantity.replace('_', ' ')} | {numbers:,} | {largest:.1g}{mark} | {rows[0]['tolerance']:.0e} |"
    yield ""


def _distribution(case: str, rows: dict[str, Any], pay_apart: float) -> Iterator[str]:
    yield f"## {case.replace('_', ' ').capitalize()}"
    yield ""
    yield f"Pay for a house by skill rank differs by at most {100 * pay_apart:.2f} %: Foundation's is a simulated mean."
    yield ""
    yield "| figure, mean an episode | Foundation | econsim | z | Kolmogorov-Smirnov p | z of the fresh sample |"
    yield "|---|---|---|---|---|---|"
    for name, row in rows.items():
        second = f"{row['second']['z']:+.2f}" if "second" in row else ""
        yield (
            f"| {name} | {_mean(row, 'foundation')} | {_mean(row, 'econsim')} | {row['z']:+.2f} | {row['ks_p']:.3f}"
            f" | {second} |"
        )
    yield ""


def _mean(row: dict[str, float], whose: str) -> str:
    mean, error = row[whose], row[f"{whose}_error"]
    places = 3 if abs(mean) < 10 else 2
    return f"{mean:.{places}f} ± {error:.{places}f}"
