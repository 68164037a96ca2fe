"""Outcome of an election with sincere ballots: probabilities of winning, Condorcet winner, gains from misreporting."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from econsim.learning import Recorder
from econsim.mechanisms.voting import RULES, RuleName, condorcet_winner, misreports

__all__ = ["outcome"]

MOST_TRIED = 5
"""Largest number of candidates for which gains from misreporting are computed, over all ballots of every voter."""
MOST_VOTERS = 200
# Utilities that differ by less than this share of the largest count as equal.
_SAME = 1e-9


def outcome(
    rule_name: RuleName, weight: Tensor, candidates: Mapping[str, Tensor], recorder: Recorder
) -> dict[str, Tensor]:
    """Return the candidates' probabilities of winning ``[C]`` and the Condorcet winner, -1 if there is none.

    Args:
        rule_name: the voting rule.
        weight: weights of the voters, ``[N]``.
        candidates: result of a campaign: ``utility`` ``[C, N]`` of each victory, and ``candidates`` ``[C]`` by index.
        recorder: logs probabilities and gains from misreporting.
    """
    rule, expected = RULES[rule_name], candidates["utility"].T[None]
    unit = _SAME * expected.abs().amax()
    utility = (expected / unit).round() if unit > 0 else expected
    chances = rule.chances(rule.sincere(utility), weight)[0]
    majority = condorcet_winner(utility, weight)
    for candidate, chance in enumerate(chances.tolist()):
        recorder.log("elected/chance", chance, step=candidate)
        recorder.log("elected/candidate", float(candidates["candidates"][candidate]), step=candidate)
    recorder.log("elected/condorcet_winner", float(majority[0]), step=0)
    if utility.shape[2] <= MOST_TRIED and utility.shape[1] <= MOST_VOTERS:
        gains = misreports(rule, utility, weight).gain[0] > 0
        share = (gains.double() * weight).sum() / weight.sum()
        recorder.log("elected/share_who_gain_by_misreporting", float(share), step=0)
    return {"chances": chances, "condorcet_winner": majority}
