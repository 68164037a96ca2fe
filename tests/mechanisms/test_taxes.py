from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from econsim.errors import UserError
from econsim.mechanisms.taxes import (
    brackets_tax,
    check_schedule,
    flat_tax,
    hsv_tax,
    lump_sum,
    marginal_rate,
    project,
    project_at_incomes,
    tax_at_thresholds,
    with_deduction,
)

EXACT = 1e-12  # a few roundings of float64


def money(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


AI_ECONOMIST = money(0, 9.7, 39.475, 84.2, 160.725, 204.1, 510.3)
FEDERAL_RATES = money(0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37)


def by_hand(income: str, thresholds: list[str], rates: list[str]) -> float:
    """The bracket tax in exact rational numbers."""
    z, total = Fraction(income), Fraction(0)
    ends = [*map(Fraction, thresholds[1:]), Fraction(10**12)]
    for lower, upper, rate in zip(map(Fraction, thresholds), ends, map(Fraction, rates), strict=True):
        total += rate * max(Fraction(0), min(z, upper) - lower)
    return float(total)


def test_golden_taxes_of_the_ai_economist() -> None:
    tax = brackets_tax(money(9.7, 50.0, 100.0), AI_ECONOMIST, FEDERAL_RATES)
    torch.testing.assert_close(tax, money(0.97, 6.8585, 18.1745), atol=EXACT, rtol=0)


def test_tax_equals_rational_arithmetic() -> None:
    thresholds, rates = ["0", "10", "25.5", "100"], ["0.5", "0.1", "0.9", "0.25"]
    incomes = ["0", "3", "10", "25.5", "60.25", "100", "12345.75"]
    tax = brackets_tax(money(*map(float, incomes)), money(*map(float, thresholds)), money(*map(float, rates)))
    truth = [by_hand(income, thresholds, rates) for income in incomes]
    torch.testing.assert_close(tax, money(*truth), atol=0, rtol=EXACT)


def test_negative_income_pays_nothing_at_no_marginal_rate() -> None:
    loss = money(-5.0, -1e6)
    assert brackets_tax(loss, AI_ECONOMIST, FEDERAL_RATES).tolist() == [0.0, 0.0]
    assert marginal_rate(loss, AI_ECONOMIST, FEDERAL_RATES).tolist() == [0.0, 0.0]


def test_a_batch_of_schedules_equals_each_alone() -> None:
    income = money(5, 50, 500, 5000).repeat(3, 1) * money(1, 2, 3)[:, None]
    rates = torch.stack([FEDERAL_RATES, FEDERAL_RATES.flip(0), torch.zeros(7, dtype=torch.float64)])
    thresholds = AI_ECONOMIST * money(1, 10, 100)[:, None]
    together = brackets_tax(income, thresholds, rates)
    for copy in range(3):
        assert torch.equal(together[copy], brackets_tax(income[copy], thresholds[copy], rates[copy]))
    assert together[2].tolist() == [0.0] * 4


def test_single_precision_stays_single() -> None:
    tax = brackets_tax(money(50.0).float(), AI_ECONOMIST.float(), FEDERAL_RATES.float())
    assert tax.dtype == torch.float32
    assert float(tax) == pytest.approx(6.8585, rel=1e-6)  # float32 holds seven digits


def test_derivative_to_income_is_the_marginal_rate_and_to_rates_the_income_in_the_bracket() -> None:
    income, rates = money(5, 50, 700).requires_grad_(), FEDERAL_RATES.clone().requires_grad_()
    brackets_tax(income, AI_ECONOMIST, rates).sum().backward()
    assert income.grad is not None
    assert rates.grad is not None
    torch.testing.assert_close(income.grad, marginal_rate(income.detach(), AI_ECONOMIST, FEDERAL_RATES))
    in_first = 5 + 9.7 + 9.7
    assert float(rates.grad[0]) == pytest.approx(in_first, abs=EXACT)
    assert float(rates.grad[-1]) == pytest.approx(700 - 510.3, abs=EXACT)


def test_marginal_rate_at_a_threshold_is_that_of_the_upper_bracket() -> None:
    assert torch.equal(marginal_rate(AI_ECONOMIST, AI_ECONOMIST, FEDERAL_RATES), FEDERAL_RATES)
    below = AI_ECONOMIST[1:] - 1e-9
    assert torch.equal(marginal_rate(below, AI_ECONOMIST, FEDERAL_RATES), FEDERAL_RATES[:-1])


@pytest.mark.parametrize("brackets", [1, 2, 7])
def test_tax_at_thresholds_is_the_tax_there(brackets: int) -> None:
    thresholds, rates = AI_ECONOMIST[:brackets], FEDERAL_RATES[:brackets].expand(2, brackets)
    truth = brackets_tax(thresholds.expand(2, brackets), thresholds, rates)
    torch.testing.assert_close(tax_at_thresholds(thresholds, rates), truth, atol=EXACT, rtol=EXACT)


def test_flat_tax_is_one_bracket() -> None:
    income = money(-3, 0, 10)
    assert flat_tax(income, 0.3).tolist() == brackets_tax(income, money(0), money(0.3)).tolist()
    assert flat_tax(money(10, 20).repeat(2, 1), money(0.1, 0.5)).tolist() == [[1.0, 2.0], [5.0, 10.0]]


def test_hsv_tax_without_progressivity_is_flat_and_with_it_has_the_stated_average_rate() -> None:
    income = money(0.2, 1.0, 5.0)
    torch.testing.assert_close(hsv_tax(income, 0.8, 0.0), 0.2 * income)
    keep = (income - hsv_tax(income, 0.8, 0.181)) / income
    torch.testing.assert_close(keep, 0.8 * income**-0.181)
    assert float(hsv_tax(money(0.01), 0.8, 0.181)) < 0  # the poorest receive
    assert hsv_tax(money(0.0, -4.0), 0.8, 0.181).tolist() == [0.0, 0.0]


def test_lump_sum_pays_out_what_came_in() -> None:
    tax = torch.full((2, 1_000_003), 0.1)  # float32 sums of so many taxes would be off in the fifth digit
    transfer = lump_sum(tax)
    assert transfer.dtype == torch.float64
    paid_out, came_in = transfer * tax.shape[-1], tax.double().sum(-1)
    torch.testing.assert_close(paid_out, came_in, rtol=EXACT, atol=0)


def test_deduction_moves_the_schedule_up() -> None:
    income = money(0, 10_000, 14_600, 49_750, 700_000)
    thresholds, rates = money(0, 11_600, 47_150), money(0.1, 0.12, 0.22)
    moved = with_deduction(thresholds, rates, 14_600)
    direct = brackets_tax((income - 14_600).clamp(min=0), thresholds, rates)
    torch.testing.assert_close(brackets_tax(income, *moved), direct, rtol=EXACT, atol=1e-9)
    check_schedule(*moved)
    without = brackets_tax(income, *with_deduction(thresholds, rates, 0.0))
    torch.testing.assert_close(without, brackets_tax(income, thresholds, rates), rtol=0, atol=0)


def test_deductions_may_differ_between_copies() -> None:
    deductions = money(0, 14_600)
    thresholds, rates = with_deduction(money(0, 11_600), money([0.1, 0.12], [0.1, 0.12]), deductions)
    assert thresholds.tolist() == [[0, 0, 11_600], [0, 14_600, 26_200]]
    assert brackets_tax(money([20_000], [20_000]), thresholds, rates).tolist() == [[2168.0], [540.0]]


def test_projection_on_equal_thresholds_is_exact() -> None:
    assert torch.equal(project(AI_ECONOMIST, FEDERAL_RATES, AI_ECONOMIST), FEDERAL_RATES)


def test_projection_averages_and_keeps_the_top_rate() -> None:
    rates = project(money(0, 10, 20), money(0.1, 0.2, 0.4), money(0, 15, 40))
    # (10 x 0.1 + 5 x 0.2) / 15, then (5 x 0.2 + 20 x 0.4) / 25, then the top rate
    torch.testing.assert_close(rates, money(2 / 15, 9 / 25, 0.4), atol=EXACT, rtol=0)
    batch = project(money(0, 10, 20), money(0.1, 0.2, 0.4).repeat(2, 1), money(0, 15, 40))
    assert torch.equal(batch[1], rates)


@given(
    widths=st.lists(st.floats(0.1, 100), min_size=1, max_size=6),
    rates=st.lists(st.floats(0, 1), min_size=8, max_size=8),
)
def test_projection_keeps_the_tax_at_the_new_thresholds(widths: list[float], rates: list[float]) -> None:
    old = money(0, 1, 2.5, 7, 20, 50, 90, 200)
    new = torch.cat([money(0), money(*widths).cumsum(0)])
    projected = project(old, money(*rates), new)
    torch.testing.assert_close(
        tax_at_thresholds(new, projected), brackets_tax(new, old, money(*rates)), rtol=1e-9, atol=1e-9
    )


PEOPLE = st.lists(st.tuples(st.floats(0, 300), st.floats(0.1, 5)), min_size=1, max_size=12)


@given(people=PEOPLE, widths=st.lists(st.floats(0.1, 100), max_size=6))
def test_projection_at_incomes_keeps_the_revenue_of_every_bracket(
    people: list[tuple[float, float]], widths: list[float]
) -> None:
    old, rates = money(0, 1, 2.5, 7, 20, 50, 90, 200), money(0.1, 0.3, 0, 0.5, 0.2, 0.9, 1, 0.4)
    new = torch.cat([money(0), money(*widths).cumsum(0)])
    income, weight = money(*(z for z, _ in people)), money(*(w for _, w in people))
    projected = project_at_incomes(old, rates, new, income, weight)
    for bracket, lower in enumerate(new.tolist()):
        upper = new[bracket + 1] if bracket + 1 < len(new) else torch.inf
        within = brackets_tax(income.clamp(max=upper), old, rates) - brackets_tax(money(lower), old, rates)
        revenue = (weight * torch.where(income > lower, within, 0.0)).sum()
        taxed = (weight * (income.clamp(max=upper) - lower).clamp(min=0)).sum()
        torch.testing.assert_close(projected[bracket] * taxed, revenue, rtol=1e-9, atol=1e-9)
        if taxed == 0:
            assert projected[bracket] == marginal_rate(money(lower), old, rates)
    halves = project_at_incomes(old, rates, new, income.repeat(2), (0.5 * weight).repeat(2))
    torch.testing.assert_close(halves, projected, rtol=1e-12, atol=1e-12)


def test_projection_at_incomes_on_equal_thresholds_is_exact() -> None:
    incomes = torch.linspace(0, 900, 7).double()
    same = project_at_incomes(AI_ECONOMIST, FEDERAL_RATES, AI_ECONOMIST, incomes, torch.full((7,), 0.3).double())
    assert torch.equal(same, FEDERAL_RATES)


@pytest.mark.parametrize(
    ("thresholds", "rates", "message"),
    [
        ([0, 10], [0.1, 1.2], "rates"),
        ([0, 10], [-0.1, 0.2], "rates"),
        ([0, 10], [0.1, float("nan")], "rates"),
        ([5, 10], [0.1, 0.2], "expected 0 as the first threshold"),
        ([0, 10, 10], [0.1, 0.2, 0.3], "increasing"),
        ([0, float("inf")], [0.1, 0.2], "increasing"),
        ([0, float("nan")], [0.1, 0.2], "increasing"),
        ([0, 10], [0.1], "expected one per bracket"),
        ([], [], "expected one per bracket"),
    ],
)
def test_bad_schedules_are_named(thresholds: list[float], rates: list[float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_schedule(thresholds, rates)


def test_good_schedules_pass() -> None:
    check_schedule([0.0], [1.0])
    check_schedule(AI_ECONOMIST, FEDERAL_RATES.repeat(3, 1))


def test_tax_is_one_graph_without_breaks() -> None:
    compiled = torch.compile(brackets_tax, fullgraph=True, backend="eager")
    income = money(5, 50, 500).repeat(4, 1)
    assert torch.equal(compiled(income, AI_ECONOMIST, FEDERAL_RATES), brackets_tax(income, AI_ECONOMIST, FEDERAL_RATES))
