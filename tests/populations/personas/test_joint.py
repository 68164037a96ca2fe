"""The joint distribution against the published tables."""

from __future__ import annotations

import pytest
import torch

from econsim.populations.personas.census_tables import EDUCATIONS, tables
from econsim.populations.personas.earnings import standing
from econsim.populations.personas.fit import Line, lines
from econsim.populations.personas.joint import joint


@pytest.fixture(scope="module")
def fit() -> list[Line]:
    return lines()


def test_margins_it_was_fitted_to_hold_to_the_tolerance_of_the_fitting(fit: list[Line]) -> None:
    shares = [line for line in fit if line.used and line.table in ("occupation by sex", "age within sex")]
    shares += [line for line in fit if line.table.startswith("education within broad")]
    assert len(shares) == 46 + 8 + 20
    assert max(abs(line.fitted - line.published) for line in shares) < 1e-9


def test_medians_it_was_fitted_to_hold(fit: list[Line]) -> None:
    medians = [line for line in fit if line.used and ("wages by" in line.table or "earnings by" in line.table)]
    assert len(medians) == 8 + 10 + 46
    # Effects are fitted to 1e-4 standard deviations of the standing, about as much of a median.
    assert max(abs(line.fitted / line.published - 1.0) for line in medians) < 5e-4


def test_education_by_sex_of_another_year_is_near(fit: list[Line]) -> None:
    """The margins are of 2017 and 2018, the check of 2024; degrees became more frequent by several points."""
    checks = [line for line in fit if line.table == "education within sex, 25 and over, 2024"]
    assert len(checks) == 8
    assert max(abs(line.fitted - line.published) for line in checks) < 0.08
    assert all(line.fitted < line.published for line in checks if line.group.endswith("bachelor_or_higher"))


def test_spread_of_wages_by_age_and_sex_is_near_the_published_one(fit: list[Line]) -> None:
    """Nothing was fitted to it: everybody has the same spread around the standing of its cell."""
    checks = [line for line in fit if line.table.startswith("quantile") and not line.group.endswith("18 to 24")]
    worst = {
        level: max(abs(line.fitted / line.published - 1) for line in checks if level in line.table)
        for level in ("0.1 ", "0.25", "0.75", "0.9 ", "0.95")
    }
    assert worst["0.25"] < 0.20
    assert worst["0.75"] < 0.20
    assert worst["0.1 "] < 0.35
    assert worst["0.9 "] < 0.35
    assert worst["0.95"] < 0.35


def test_occupations_ask_for_their_education() -> None:
    cells, known = joint(), tables()
    degree = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0], dtype=torch.float64)[cells.education] * cells.mass
    share = torch.zeros(2, len(known.occupations), dtype=torch.float64)
    share[0].index_add_(0, cells.occupation, degree)
    share[1].index_add_(0, cells.occupation, cells.mass)
    by_name = dict(zip(known.occupations, (share[0] / share[1]).tolist(), strict=True))
    assert by_name["education"] > 0.7 > 0.3 > by_name["sales"] > by_name["farming, fishing and forestry"] > 0.1
    assert set(EDUCATIONS) >= {"bachelor", "graduate_or_professional"}


def test_ranks_are_a_distribution_function_and_its_inverse() -> None:
    ranks = torch.tensor([0.001, 0.1, 0.5, 0.9, 0.999], dtype=torch.float64)
    x = standing().at_rank(ranks)
    assert bool((x.diff() > 0).all())
    # Linear between points 0.04 standard deviations apart.
    torch.testing.assert_close(standing().rank(x), ranks, atol=5e-5, rtol=0)
