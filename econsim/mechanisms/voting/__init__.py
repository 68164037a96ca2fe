"""Voting: ballots in, chances of winning out, for any number of copies at once.

A profile of ballots is ``[B, V, C]``: ``V`` voters score ``C`` candidates, more is better; a ranking is any scores in
that order, an approval ballot holds ones and zeros. Each voter may have a weight ``[V]`` or ``[B, V]``: the people it
stands for, zero for one who abstains. A rule returns each candidate's chance of winning ``[B, C]``; :func:`elect` turns
chances into winners.

Ties: a voter who likes several candidates equally names the first of them where the rule needs one name, and counts for
neither where it compares pairs; candidates who tie for the first place have equal chances; of those who tie for the
last place in ranked choice, the last in the candidates' order goes.

| rule | who wins |
|---|---|
| ``plurality`` | named first by most |
| ``approval`` | approved by most; a sincere voter approves what it likes better than the average candidate |
| ``borda`` | most pairwise comparisons won, over all voters and opponents |
| ``ranked_choice`` | who is left when the least named is struck out, round by round (instant run-off) |
| ``minimax`` | whose worst defeat in pairwise comparisons is least: the Condorcet winner where there is one |
| ``maximal_lottery`` | a lottery that no other beats (the von Neumann winner) |
| ``median`` | along the candidates' order, the first choice of the median voter |
"""

from __future__ import annotations

from econsim.mechanisms.voting.ballots import approvals, every_approval, every_ranking, single_peaked
from econsim.mechanisms.voting.chances import elect
from econsim.mechanisms.voting.lotteries import maximal_lottery
from econsim.mechanisms.voting.median import median_flat_tax, median_position
from econsim.mechanisms.voting.misreports import Misreports, misreports
from econsim.mechanisms.voting.pairwise import condorcet_winner, margins
from econsim.mechanisms.voting.rules import RULES, Rule, RuleName

__all__ = [
    "RULES",
    "Misreports",
    "Rule",
    "RuleName",
    "approvals",
    "condorcet_winner",
    "elect",
    "every_approval",
    "every_ranking",
    "margins",
    "maximal_lottery",
    "median_flat_tax",
    "median_position",
    "misreports",
    "single_peaked",
]
