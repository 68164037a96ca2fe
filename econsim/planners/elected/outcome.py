"""Outcome of an election with sincere ballots: chances, the majority's choice, and gains from misreporting."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from econsim.learning import Recorder
from econsim.mechanisms.voting import RULES, RuleName, condorcet_winner, misreports

__all__ = ["outcome"]

MOST_TRIED = 5
"""Candidates up to which every other ballot of every voter is tried."""
MOST_VOTERS = 200
# Utilities that differ by less than this share of the greatest differ by rounding.
_SAME = 1e-9


def outcome(
    rule_name: RuleName, weight: Tensor, candidates: Mapping[str, Tensor], recorder: Recorder
) -> dict[str, Tensor]:
    """Return the chance of each candidate ``[C]`` and the candidate that beats all others, -1 if there is none.

    Args:
        rule_name: the voting rule.
        weight: of the voters, ``[N]``.
        candidates: what a campaign found; ``utility`` ``[C, N]`` of each victory, and ``candidates`` ``[C]`` by index.
        recorder: where chances and gains from misreporting are logged.
    """
    rule, expected = RULES[rule_name], candidates["utility"].T[None]
    unit = _SAME * expected.abs().amax()
    utility = (expected / unit).round() if unit > 0 else expected
    chances = rule.chances(rule.sincere(utility), weight)[0]
    majority = condorcet_winner(utility, weight)
    for place, chance in enumerate(chances.tolist()):
        recorder.log("elected/chance", chance, step=place)
        recorder.log("elected/candidate", float(candidates["candidates"][place]), step=place)
    recorder.log("elected/condorcet_winner", float(majority[0]), step=0)
    if utility.shape[2] <= MOST_TRIED and utility.shape[1] <= MOST_VOTERS:
        gains = misreports(rule, utility, weight).gain[0] > 0
        share = (gains.double() * weight).sum() / weight.sum()
        recorder.log("elected/share_who_gain_by_misreporting", float(share), step=0)
    return {"chances": chances, "condorcet_winner": majority}
