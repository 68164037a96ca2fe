"""The one-step economy against closed forms and published figures."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from econsim import random
from econsim.agents.best_response import BestResponse
from econsim.agents.best_response import Parameters as BestResponseParameters
from econsim.economies.one_step import OneStep, Parameters
from econsim.leader_evaluation import play_proposals, values_of
from econsim.mechanisms import us_law
from econsim.mechanisms.taxes import brackets_tax

PUBLISHED = {"kind": "gb2", "sampling": "published"}
AS_PUBLISHED = {"utility": {"kind": "quasi_linear"}, "hours_step": 10, "welfare": "inverse_income_endogenous"}
LAW = us_law.federal_schedule(2024, "single")
WORKERS = {"worker": BestResponse(BestResponseParameters())}


def economy(**parameters: object) -> OneStep:
    game = OneStep(Parameters.model_validate({"population": PUBLISHED, **parameters}))
    return game.to(dtype=torch.float64)  # type: ignore[return-value]


def final_accounts(game: OneStep, rates: list[float]) -> dict[str, torch.Tensor]:
    proposal = torch.tensor([rates], dtype=torch.float64)
    return game.accounts(play_proposals(game, WORKERS, "planner", proposal, seed=0)[1])


def fixed_hours(game: OneStep, rates: list[float], hours: float) -> dict[str, torch.Tensor]:
    state = game.reset(random.keys(0, 1))
    actions = {
        "planner": torch.tensor([[rates]], dtype=torch.float64),
        "worker": torch.full((1, game.settings.workers), hours, dtype=torch.float64),
    }
    for _ in range(game.horizon):
        state = game.step(state, actions).state
    return game.accounts(state)


def test_first_record_of_the_published_run() -> None:
    # LLM Economist, published bounded run (seed 42, 100 agents): the metrics before anyone reacts, to the last digit.
    game = economy(
        brackets=[0, 23000, 47000, 94000, 192000, 244000, 500000],
        utility={"kind": "quasi_linear", "labour_cost": 0.01, "labour_exponent": 2},
        welfare="inverse_income_endogenous",
    )
    accounts = fixed_hours(game, LAW.rates.tolist(), hours=40.0)
    assert accounts["income"].mean().item() == pytest.approx(51712.60825370401, rel=1e-9)
    assert accounts["tax"].sum().item() == pytest.approx(836984.8460056033, rel=1e-9)
    assert accounts["rebate"][0, 0].item() == pytest.approx(8369.848460056033, rel=1e-9)
    assert accounts["utility"].mean().item() == pytest.approx(51696.608, rel=1e-7)  # printed with three decimals
    assert 100 * accounts["welfare"].item() == pytest.approx(166.69981835065002, rel=1e-9)


@pytest.mark.parametrize(
    ("rates", "published"),
    [
        ([0.0] * 7, 90.17),
        ([0.2] * 7, 253.56),
        (LAW.rates.tolist(), 274.97),
        ([0.5] * 7, 650.94),
        ([0.981, 0.926, 0.793, 0.635, 0.528, 0.536, 0.20], 2297.45),
    ],
)
def test_published_constants_reproduce_the_published_welfare(rates: list[float], published: float) -> None:
    game = economy(**AS_PUBLISHED)
    summed = 100 * final_accounts(game, rates)["welfare"].item()
    # The reference prints two decimals, and the rates of its last row to a tenth of a point.
    tolerance = 0.005 if rates[0] != 0.981 else 0.002 * published
    assert summed == pytest.approx(published, abs=tolerance)


def test_published_constants_with_three_brackets() -> None:
    game = economy(brackets=[0, 90_000, 159_100], **AS_PUBLISHED)
    # The reference prints the schedule to a tenth of a point; its welfare must lie within what rounds to it.
    within = random.uniform(random.keys(0, 1), 0, "rounding", (400, 3), torch.float64)[0] * 0.001 - 0.0005
    printed = torch.tensor([[0.882, 0.670, 0.200]], dtype=torch.float64)
    summed = 100 * values_of(game, WORKERS, "planner", printed + within, seed=0) * game.income.mean()
    assert summed.min().item() <= 1369.10 <= summed.max().item()
    assert summed.max().item() - summed.min().item() < 0.02 * 1369.10


def test_endogenous_weights_idle_most_people_at_their_optimum() -> None:
    accounts = final_accounts(economy(**AS_PUBLISHED), [1.0, 1.0, 1.0, 0.9, 0.9, 0.9, 0.9])
    # The reference's optimum on the ten-point grid: 5,749,032 with 69 % idle and 30 % at the cap, mean hours 30.9.
    assert 100 * accounts["welfare"].item() == pytest.approx(5_749_032, rel=1e-6)
    assert (accounts["hours"] == 0).double().mean().item() == pytest.approx(0.69, abs=0.005)
    assert (accounts["hours"] == 100).double().mean().item() == pytest.approx(0.30, abs=0.005)
    assert accounts["hours"].mean().item() == pytest.approx(30.9, abs=0.05)


@pytest.mark.parametrize(
    ("rates", "welfare", "mean_hours", "mean_utility"),
    [
        ([0.0] * 7, 11302.7, 60.0, 55406),
        (LAW.rates.tolist(), 21632.7, 55.5, 54283),
        ([0.2] * 7, 22491.0, 55.0, 54761),
        ([0.5] * 7, 33694.5, 45.5, 50407),
    ],
)
def test_calibrated_economy_reproduces_the_reference_table(
    rates: list[float], welfare: float, mean_hours: float, mean_utility: float
) -> None:
    accounts = final_accounts(economy(hours_step=0.5), rates)
    assert accounts["welfare"].item() == pytest.approx(welfare, rel=1e-3)  # the accuracy to which the table is held
    assert accounts["hours"].mean().item() == pytest.approx(mean_hours, abs=0.05)  # printed with one decimal
    assert accounts["utility"].mean().item() == pytest.approx(mean_utility, rel=1e-3)


def test_printed_optimum_lies_within_its_rounding() -> None:
    # The reference prints its optimum, 38,292.4, to a tenth of a point. On the half-hour grid welfare jumps where a
    # worker changes step, so schedules that round to the printed one differ by 0.3 %; the best of them reaches it.
    game = economy(hours_step=0.5)
    printed = torch.tensor([[0.925, 0.786, 0.529, 0.546, 0.653, 0.257, 0.576]], dtype=torch.float64)
    within = random.uniform(random.keys(0, 1), 0, "rounding", (400, 7), torch.float64)[0] * 0.001 - 0.0005
    welfare = values_of(game, WORKERS, "planner", printed + within, seed=0) * game.income.mean()
    assert welfare.max().item() == pytest.approx(38292.4, rel=1e-3)
    assert welfare.min().item() > 38292.4 * (1 - 4e-3)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.35, 0.5, 0.8])
def test_hours_follow_the_closed_form_under_flat_taxes(rate: float) -> None:
    hours = final_accounts(economy(), [rate] * 7)["hours"]
    # Exact but for the logarithm of skill that the observation carries (1e-15) and the threshold kinks, which a flat
    # tax has none of.
    torch.testing.assert_close(hours, torch.full_like(hours, 60 * (1 - rate) ** 0.4), rtol=1e-12, atol=0)


def test_workers_keep_their_own_money_and_no_more() -> None:
    game = economy(workers=300, population={"kind": "gb2"}, redraw_population=True, tax_years=3)
    state = game.reset(random.keys(5, 4))
    for time in range(game.horizon):
        key = random.fold(state.key, time)
        actions = {
            "planner": random.uniform(key, 0, "rates", (1, 7), torch.float64),
            "worker": 100 * random.uniform(key, 0, "hours", (300,), torch.float64),
        }
        state = game.step(state, actions).state
        accounts = game.accounts(state)
        total = accounts["income"].sum(-1)
        # float64 accounting: 300 additions of relative error 1e-16 each, far below 1e-9.
        torch.testing.assert_close(accounts["consumption"].sum(-1), total, rtol=1e-9, atol=0)
        assert (game.conserved(state)["money"].abs() <= 1e-9 * total.clamp(min=1)).all()


def test_announcement_holds_for_the_whole_tax_year() -> None:
    game = economy(tax_years=2, steps_per_tax_year=3)
    state = game.reset(random.keys(0, 2))
    in_force = []
    for time in range(game.horizon):
        observation = game.observe(state)
        assert bool(observation["planner"].acting.all()) == (time % 4 == 0)
        assert bool(observation["worker"].acting.any()) == (time % 4 != 0)
        actions = {
            "planner": torch.full((2, 1, 7), 0.1 * time, dtype=torch.float64),
            "worker": torch.full((2, 100), 40.0, dtype=torch.float64),
        }
        transition = game.step(state, actions)
        state = transition.state
        in_force.append(round(state.rates[0, 0].item(), 6))
        assert bool(transition.terminated.all()) == (time == game.horizon - 1)
        assert not transition.truncated.any()
    assert in_force == [0.0] * 4 + [0.4] * 4


def test_one_worker_among_many_copies_is_the_same_worker() -> None:
    # Exact equality: no draw and no sum may depend on the other copies.
    game = economy(workers=70_000, population={"kind": "gb2"}, hours_step=None)
    rates = random.uniform(random.keys(3, 1), 0, "rates", (5, 7), torch.float64)[0]
    together = play_proposals(game, WORKERS, "planner", rates, seed=1)[1]
    alone = play_proposals(game, WORKERS, "planner", rates[3:4], seed=1)[1]
    for name, value in game.accounts(together).items():
        assert torch.equal(value[3:4], game.accounts(alone)[name]), name


def test_welfare_is_differentiable_in_the_rates() -> None:
    game = economy()
    rates = torch.tensor([[0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6]], dtype=torch.float64, requires_grad=True)
    value = play_proposals(game, WORKERS, "planner", rates, seed=0)[0].sum()
    (slope,) = torch.autograd.grad(value, rates)
    step = 1e-6
    for bracket in range(7):
        moved = rates.detach().repeat(2, 1)
        moved[0, bracket] += step
        moved[1, bracket] -= step
        high, low = values_of(game, WORKERS, "planner", moved, seed=0)
        # Central differences err by step^2 times a curvature of order one, and by 1e-16 / step of rounding.
        assert slope[0, bracket].item() == pytest.approx((high - low).item() / (2 * step), abs=1e-6)


def test_a_batch_of_parameters_equals_separate_economies() -> None:
    elasticities = torch.tensor([0.2, 0.4, 0.8], dtype=torch.float64)
    rates = LAW.rates.repeat(3, 1)
    batch = play_proposals(economy().with_parameters(elasticity=elasticities), WORKERS, "planner", rates, seed=0)[0]
    for value, elasticity in zip(batch, elasticities.tolist(), strict=True):
        single = economy(utility={"kind": "calibrated", "elasticity": elasticity})
        assert values_of(single, WORKERS, "planner", rates[:1], seed=0).item() == value.item()


def test_standard_deduction_exempts_income() -> None:
    game = economy(standard_deduction=LAW.standard_deduction, workers=100)
    accounts = fixed_hours(game, LAW.rates.tolist(), hours=40.0)
    poor = accounts["income"] <= LAW.standard_deduction
    assert poor.any()
    assert (accounts["tax"][poor] == 0).all()
    assert (accounts["tax"][~poor] > 0).all()


def test_isoelastic_best_response_beats_a_fine_grid() -> None:
    utility = {"kind": "isoelastic", "risk_aversion": 0.5, "labour_cost": 0.0002, "labour_exponent": 2.5}
    game = economy(utility=utility)
    rates = random.uniform(random.keys(9, 1), 0, "rates", (6, 7), torch.float64)[0] * 0.9
    accounts = game.accounts(play_proposals(game, WORKERS, "planner", rates, seed=0)[1])
    rebate = accounts["rebate"]
    for hours in torch.linspace(0.0, 100.0, 401, dtype=torch.float64):
        income = accounts["skill"] * hours
        consumption = income - brackets_tax(income, game.thresholds, rates) + rebate
        other = game.family.utility(game.values(income), accounts["skill"], consumption, hours)
        # Bisection stops at 6e-9 hours and the rebate at 2^-24 of potential revenue; utility is flat at its top.
        assert (accounts["utility"] >= other - 1e-7).all()


@pytest.mark.parametrize("kind", ["quasi_linear", "calibrated", "isoelastic"])
@pytest.mark.parametrize("step", [0.5, 10.0])
def test_steps_next_to_the_peaks_hold_the_best_of_the_grid(kind: str, step: float) -> None:
    utility: dict[str, object] = {"kind": kind}
    if kind == "isoelastic":
        utility |= {"risk_aversion": 0.5, "labour_cost": 0.0002, "labour_exponent": 2.5}
    game = economy(utility=utility, hours_step=step)
    state = game.reset(random.keys(1, 8))
    rates = random.uniform(random.keys(2, 8), 0, "rates", (1, 7), torch.float64)
    state = game.step(state, {"planner": rates, "worker": torch.zeros(8, 100, dtype=torch.float64)}).state
    observation = game.observe(state)["worker"]
    values = game.choice_values("worker", observation)
    index = (game.best_response("worker", observation) / step).round().long()
    chosen = values.gather(-1, index[..., None])[..., 0]
    # Equal values may be reached at two steps; they agree to the rounding of float64.
    torch.testing.assert_close(chosen, values.max(-1).values, rtol=1e-9, atol=1e-12)


def test_income_effects_lower_hours_when_the_rebate_rises() -> None:
    utility = {"kind": "isoelastic", "risk_aversion": 0.8, "labour_cost": 0.0002, "labour_exponent": 2.5}
    game = economy(utility=utility)
    skill = game.income[:, :1] / 40
    values = game.values(skill)
    rates = torch.full((1, 7), 0.3, dtype=torch.float64)
    given = [
        game.family.best_hours(values, skill, torch.tensor([[rebate]]).double(), game.budget(rates))
        for rebate in (0.0, 5_000.0, 20_000.0)
    ]
    assert given[0] > given[1] > given[2]


def test_advice_names_people_at_the_cap_and_endogenous_weights() -> None:
    assert economy().advice() == []
    warnings = economy(utility={"kind": "quasi_linear"}, welfare="inverse_income_endogenous").advice()
    assert len(warnings) == 2
    assert "cap of 100 hours" in warnings[0]
    assert "labour cost is too low" in warnings[0]
    assert "endogenous" in warnings[1]
    idle = economy(utility={"kind": "quasi_linear", "labour_cost": 1e15}).advice()
    assert len(idle) == 1
    assert "would not work" in idle[0]


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ({"brackets": [0, 50000, 20000]}, "strictly increasing"),
        ({"brackets": [10, 20]}, "expected 0 as the first threshold"),
        ({"status_quo": [0.1, 0.2]}, "expected one per bracket"),
        ({"status_quo": [1.5] * 7}, "between 0 and 1"),
        ({"hours_step": 7}, "does not divide"),
        ({"hours_as": "index"}, "requires hours_step"),
        ({"redraw_population": True, "utility": {"kind": "isoelastic"}}, "same population"),
        ({"workers": 0}, "greater than or equal to 1"),
        ({"utility": {"kind": "calibrated", "elasticity": -1}}, "greater than 0"),
        ({"utility": {"kind": "cobb_douglas"}}, "quasi_linear"),
    ],
)
def test_mistakes_are_named(mistake: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Parameters.model_validate(mistake)
