"""Presentation of certificates: the table of deviation gains, and notes on the bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from econsim.analysis.statistics import mean_interval
from econsim.expected_play import METHOD, ON_TREE
from econsim.markov import EXACT as BACKWARD_INDUCTION
from econsim.runs.deviations import PRICES, RULES
from econsim.runs.metric_columns import shown

__all__ = ["Certified", "certified"]

SMALLEST_SHARE = 0.001
METHODS = {
    METHOD: "best option",
    ON_TREE: "best response",
    BACKWARD_INDUCTION: "best policy",
    "exact": "exact best response",
    PRICES: "best response to prices",
    "trained": "trained deviation",
    "search": "leader action",
    RULES: "leader rule",
}
ANSWERS = {
    "exact": "with followers who play exact best responses",
    "own": "with the run's own followers, who respond to the leader's action as far as they observe it",
}


class Certified(NamedTuple):
    """A certificate of a policy as text: a table, and notes on each row and on the computation."""

    policy: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str]

    @property
    def titles(self) -> list[str]:
        """The header of a table with role and deviation in one column."""
        return ["Role and deviation", *(title.capitalize() for title in self.header[2:])]

    @property
    def cells(self) -> list[list[str]]:
        """The rows of that table."""
        return [[f"{role}: {deviation}", *numbers] for role, deviation, *numbers in self.rows]


def certified(certificate: dict[str, Any]) -> Certified:
    """Return a certificate as text, with one row per role and class of deviations, means over training seeds.

    Where players are ranked, a row per rank follows.
    """
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for finding in certificate["findings"]:
        groups.setdefault((finding["role"], finding["method"]), []).append(finding)
    with_gap = any(finding.get("share_of_gap") is not None for finding in certificate["findings"])
    header = ["role", "deviation", "own return", "gain", "95 % interval", "% of return", "largest gain"]
    with_bounds = any("lower" in finding for finding in certificate["findings"])
    header += ["true gain"] * with_bounds + ["% of gap"] * with_gap
    rows = []
    for (role, method), findings in groups.items():
        bounds = [_bounds(findings)] * with_bounds + [_share(_mean(findings, "share_of_gap"))] * with_gap
        rows.append(_row(role, method, findings) + bounds)
        rows += [row + [""] * len(bounds) for row in _ranks(role, method, findings)]
    notes = [_note(role, method, findings) for (role, method), findings in groups.items()]
    return Certified(certificate["policy"], header, rows, [*notes, *_nash_gap(certificate), _budget(certificate)])


def _ranks(role: str, method: str, findings: Sequence[dict[str, Any]]) -> Iterator[list[str]]:
    """Yield a row for each rank of the players, with means over training seeds."""
    by_rank: dict[int, list[dict[str, Any]]] = {}
    for each in (rank for finding in findings for rank in finding.get("ranks", ())):
        by_rank.setdefault(each["rank"], []).append(each)
    for rank, found in sorted(by_rank.items()):
        own, gain = _average(found, "own"), max(0.0, _average(found, "difference"))
        share = _share(gain / abs(own)) if own else ""
        yield [
            f"{role}, rank {rank}",
            METHODS[method],
            _number(own),
            _number(gain),
            _span(*_interval(found)),
            share,
            "",
        ]


def _nash_gap(certificate: dict[str, Any]) -> list[str]:
    """Return the note on the largest gain of any player, where all gains are exact."""
    findings = certificate["findings"]
    if not findings or any(finding["method"] != METHOD for finding in findings):
        return []
    largest = max(finding["largest"] for finding in findings)
    listed = ", ".join(dict.fromkeys(finding["role"] for finding in findings))
    seeds = "" if len(certificate["seeds"]) == 1 else ", over all training seeds"
    return [f"Nash gap, the largest gain of {listed}{seeds}: {_number(largest)} (exact)."]


def _row(role: str, method: str, findings: Sequence[dict[str, Any]]) -> list[str]:
    return [
        role,
        METHODS[method],
        _number(_average(findings, "own")),
        _number(_average(findings, "gain")),
        _span(*_interval(findings)),
        _share(_mean(findings, "relative")),
        _number(max(finding["largest"] for finding in findings)) if findings[0]["players"] > 1 else "",
    ]


def _bounds(findings: Sequence[dict[str, Any]]) -> str:
    """Return the bounds on the gain within the class of deviations, means over training seeds."""
    lower, upper = _mean(findings, "lower"), _mean(findings, "upper")
    if lower is None:
        return ""
    if upper is None:
        return f"at least {_number(lower)}"
    return f"{_number(lower)} to {_number(upper)}" if lower < upper else _number(lower)


def _interval(findings: Sequence[dict[str, Any]]) -> tuple[float | None, float | None]:
    """Return the interval of the difference: that of the one seed, or an interval over several seeds."""
    if len(findings) == 1:
        return findings[0]["low"], findings[0]["high"]
    over_seeds = mean_interval([finding["difference"] for finding in findings])
    return over_seeds.low, over_seeds.high


def _span(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{_number(low)} to {_number(high)}"


def _note(role: str, method: str, findings: Sequence[dict[str, Any]]) -> str:
    """Return the note on a row: the deviations considered, and the raw difference if deviating did worse."""
    first = findings[0]
    clauses = [f"{role}, {METHODS[method]}: {first['deviations']}"]
    if "followers" in first:
        tried = max(finding["tried"] for finding in findings)
        clauses.append(f"best of {tried:,} tried, {ANSWERS[first['followers']]}")
    if first.get("welfare") is not None:
        own = fmean(finding["welfare"]["own"] for finding in findings)
        reached = fmean(finding["welfare"]["reached"] for finding in findings)
        clauses.append(f"welfare {shown(own)}, with the deviation {shown(reached)}")
    if "equivalents" in first:
        clauses.append(_equivalents([finding["equivalents"] for finding in findings]))
    if first.get("ranks"):
        clauses.append(f"ranks are those of {first['ranked_by']} within an episode, the lowest first")
    if (share := _mean(findings, "share_of_exact")) is not None:
        clauses.append(f"the search attains {share:.1%} of the exact gain")
    if (difference := _average(findings, "difference")) < 0:
        clauses.append(f"the best deviation found loses {_number(-difference)}, so that the gain is zero")
    over = f"{len(findings)} training seeds" if len(findings) > 1 else f"{first['count']} {first['over']}"
    if len(findings) > 1 or first["over"] != "nothing":
        clauses.append(f"interval of the paired difference over {over}")
    return "; ".join(clauses) + "."


def _equivalents(found: Sequence[dict[str, float]]) -> str:
    """Return gains as shares of consumption, means over training seeds."""
    means = {name: max(0.0, fmean(each[name] for each in found)) for name in found[0]}
    mean, largest, *others = (f"{name} {value:.2%}" for name, value in means.items())
    return f"gain in consumption equivalents: {mean}, {largest}; by type: {', '.join(others)}"


def _budget(certificate: dict[str, Any]) -> str:
    if all(finding["method"] in (METHOD, ON_TREE, BACKWARD_INDUCTION) for finding in certificate["findings"]):
        return (
            f"Policy {certificate['policy']}, {len(certificate['seeds'])} training seed(s); returns and gains are exact"
            " expectations over all actions."
        )
    return (
        f"Policy {certificate['policy']}, {len(certificate['seeds'])} training seed(s); gains are measured in"
        f" {certificate['episodes']} episodes that were not used to choose the deviation, with common random numbers"
        " with and without it. If the best deviation found does worse than the policy itself, the gain is zero."
    )


def _average(findings: Sequence[dict[str, Any]], name: str) -> float:
    return fmean(finding[name] for finding in findings)


def _mean(findings: Sequence[dict[str, Any]], name: str) -> float | None:
    values = [finding[name] for finding in findings if finding.get(name) is not None]
    return fmean(values) if values else None


def _number(value: float) -> str:
    return shown(value) if abs(value) >= 1000 else f"{value:.3g}"


def _share(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1%}" if value == 0 or value >= SMALLEST_SHARE else f"under {SMALLEST_SHARE:.1%}"
