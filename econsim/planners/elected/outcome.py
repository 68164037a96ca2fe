"""Outcome of an election with sincere ballots: probabilities of winning, Condorcet winner, gains from misreporting."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from econsim.learning import Recorder
from econsim.mechanisms.voting import RULES, RuleName, condorcet_winner, misreports, preference_shares

__all__ = ["outcome", "sincere_utility"]

MOST_TRIED = 5
"""Largest number of candidates for which gains from misreporting are computed, over all ballots of every voter."""
MOST_VOTERS = 200
MOST_COMPARED = 20
"""Largest number of candidates for which pairwise shares, and the winners by all rules, are logged."""
# Utilities that differ by less than this share of the largest count as equal.
_SAME = 1e-9


def outcome(
    rule_name: RuleName, weight: Tensor, candidates: Mapping[str, Tensor], recorder: Recorder
) -> dict[str, Tensor]:
    """Return the candidates' probabilities of winning ``[C]``, the Condorcet winner, -1 if there is none, and pairs.

    ``preferred`` ``[C, C]`` is the share of voters who prefer the first candidate to the second, from which the game
    ``preference`` is made. The recorder also logs it, and the probabilities that every rule gives to the candidates.

    Args:
        rule_name: the voting rule.
        weight: weights of the voters, ``[N]``.
        candidates: result of a campaign: ``utility`` ``[C, N]`` of each victory, and ``candidates`` ``[C]`` by index.
        recorder: logs probabilities, pairwise shares and gains from misreporting.
    """
    rule, utility = RULES[rule_name], sincere_utility(candidates["utility"])
    chances = rule.chances(rule.sincere(utility), weight)[0]
    majority = condorcet_winner(utility, weight)
    preferred = preference_shares(utility, weight)[0]
    for candidate, chance in enumerate(chances.tolist()):
        recorder.log("elected/chance", chance, step=candidate)
        recorder.log("elected/candidate", float(candidates["candidates"][candidate]), step=candidate)
    if len(preferred) <= MOST_COMPARED:
        _log_comparison(utility, weight, preferred, recorder)
    recorder.log("elected/condorcet_winner", float(majority[0]), step=0)
    if utility.shape[2] <= MOST_TRIED and utility.shape[1] <= MOST_VOTERS:
        gains = misreports(rule, utility, weight).gain[0] > 0
        share = (gains.double() * weight).sum() / weight.sum()
        recorder.log("elected/share_who_gain_by_misreporting", float(share), step=0)
    return {"chances": chances, "condorcet_winner": majority, "preferred": preferred}


def sincere_utility(expected: Tensor) -> Tensor:
    """Return voters' utilities ``[1, N, C]`` from those of each victory ``[C, N]``, equal where only rounding differs.

    The unit is a billionth of the largest utility.
    """
    unit = _SAME * expected.abs().amax()
    by_voter = expected.T[None]
    return (by_voter / unit).round() if unit > 0 else by_voter


def _log_comparison(utility: Tensor, weight: Tensor, preferred: Tensor, recorder: Recorder) -> None:
    """Log each candidate's probability of winning by every rule, and its shares of voters against all others."""
    for name, rule in RULES.items():
        for candidate, chance in enumerate(rule.chances(rule.sincere(utility), weight)[0].tolist()):
            recorder.log(f"elected/chance_{name}", chance, step=candidate)
    for candidate, shares in enumerate(preferred.tolist()):
        for other, share in enumerate(shares):
            recorder.log(f"elected/preferred_to_{other}", share, step=candidate)
