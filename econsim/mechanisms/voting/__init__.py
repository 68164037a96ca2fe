"""Voting rules: from ballots to probabilities of winning, for a batch of elections.

A profile of ballots is ``[B, V, C]``: ``V`` voters give scores to ``C`` candidates, higher for better. A ranking is any
set of scores in that order; an approval ballot consists of ones and zeros. Each voter may have a weight ``[V]`` or
``[B, V]``, the number of people that the voter represents; zero is an abstention. A rule returns each candidate's
probability of winning ``[B, C]``; :func:`elect` turns probabilities into winners.

Ties: if a rule needs a single name, a voter who is indifferent between several best candidates names the first of them.
In pairwise comparisons, an indifferent voter counts for neither candidate. Candidates tied for the first place have
equal probabilities. Among candidates tied for the last place in ranked-choice voting, the last in the candidates' order
is eliminated.

| rule | winner |
|---|---|
| ``plurality`` | candidate named first by most voters |
| ``approval`` | candidate approved by most voters; sincere voters approve candidates better than the average |
| ``borda`` | candidate with most pairwise comparisons won, over all voters and opponents |
| ``ranked_choice`` | candidate who remains when the one named least is eliminated, round by round (instant runoff) |
| ``minimax`` | candidate whose worst pairwise defeat is smallest; the Condorcet winner if there is one |
| ``maximal_lottery`` | draw from the lottery that no other lottery beats (the von Neumann winner) |
| ``median`` | first choice of the median voter along the candidates' order |
"""

from __future__ import annotations

from econsim.mechanisms.voting.ballots import approvals, every_approval, every_ranking, single_peaked
from econsim.mechanisms.voting.chances import elect
from econsim.mechanisms.voting.elections import Election, HoldsElections, votes_of
from econsim.mechanisms.voting.lotteries import maximal_lottery
from econsim.mechanisms.voting.median import median_flat_tax, median_position
from econsim.mechanisms.voting.misreports import Misreports, misreports
from econsim.mechanisms.voting.pairwise import condorcet_winner, margins
from econsim.mechanisms.voting.rules import RULES, Rule, RuleName
from econsim.mechanisms.voting.tournaments import (
    borda_scores,
    bradley_terry_shares,
    copeland_scores,
    preference_shares,
    schulze_scores,
)

__all__ = [
    "RULES",
    "Election",
    "HoldsElections",
    "Misreports",
    "Rule",
    "RuleName",
    "approvals",
    "borda_scores",
    "bradley_terry_shares",
    "condorcet_winner",
    "copeland_scores",
    "elect",
    "every_approval",
    "every_ranking",
    "margins",
    "maximal_lottery",
    "median_flat_tax",
    "median_position",
    "misreports",
    "preference_shares",
    "schulze_scores",
    "single_peaked",
    "votes_of",
]
