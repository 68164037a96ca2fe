"""Voting rules against textbook profiles and a second computation of each."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from profiles import KNOXVILLE, MEMPHIS, NASHVILLE, TENNESSEE_SHARES, ballots, drawn, tennessee
from torch import Tensor

from econsim import random
from econsim.mechanisms.voting import RULES, RuleName, approvals, condorcet_winner, elect, margins, maximal_lottery

CYCLE = ballots(["abc", "bca", "cab"], "abc")


def winner(rule: RuleName, profile: Tensor, weights: Tensor | None = None) -> int:
    chances = RULES[rule].chances(profile, weights)
    assert chances.sum().item() == pytest.approx(1.0)
    assert chances.max() == 1.0, "a tie"
    return int(elect(chances)[0])


@pytest.mark.parametrize(
    ("rule", "city"),
    [
        ("plurality", MEMPHIS),
        ("ranked_choice", KNOXVILLE),
        ("borda", NASHVILLE),
        ("minimax", NASHVILLE),
        ("maximal_lottery", NASHVILLE),
    ],
)
def test_the_capital_of_tennessee(rule: RuleName, city: int) -> None:
    assert winner(rule, tennessee(), TENNESSEE_SHARES) == city
    assert condorcet_winner(tennessee(), TENNESSEE_SHARES).tolist() == [NASHVILLE]


def test_borda_and_the_majority_disagree() -> None:
    # Three of five put a above b, and yet b has 7 points (2 1 2) where a has 6 (2 0): Condorcet's objection to Borda.
    profile = ballots(["abc"] * 3 + ["bca"] * 2, "abc")
    assert winner("borda", profile) == 1
    assert winner("minimax", profile) == winner("plurality", profile) == 0


def test_minimax_elects_the_condorcet_loser_of_a_strong_cycle() -> None:
    # Three beat each other in a circle, 6 to 3 among those who take part, and each beats d by 9 to 8.
    profile = ballots(["abcd", "bcad", "cabd"] * 3 + ["dabc", "dcba"] * 4, "abcd")
    assert margins(profile)[0, 3, :3].tolist() == [-1, -1, -1]
    assert winner("minimax", profile) == 3
    assert condorcet_winner(profile).tolist() == [-1]
    assert maximal_lottery(profile)[0].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])


def test_a_cycle_has_no_condorcet_winner() -> None:
    assert condorcet_winner(CYCLE).tolist() == [-1]
    assert margins(CYCLE)[0].tolist() == [[0, 1, -1], [-1, 0, 1], [1, -1, 0]]
    for rule in ("plurality", "borda", "minimax"):
        assert RULES[rule].chances(CYCLE)[0].tolist() == pytest.approx([1 / 3] * 3)


def test_approval_counts_all_who_are_approved() -> None:
    utility = torch.tensor([[[10.0, 8, 0], [0.0, 9, 10], [10.0, 9, 0]]])
    assert approvals(utility)[0].tolist() == [[1, 1, 0], [0, 1, 1], [1, 1, 0]]
    assert winner("approval", approvals(utility)) == 1
    assert winner("plurality", utility) == 0


def test_equal_candidates_the_first_is_named_and_neither_beats_the_other() -> None:
    twins = torch.tensor([[[5.0, 5, 1], [5.0, 5, 1], [1.0, 1, 5]]])
    assert winner("plurality", twins) == 0
    assert margins(twins)[0, 0, 1] == 0
    assert RULES["minimax"].chances(twins)[0].tolist() == [0.5, 0.5, 0]


def test_who_has_no_weight_does_not_count() -> None:
    profile, weights = ballots(["abc", "abc", "bca"], "abc"), torch.tensor([[0.0, 0, 1]])
    for rule in RULES.values():
        assert rule.chances(rule.sincere(profile), weights)[0].tolist() == [0, 1, 0]
    nobody = RULES["plurality"].chances(profile, torch.zeros(1, 3))
    assert nobody[0].tolist() == pytest.approx([1 / 3] * 3)


def test_chances_are_drawn_by_key() -> None:
    chances = torch.tensor([[0.2, 0.0, 0.8]]).expand(20_000, 3)
    found = Counter(elect(chances, random.keys(3, 20_000)).tolist())
    # Four standard errors of a share of 20,000 draws.
    assert found[0] / 20_000 == pytest.approx(0.2, abs=4 * (0.2 * 0.8 / 20_000) ** 0.5)
    assert found[1] == 0
    assert elect(torch.tensor([[0.0, 0.5, 0.5]])).tolist() == [1]


def test_rules_agree_with_counting_by_hand() -> None:
    profiles = drawn(200, 9, 5)
    for rule, count in (("plurality", named_first), ("borda", points), ("ranked_choice", run_off)):
        chances = RULES[rule].chances(profiles)  # type: ignore[index]
        for copy in range(200):
            orders = [sorted(range(5), key=lambda c: -ballot[c]) for ballot in profiles[copy].tolist()]
            assert set(chances[copy].nonzero().flatten().tolist()) == count(orders)


def named_first(orders: list[list[int]]) -> set[int]:
    return most(Counter(order[0] for order in orders))


def points(orders: list[list[int]]) -> set[int]:
    total: Counter[int] = Counter()
    for order in orders:
        total.update({candidate: 4 - place for place, candidate in enumerate(order)})
    return most(total)


def run_off(orders: list[list[int]]) -> set[int]:
    left = set(range(5))
    while len(left) > 1:
        named = Counter(dict.fromkeys(left, 0))
        named.update(next(c for c in order if c in left) for order in orders)
        if max(named.values()) > len(orders) / 2:
            return most(named)
        left.remove(max(c for c in left if named[c] == min(named.values())))
    return left


def most(counts: Counter[int]) -> set[int]:
    return {candidate for candidate, count in counts.items() if count == max(counts.values())}


@pytest.mark.parametrize("rule", RULES)
def test_copies_do_not_meet_and_scales_do_not_matter(rule: RuleName) -> None:
    utility = drawn(6, 7, 4, seed=2)
    chances = RULES[rule].chances(RULES[rule].sincere(utility))
    alone = RULES[rule].chances(RULES[rule].sincere(utility[3:4]))
    assert torch.equal(chances[3:4], alone)
    # Ballots are ordinal, or approvals at the voter's own mean: neither sees an affine change.
    assert torch.allclose(chances, RULES[rule].chances(RULES[rule].sincere(1000 * utility - 7)))
