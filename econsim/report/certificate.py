"""A certificate in words: the table of its gains, and what they bound."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any, NamedTuple

from econsim.analysis.statistics import mean_interval
from econsim.expected_play import METHOD
from econsim.runs.metric_columns import shown

__all__ = ["Certified", "certified"]

SMALLEST_SHARE = 0.001
METHODS = {
    METHOD: "best option",
    "exact": "exact answer",
    "trained": "trained deviation",
    "search": "announcement",
}
ANSWERS = {
    "exact": "answered by followers who respond exactly",
    "own": "answered by the run's own followers, as far as they see what is announced",
}


class Certified(NamedTuple):
    """What a certificate says: a table as text, and a sentence for each of its rows and for what it leaves open."""

    header: list[str]
    rows: list[list[str]]
    notes: list[str]

    @property
    def titles(self) -> list[str]:
        """The header of a table that names role and deviation in one column."""
        return ["Role and deviation", *(title.capitalize() for title in self.header[2:])]

    @property
    def cells(self) -> list[list[str]]:
        """The rows of that table."""
        return [[f"{role}: {deviation}", *numbers] for role, deviation, *numbers in self.rows]


def certified(certificate: dict[str, Any]) -> Certified:
    """Return the table of a certificate, one row a role and class of deviations, means over training seeds."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for finding in certificate["findings"]:
        groups.setdefault((finding["role"], finding["method"]), []).append(finding)
    with_gap = any(it.get("share_of_gap") is not None for it in certificate["findings"])
    header = ["role", "deviation", "own return", "gain", "95 % interval", "of own", "largest gain"]
    rows = [_row(role, method, found) for (role, method), found in groups.items()]
    if any("lower" in finding for finding in certificate["findings"]):
        header.append("true gain")
        rows = [[*row, _bounds(found)] for row, found in zip(rows, groups.values(), strict=True)]
    if with_gap:
        header.append("of the gap")
        rows = [[*row, _share(_mean(found, "share_of_gap"))] for row, found in zip(rows, groups.values(), strict=True)]
    notes = [_note(role, method, found) for (role, method), found in groups.items()]
    return Certified(header, rows, [*notes, _budget(certificate)])


def _row(role: str, method: str, found: Sequence[dict[str, Any]]) -> list[str]:
    low, high = _interval(found)
    return [
        role,
        METHODS[method],
        _number(_average(found, "own")),
        _number(_average(found, "gain")),
        "" if low is None or high is None else f"{_number(low)} to {_number(high)}",
        _share(_mean(found, "relative")),
        _number(max(it["largest"] for it in found)) if found[0]["players"] > 1 else "",
    ]


def _bounds(found: Sequence[dict[str, Any]]) -> str:
    """Return what the gain is known to be within the class of deviations, means over training seeds."""
    lower, upper = _mean(found, "lower"), _mean(found, "upper")
    if lower is None:
        return ""
    if upper is None:
        return f"at least {_number(lower)}"
    return f"{_number(lower)} to {_number(upper)}" if lower < upper else _number(lower)


def _interval(found: Sequence[dict[str, Any]]) -> tuple[float | None, float | None]:
    """Return the interval of the difference: of one seed its own, of several that over seeds."""
    if len(found) == 1:
        return found[0]["low"], found[0]["high"]
    over_seeds = mean_interval([it["difference"] for it in found])
    return over_seeds.low, over_seeds.high


def _note(role: str, method: str, found: Sequence[dict[str, Any]]) -> str:
    """Return what was tried for a row, what it bounds, and the raw difference where deviating did worse."""
    first = found[0]
    parts = [f"{role}, {METHODS[method]}: {first['deviations']}"]
    if "followers" in first:
        parts.append(f"best of {max(it['tried'] for it in found):,} tried, {ANSWERS[first['followers']]}")
    if first.get("welfare") is not None:
        reached = fmean(it["welfare"]["reached"] for it in found)
        parts.append(f"welfare {shown(fmean(it['welfare']['own'] for it in found))}, found {shown(reached)}")
    if (share := _mean(found, "share_of_exact")) is not None:
        parts.append(f"it finds {share:.1%} of the exact gain")
    if (difference := _average(found, "difference")) < 0:
        parts.append(f"the best deviation found loses {_number(-difference)}, so that staying is better")
    over = f"{len(found)} training seeds" if len(found) > 1 else f"{first['count']} {first['over']}"
    if len(found) > 1 or first["over"] != "nothing":
        parts.append(f"interval of the paired difference over {over}")
    return "; ".join(parts) + "."


def _budget(certificate: dict[str, Any]) -> str:
    if all(finding["method"] == METHOD for finding in certificate["findings"]):
        return (
            f"Policy {certificate['policy']}, {len(certificate['seeds'])} training seed(s); returns and gains are exact"
            " expectations over all choices."
        )
    return (
        f"Policy {certificate['policy']}, {len(certificate['seeds'])} training seed(s); gains are measured in"
        f" {certificate['episodes']} episodes by which nothing was chosen, under the same luck with and without the"
        " deviation. A gain is zero where the deviation found does worse: whoever may deviate may also stay."
    )


def _average(found: Sequence[dict[str, Any]], name: str) -> float:
    return fmean(it[name] for it in found)


def _mean(found: Sequence[dict[str, Any]], name: str) -> float | None:
    values = [it[name] for it in found if it.get(name) is not None]
    return fmean(values) if values else None


def _number(value: float) -> str:
    return shown(value) if abs(value) >= 1000 else f"{value:.3g}"


def _share(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1%}" if value == 0 or value >= SMALLEST_SHARE else f"under {SMALLEST_SHARE:.1%}"
