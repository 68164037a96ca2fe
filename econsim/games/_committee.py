"""Game trees of committees: a proposal, an amendment and votes in turn against a status quo."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb

from econsim.games._tree import Branch, Node, Tree, end, grown

__all__ = ["agenda_tree", "most_ends"]

YES, NO = "yes", "no"
Continue = Callable[[str], Branch]
"""Returns what follows after the moves of this name."""


def most_ends(policies: int, voters: int, amended: bool) -> int:
    """Return how often the game can end at most."""
    # A vote ends with its last yes or no, so that there are as many results as there are ways to reach a majority.
    needed = voters // 2 + 1
    votes = sum(comb(before, needed - 1) for before in range(needed - 1, voters))
    votes += sum(comb(before, voters - needed) for before in range(voters - needed, voters))
    return policies * votes * (policies * votes if amended else 1)


def agenda_tree(
    policies: tuple[Fraction, ...],
    status_quo: Fraction,
    setter: Fraction,
    amender: Fraction | None,
    voters: tuple[Fraction, ...],
    quadratic: bool,
) -> Tree:
    """Return the game of :mod:`econsim.games.agenda`, with ideal points of all players."""
    leaders = {"setter": setter} if amender is None else {"setter": setter, "amender": amender}
    ideals = [*leaders.values(), *voters]
    first = len(leaders)

    def adopted(policy: Fraction) -> Branch:
        return end(-((policy - ideal) ** 2 if quadratic else abs(policy - ideal)) for ideal in ideals)

    def vote(history: str, passed: Continue, failed: Continue, yes: int = 0, no: int = 0) -> Branch:
        """Return the votes that follow on a question, of which some are cast; a strict majority passes it."""
        if 2 * yes > len(voters):
            return passed(history)
        if 2 * no >= len(voters):
            return failed(history)
        branches = (
            vote(f"{history} {YES}", passed, failed, yes + 1, no),
            vote(f"{history} {NO}", passed, failed, yes, no + 1),
        )
        return Branch(Node(first + yes + no, history, (YES, NO)), branches)

    def final(history: str, policy: Fraction) -> Branch:
        """Return the vote on the final proposal."""
        if policy == status_quo:
            return adopted(policy)
        return vote(f"{history} final {_name(policy)}", lambda _: adopted(policy), lambda _: adopted(status_quo))

    def amended(history: str, proposal: Fraction, amendment: Fraction) -> Branch:
        if amendment == proposal:
            return final(history, proposal)
        return vote(history, lambda seen: final(seen, amendment), lambda seen: final(seen, proposal))

    def proposed(proposal: Fraction) -> Branch:
        history = f"proposal {_name(proposal)}"
        if amender is None:
            return final(history, proposal)
        answers = tuple(
            amended(f"{history} amendment {_name(amendment)}", proposal, amendment) for amendment in policies
        )
        return Branch(Node(1, history, tuple(map(_name, policies))), answers)

    root = Branch(Node(0, "start", tuple(map(_name, policies))), tuple(map(proposed, policies)))
    players = (*leaders, *(f"voter_{number}" for number in range(1, len(voters) + 1)))
    return grown(players, root, "Agenda setting")


def _name(policy: Fraction) -> str:
    return f"{float(policy):g}"
