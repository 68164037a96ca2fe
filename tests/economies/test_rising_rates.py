"""The best income is the best of all incomes, and costs of work are computed only where a comparison needs them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from econsim.economies.one_step.response import best_income
from econsim.mechanisms import us_law
from econsim.mechanisms.taxes import brackets_tax

LAW = us_law.federal_schedule(2024, "single")
UNTAXED = torch.linspace(2e3, 1e6, 400, dtype=torch.float64)
CAP = UNTAXED * (100 / 60)
ELASTICITY = torch.tensor(0.4, dtype=torch.float64)
FALLING = torch.tensor([0.4, 0.1, 0.3, 0.2, 0.35, 0.1, 0.2], dtype=torch.float64)


class Exponentials(TorchFunctionMode):
    """Counts elements of which an exponential is taken."""

    elements = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.elements += args[0].numel() if func is Tensor.exp else 0
        return func(*args, **(kwargs or {}))


SUBSIDY = torch.tensor([-0.4, -0.1, 0.0, 0.0, 0.35, 0.35, 1.0], dtype=torch.float64)


def best(rates: Tensor) -> Tensor:
    return best_income(UNTAXED, CAP, LAW.thresholds, rates, ELASTICITY)


def utility(income: Tensor, rates: Tensor) -> Tensor:
    exponent = 1 + 1 / ELASTICITY
    tax = brackets_tax(income, LAW.thresholds, rates)
    return income - tax - UNTAXED / exponent * (income / UNTAXED) ** exponent


def test_no_other_income_is_better() -> None:
    flat = torch.zeros(7, dtype=torch.float64)
    for rates in (LAW.rates, SUBSIDY, flat, LAW.rates.flip(0), SUBSIDY.flip(0), -LAW.rates, FALLING, FALLING - 0.3):
        chosen = utility(best(rates), rates)
        for share in torch.linspace(0, 1, 1001, dtype=torch.float64):
            # 1e-9 of income: the rounding of utility
            assert bool((utility(share * CAP, rates) <= chosen + 1e-9 * UNTAXED).all())


def test_costs_of_work_are_compared_only_at_thresholds_where_a_rate_rises_among_some_that_fall() -> None:
    for rates, by_bracket, by_worker in ((LAW.rates, 7, 0), (LAW.rates.flip(0), 14, 0), (FALLING, 14, 3)):
        with Exponentials() as counted:
            best(rates)
        assert counted.elements == by_bracket + by_worker * UNTAXED.numel()


def test_a_schedule_has_the_same_results_alone_and_beside_one_whose_rates_fall() -> None:
    for dtype in (torch.float32, torch.float64):
        rates = torch.stack([LAW.rates, FALLING, LAW.rates.flip(0), SUBSIDY.flip(0)]).to(dtype)
        tensors = (UNTAXED.to(dtype).expand(4, -1), CAP.to(dtype).expand(4, -1))
        fixed = (LAW.thresholds.to(dtype), ELASTICITY.to(dtype))
        together = best_income(*tensors, fixed[0], rates, fixed[1])
        for row in range(4):
            one = slice(row, row + 1)
            alone = best_income(tensors[0][one], tensors[1][one], fixed[0], rates[one], fixed[1])
            assert torch.equal(together[one], alone)


def test_the_gradient_is_that_of_the_workers_own_bracket() -> None:
    """Under a flat tax all brackets have the same peak; income moves with the rate of the bracket that it is in."""
    rates = torch.full((7,), 0.3, dtype=torch.float64, requires_grad=True)
    income = best(rates)
    (slope,) = torch.autograd.grad(income.sum(), rates)
    bracket = torch.bucketize(income.detach(), LAW.thresholds, right=True) - 1
    # d/dt of y (1 - t)^e
    by_worker = -ELASTICITY * UNTAXED * 0.7 ** (ELASTICITY - 1)
    expected = torch.zeros(7, dtype=torch.float64).index_add(0, bracket, by_worker)
    torch.testing.assert_close(slope, expected, rtol=1e-12, atol=0)
