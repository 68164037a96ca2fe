"""Records of elections: who stood with which platform, who voted for whom, who won, and what the winner announced."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol, runtime_checkable

from torch import Tensor

__all__ = ["Ballot", "Election", "HoldsElections", "votes_of"]

Ballot = Literal["name", "names", "order"]
"""What a ballot holds: one name, several names, or an order of candidates."""
_MOST_ORDERED = 20


class Election(NamedTuple):
    """One election, in one environment copy.

    Candidates ``C`` and voters ``N`` are indices from 0 into ``names`` and ``votes``.
    """

    step: int
    """The step of the game in which it is held, from 1."""
    names: tuple[str, ...]
    """The names of the candidates, ``[C]``."""
    promised: tuple[tuple[float, ...], ...]
    """Their platforms, ``[C][K]``: a tax rate per bracket, as fractions."""
    votes: tuple[tuple[int, ...], ...]
    """The candidates on each ballot, ``[N][...]``: the one named, those approved, or the best 20 in order."""
    support: tuple[float, ...]
    """The share of voters, by weight, who put each candidate first, ``[C]``."""
    winner: int
    """The candidate who won."""
    announced: tuple[float, ...]
    """The tax rates that the winner announces, ``[K]``."""
    ballot: Ballot = "name"
    """What each ballot holds."""
    substituted: int = 0
    """Number of ballots that stand in for answers that could not be read."""


@runtime_checkable
class HoldsElections(Protocol):
    """A planner that holds elections and can keep a record of them."""

    elections: list[Election] | None
    """Where elections in the first environment copy are appended; ``None``, as in training, keeps no record."""


def votes_of(ballots: Tensor, asks: Ballot) -> tuple[tuple[int, ...], ...]:
    """Return the candidates on each ballot, ``[N][...]``.

    Args:
        ballots: scores of the candidates, ``[N, C]``, more is better.
        asks: what a ballot holds; of an order, the first 20 are returned.
    """
    order = ballots.argsort(dim=-1, descending=True, stable=True).tolist()
    match asks:
        case "name":
            return tuple((first,) for first, *_ in order)
        case "names":
            return tuple(tuple(row.nonzero().flatten().tolist()) for row in ballots > 0)
        case "order":
            return tuple(tuple(best[:_MOST_ORDERED]) for best in order)
