"""Elections in a report: by tax year, who stood with which platform, who voted for whom, who won and what followed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from econsim.mechanisms.voting import Election
from econsim.runs.elections import ELECTIONS, ScoredElections, elections_of
from econsim.runs.workers import workers_of

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["ElectionTable", "election_tables", "own_elections", "rates_in_words"]

_MOST_ROWS = 120
_MOST_VOTERS = 10
_HEADER = ["Tax year", "Candidate", "Platform, %", "First choice", "Voters", "Result"]


class ElectionTable(NamedTuple):
    """The elections under one set of followers as text, with notes above and below."""

    name: str
    header: list[str]
    rows: list[list[str]]
    note: str


def own_elections(run: Run) -> list[ScoredElections]:
    """Return the elections of the scenario's own policy, else of the last policy with any; those of its first seed.

    There is one entry per set of followers.
    """
    recorded = elections_of(run)
    policies = [label for label in run.summary["policies"] if any(score.policy == label for score in recorded)]
    of_policy = [score for score in recorded if policies and score.policy == policies[-1]]
    first_of = {score.response: score for score in reversed(of_policy)}
    return [first_of[response] for response in run.summary["responses"] if response in first_of]


def election_tables(run: Run) -> list[ElectionTable]:
    """Return one table per set of followers; of sets under which all elections are the same, one table together."""
    tables: list[ElectionTable] = []
    alike: dict[tuple[Election, ...], list[str]] = {}
    for score in own_elections(run):
        alike.setdefault(score.elections, []).append(workers_of(run.summary, score.response).words)
    for elections, followers in alike.items():
        rows = _rows(elections)
        name = f"Elections under {' and under '.join(followers)}"
        tables.append(ElectionTable(name, _HEADER, rows[:_MOST_ROWS], _note(elections, len(rows))))
    return tables


def rates_in_words(rates: Sequence[float]) -> str:
    """Return tax rates in per cent, one number if they are equal in all brackets."""
    shown = [f"{100 * rate:.3g}" for rate in rates]
    return shown[0] if len(set(shown)) == 1 else " / ".join(shown)


def _rows(elections: Sequence[Election]) -> list[list[str]]:
    """Return one row per candidate and period of years in which all elections are the same."""
    rows = []
    numbered = enumerate(elections, 1)
    for election, years in groupby(numbered, key=lambda pair: pair[1]._replace(step=0)):
        numbers = [number for number, _ in years]
        span = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        for candidate, name in enumerate(election.names):
            promised, support = rates_in_words(election.promised[candidate]), f"{election.support[candidate]:.0%}"
            rows.append([span, name, promised, support, _voters(election, candidate), _result(election, candidate)])
    return rows


def _voters(election: Election, candidate: int) -> str:
    """Return the indices of those who put a candidate first, or approved it; their number if there are many."""
    counted = None if election.ballot == "names" else 1
    voters = [index for index, vote in enumerate(election.votes) if candidate in vote[:counted]]
    return f"{len(voters):,} voters" if len(voters) > _MOST_VOTERS else ", ".join(map(str, voters)) or "none"


def _result(election: Election, candidate: int) -> str:
    if candidate != election.winner:
        return ""
    announced = election.announced
    return "elected" if announced == election.promised[candidate] else f"elected, sets {rates_in_words(announced)} %"


def _note(elections: Sequence[Election], rows: int) -> str:
    note = (
        "Platforms are marginal tax rates, separated by / where brackets differ. First choice is the share of voters by"
        " weight; voters are workers, counted from 0, who put the candidate first, or approved of it. Years in which"
        " nothing differs are one row per candidate. A winner whose platform is not binding may set other rates."
    )
    substituted = sum(election.substituted for election in elections)
    if substituted:
        note += f" {substituted:,} of {sum(len(each.votes) for each in elections):,} ballots could not be read; the"
        note += " voter's previous ballot, or the one that follows from the estimates, stands in for them."
    if rows > _MOST_ROWS:
        note += f" The first {_MOST_ROWS} of {rows:,} rows; {ELECTIONS} holds all."
    return note
