from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import forward_ad

from econsim.mechanisms import welfare
from econsim.mechanisms.preferences import isoelastic

COIN = torch.tensor([10.0, 20.0, 30.0, 40.0], dtype=torch.float64)
PRINTED = 5e-5  # golden values are printed to four or five digits


@pytest.fixture
def utility() -> Tensor:
    labour = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    return isoelastic(COIN, torch.tensor(0.23, dtype=torch.float64)) - 0.21 * labour


def pairwise_gini(amount: Tensor, people: Tensor | None = None) -> float:
    mass = torch.ones_like(amount) if people is None else people
    gaps = (amount[:, None] - amount).abs() * mass[:, None] * mass
    return float(gaps.sum() / (2 * mass.sum() * (mass * amount).sum()))


def test_golden_vector_of_the_ai_economist(utility: Tensor) -> None:
    golden = torch.tensor([6.13862, 11.32204, 15.89068, 20.09929], dtype=torch.float64)
    torch.testing.assert_close(utility, golden, atol=PRINTED, rtol=0)
    assert float(welfare.equality(COIN)) == pytest.approx(0.66667, abs=PRINTED)
    assert float(welfare.equality_times_productivity(COIN)) == pytest.approx(16.6667, abs=PRINTED)
    assert float(welfare.weighted(COIN, welfare.inverse_income_weights(COIN))) == pytest.approx(19.2)
    assert float(welfare.inverse_income_weighted_utility(utility, COIN)) == pytest.approx(10.61825, abs=PRINTED)


def test_mean_and_worst_off(utility: Tensor) -> None:
    assert float(welfare.utilitarian(utility)) == pytest.approx(float(utility.sum()) / 4)
    assert float(welfare.rawlsian(utility)) == float(utility[0])


def test_weights_sum_to_one_and_are_bounded_at_one_unit_of_money() -> None:
    weights = welfare.inverse_income_weights(torch.tensor([[0.0, 1.0, 4.0], [-9.0, 0.5, 1.0]], dtype=torch.float64))
    assert weights[0].tolist() == pytest.approx([4 / 9, 4 / 9, 1 / 9])
    assert weights[1].tolist() == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("count", [4, 29, 30, 40, 1000])
def test_gini_of_the_first_numbers_is_exact_at_any_size(count: int) -> None:
    amount = torch.arange(1, count + 1)
    # For 1 .. N it is (N - 1) / (3 N); with the small-sample factor one third at every N (the original switches to a
    # formula that gives 0.3171 at 40).
    assert float(welfare.gini(amount)) == pytest.approx((count - 1) / (3 * count), abs=1e-12)
    assert 1 - float(welfare.equality(amount)) == pytest.approx(1 / 3, abs=1e-12)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0.01, 10)), min_size=1, max_size=20))
def test_gini_equals_its_definition_by_pairs(pairs: list[tuple[float, float]]) -> None:
    amount, people = (torch.tensor(column, dtype=torch.float64) for column in zip(*pairs, strict=True))
    if float(amount.max()) < 1e-6:  # a vanishing total leaves no digits to compare
        return
    assert float(welfare.gini(amount)) == pytest.approx(pairwise_gini(amount), abs=1e-9)
    assert float(welfare.gini(amount, people)) == pytest.approx(pairwise_gini(amount, people), abs=1e-9)


def test_gini_at_the_edges() -> None:
    assert float(welfare.gini(torch.tensor([7.0]))) == 0.0
    assert float(welfare.equality(torch.tensor([7.0]))) == 1.0
    assert float(welfare.gini(torch.zeros(5))) == 0.0
    assert float(welfare.equality(torch.tensor([0.0, 0.0, 9.0]))) == pytest.approx(0.0, abs=1e-12)
    assert welfare.gini(COIN.repeat(2, 3, 1)).shape == (2, 3)


def test_atkinson_of_two_people_by_hand() -> None:
    amount = torch.tensor([1.0, 4.0], dtype=torch.float64)
    assert float(welfare.atkinson(amount, 0.0)) == pytest.approx(2.5)
    assert float(welfare.atkinson(amount, 1.0)) == pytest.approx(2.0)  # geometric mean
    assert float(welfare.atkinson(amount, 2.0)) == pytest.approx(1.6)  # harmonic mean
    assert float(welfare.atkinson(amount, 500.0)) == pytest.approx(1.0, rel=2e-3)  # nears the worst off


def test_atkinson_is_continuous_at_one() -> None:
    near = [float(welfare.atkinson(COIN, 1 + step)) for step in (-1e-6, 0.0, 1e-6)]
    assert near[0] == pytest.approx(near[1], rel=1e-6)
    assert near[2] == pytest.approx(near[1], rel=1e-6)


def test_people_count_like_copies() -> None:
    people = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
    copies = COIN.repeat_interleave(people.long())
    for epsilon in (0.5, 1.0, 2.0):
        truth = float(welfare.atkinson(copies, epsilon))
        assert float(welfare.atkinson(COIN, epsilon, people)) == pytest.approx(truth)
    assert float(welfare.gini(COIN, people)) == pytest.approx(float(welfare.gini(copies)))
    assert float(welfare.utilitarian(COIN, people)) == pytest.approx(float(copies.mean()))
    truth = float(welfare.inverse_income_weighted_utility(copies, copies))
    assert float(welfare.inverse_income_weighted_utility(COIN, COIN, people)) == pytest.approx(truth)


def test_a_transfer_from_rich_to_poor_raises_every_measure_that_cares() -> None:
    after = COIN + torch.tensor([5.0, 0.0, 0.0, -5.0], dtype=torch.float64)
    assert float(welfare.atkinson(after, 1.0)) > float(welfare.atkinson(COIN, 1.0))
    assert float(welfare.equality_times_productivity(after)) > float(welfare.equality_times_productivity(COIN))
    assert math.isclose(float(welfare.utilitarian(after)), float(welfare.utilitarian(COIN)))


def test_measures_are_differentiable() -> None:
    amount = COIN.clone().requires_grad_()
    assert torch.autograd.gradcheck(welfare.gini, amount)
    assert torch.autograd.gradcheck(lambda x: welfare.atkinson(x, 2.0), amount)


def test_the_gini_index_has_derivatives_forwards() -> None:
    ones = torch.ones(4, dtype=torch.float64)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(COIN, ones)  # type: ignore[no-untyped-call]
        slope = forward_ad.unpack_dual(welfare.gini(dual)).tangent  # type: ignore[no-untyped-call]
    # The same coin for everybody leaves differences as they are, and divides them by more.
    torch.testing.assert_close(slope, -welfare.gini(COIN) / COIN.mean())
