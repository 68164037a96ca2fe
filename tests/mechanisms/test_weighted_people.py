"""Splitting a person into two of half the weight changes no statistic of a weighted population."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import econsim
from econsim import random
from econsim.analysis.inequality import INDICES, by_decile, by_group, deciles
from econsim.analysis.welfare import welfare_table
from econsim.economies.one_step import OneStep
from econsim.mechanisms import weighted_people, welfare

AMOUNT = torch.tensor([12.0, 3.0, 40.0, 7.0, 25.0], dtype=torch.float64)
PEOPLE = torch.tensor([2.0, 0.5, 1.5, 3.0, 1.0], dtype=torch.float64)
HALVES = torch.tensor([0, 1, 2, 2, 3, 4])  # the third person twice
SPLIT, SPLIT_PEOPLE = AMOUNT[HALVES], PEOPLE[HALVES] * torch.tensor([1, 1, 0.5, 0.5, 1, 1])

MEASURES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": weighted_people.mean,
    "share": lambda amount, people: weighted_people.share(amount > 10, people),
    "number_of": weighted_people.number_of,
    "utilitarian": welfare.utilitarian,
    "inverse_income": lambda amount, people: welfare.inverse_income_weighted_utility(amount, amount, people),
    "atkinson": lambda amount, people: welfare.atkinson(amount, 2.0, people),
    "geometric_mean": lambda amount, people: welfare.atkinson(amount, 1.0, people),
    "gini": welfare.gini,
    "equality": welfare.equality,
    "equality_times_productivity": welfare.equality_times_productivity,
}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_measures_of_tensors(measure: Callable[[Tensor, Tensor], Tensor]) -> None:
    assert float(measure(SPLIT, SPLIT_PEOPLE)) == pytest.approx(float(measure(AMOUNT, PEOPLE)), rel=1e-12)


def test_equality_is_that_of_as_many_people_as_there_are() -> None:
    # Weights that count people: the same as writing each person down.
    amount, people = torch.tensor([5.0, 20.0]), torch.tensor([3.0, 2.0])
    everyone = torch.tensor([5.0, 5.0, 5.0, 20.0, 20.0])
    assert float(welfare.equality(amount, people)) == pytest.approx(float(welfare.equality(everyone)), rel=1e-6)
    # Shares of an unbounded population: one less the Gini index.
    shares = people / 5.0
    assert float(welfare.equality(amount, shares)) == pytest.approx(1 - float(welfare.gini(amount, shares)))


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_indices(index: Callable[[Any, Any], float]) -> None:
    assert index(SPLIT.numpy(), SPLIT_PEOPLE.numpy()) == pytest.approx(index(AMOUNT.numpy(), PEOPLE.numpy()), rel=1e-12)


def test_tables_of_welfare_and_groups() -> None:
    def accounts(amount: Tensor, people: Tensor) -> dict[str, Any]:
        names = ("consumption", "utility", "income", "potential_income")
        return {name: amount.numpy() for name in names} | {"weight": people.numpy()}

    whole = welfare_table({"x": accounts(AMOUNT, PEOPLE)})
    split = welfare_table({"x": accounts(SPLIT, SPLIT_PEOPLE)})
    np.testing.assert_allclose(split.to_numpy(float), whole.to_numpy(float), rtol=1e-12)
    poor = by_group(AMOUNT, (AMOUNT < 10).numpy(), PEOPLE)
    poor_split = by_group(SPLIT, (SPLIT < 10).numpy(), SPLIT_PEOPLE)
    np.testing.assert_allclose(poor_split.to_numpy(float), poor.to_numpy(float), rtol=1e-12)
    tenths, tenths_split = by_decile(AMOUNT, people=PEOPLE), by_decile(SPLIT, people=SPLIT_PEOPLE)
    np.testing.assert_allclose(tenths_split.to_numpy(float), tenths.to_numpy(float), rtol=1e-12)


def test_the_halves_of_a_person_are_in_one_decile() -> None:
    assert deciles(SPLIT, SPLIT_PEOPLE).tolist() == deciles(AMOUNT, PEOPLE)[HALVES].tolist()


def economy(income: Tensor, people: Tensor, **parameters: Any) -> OneStep:
    """Return an economy of given people; ``income`` ``[N]`` at 40 hours."""
    game = econsim.make("one_step", workers=len(income), **parameters).to(dtype=torch.float64)
    assert isinstance(game, OneStep)
    game.income, game.weight = income[None], (people / people.mean())[None]
    return game


WELFARES = ("inverse_income", "utilitarian", "rawlsian", "equality_times_productivity", "inverse_income_endogenous")


@pytest.mark.parametrize("name", WELFARES)
def test_the_one_step_economy(name: str) -> None:
    games = [
        economy(income * 1000.0, people, welfare=name, hours_step=None, tax_years=2)
        for income, people in ((AMOUNT, PEOPLE), (SPLIT, SPLIT_PEOPLE))
    ]
    rates = torch.full((1, 1, 7), 0.3, dtype=torch.float64)
    ends = []
    for game in games:
        # Weights average one in an economy, so that the number of people is that of rows.
        state = game.reset(random.keys(0, 1))
        for _ in range(2):
            hours = 10.0 + 30.0 * (game.income > 20_000.0).double()
            state = game.step(state, {"planner": rates, "worker": hours}).state
        features = game.observe(state)
        ends.append((state, features["planner"].features, features["worker"].features[0, 2], game.reference_skill))
    (whole, planner, worker, skill), (split, planner_split, worker_split, skill_split) = ends
    torch.testing.assert_close(planner_split, planner)
    torch.testing.assert_close(worker_split, worker)
    torch.testing.assert_close(skill_split, skill)
    torch.testing.assert_close(split.rebate, whole.rebate)
    if name != "equality_times_productivity":
        torch.testing.assert_close(split.welfare, whole.welfare)


def test_advice_counts_people_and_not_rows() -> None:
    # Half of the rows, but three hundredths of the people, would not work under a tax of everything below 20,000.
    income = torch.tensor([50_000.0, 1_000.0], dtype=torch.float64)
    few = economy(income, torch.tensor([0.97, 0.03]), brackets=[0, 20000], status_quo=[1.0, 0.0], hours_step=None)
    many = economy(income, torch.tensor([0.5, 0.5]), brackets=[0, 20000], status_quo=[1.0, 0.0], hours_step=None)
    assert not any("would not work" in line for line in few.advice())
    assert any("would not work" in line for line in many.advice())
