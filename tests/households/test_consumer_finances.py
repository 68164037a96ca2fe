"""The Survey of Consumer Finances as families: weights, implicates, ranks, traps of the data, and the fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from econsim import random
from econsim.economies.bewley import Bewley, Parameters
from econsim.errors import UserError
from econsim.households.chains import rouwenhorst
from econsim.households.consumer_finances import read_families
from econsim.households.families import FACTS, families_of, joint_distribution, typical_families
from econsim.households.lognormal_pareto import fitted
from econsim.households.statistics import gini, top_share
from econsim.scenario import load

COLUMNS = ("YY1", "WGT", "EDUC", "INCOME", "WAGEINC", "ASSET")
# Families with their number, weight, EDUC, INCOME, WAGEINC and ASSET; each stands for five implicates.
ROWS = [
    (1, 4.0e6, -1, 0.0, 0.0, 0.0),
    (2, 12.0e6, 8, 40_000.0, 38_000.0, 150_000.0),
    (3, 10.0e6, 12, 90_000.0, 0.0, 900_000.0),
    (4, 0.25e6, 14, 2_500_000.0, 600_000.0, 60_000_000.0),
]
TOTAL = sum(row[1] for row in ROWS) * 5


def _write(path: Path, rows: list[tuple[float, ...]], columns: tuple[str, ...] = COLUMNS) -> str:
    lines = [",".join(columns)]
    for row in rows:
        named = dict(zip(COLUMNS, row, strict=True))
        # The imputed amount of an implicate differs: their mean is that of the row.
        for implicate in (-2, -1, 0, 1, 2):
            named["ASSET"] = row[-1] * (1 + implicate / 100)
            lines.append(",".join(f"{named[name]:.9g}" for name in columns))
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def _gini_of_pairs(amount: Any, weight: Any) -> float:
    """Return half the relative mean difference of all pairs, the definition."""
    difference = np.abs(amount[:, None] - amount[None, :])
    return float((weight[:, None] * weight[None, :] * difference).sum() / (2 * weight.sum() * (weight @ amount)))


def test_statistics_use_weights_and_all_implicates(tmp_path: Path) -> None:
    families = read_families(_write(tmp_path / "scf.csv", ROWS), "file")
    weight, assets = np.array([row[1] for row in ROWS]), np.array([row[5] for row in ROWS])
    incomes = np.array([row[3] for row in ROWS])
    assert len(families.assets) == 20
    assert families.mean_assets == pytest.approx(weight @ assets / weight.sum(), rel=1e-12)
    assert families.mean_income == pytest.approx(weight @ incomes / weight.sum(), rel=1e-12)
    assert families.facts().gini == pytest.approx(_gini_of_pairs(families.assets, families.weight), rel=1e-12)
    assert families.mean_assets < assets.mean() / 10  # rich families are sampled far more often than others


@pytest.mark.parametrize("column", ["EDUC", "INCOME", "WAGEINC"])
def test_ranks_are_shares_of_families_and_ties_have_one_interval(tmp_path: Path, column: Any) -> None:
    families = read_families(_write(tmp_path / "scf.csv", ROWS), "file", column)
    share = np.array([row[1] for row in ROWS]) * 5 / TOTAL
    tied = column == "WAGEINC"  # two of the families have no wages
    order = [0, 2, 1, 3] if tied else [0, 1, 2, 3]
    upper = np.cumsum(share[order])
    lowest = {family: 0.0 if position == 0 else upper[position - 1] for position, family in enumerate(order)}
    if tied:
        lowest[2] = 0.0
    assert np.allclose(families.lowest_rank[::5], [lowest[family] for family in range(4)])
    assert families.highest_rank.max() == pytest.approx(1)


def test_families_without_grade_or_assets_are_kept_with_finite_productivity(tmp_path: Path) -> None:
    families = read_families(_write(tmp_path / "scf.csv", ROWS), "file", "EDUC")
    chain, grid = rouwenhorst(0.9, 0.5, 7), np.linspace(0, 200, 300) ** 1.0
    shares, above = joint_distribution(families, 1e-6, chain, grid)
    assert above == 0
    assert np.allclose(shares.sum(1), chain.stationary)
    assert float(shares.sum(0) @ grid) == pytest.approx(families.mean_assets * 1e-6, rel=1e-12)
    lowest = shares[: int(np.searchsorted(np.cumsum(chain.stationary), 4.0e6 * 5 / TOTAL))]
    assert lowest[:, 0].sum() == pytest.approx(lowest.sum())  # the family without a grade owns nothing


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [(row[0], -row[1], *row[2:]) for row in rows], r":2: column WGT: expected a weight above 0"),
        (lambda rows: [(*row[:5], -1.0 - row[5]) for row in rows], r":2: column ASSET: expected an amount of at least"),
        (lambda rows: [(*row[:2], 0.1, *row[3:]) for row in rows], r":2: column EDUC: expected a code of EDUC"),
        (lambda rows: [(row[0], row[1] * 5, *row[2:]) for row in rows], "divide WGT by the five implicates"),
        (lambda rows: [(row[0], row[1] * 0.98, *row[2:]) for row in rows], "set year to null for another year"),
        (lambda rows: [(row[0], row[1] / 1000, *row[2:]) for row in rows], "or a part of an extract"),
        (lambda rows: [(*row[:5], row[5] / 1000) for row in rows], "is ASSET in another unit"),
        (lambda rows: [(1, *row[1:]) for row in rows], "family 1 .* has 20 rows, expected its five implicates"),
        (lambda rows: [], "has no rows"),
    ],
)
def test_wrong_files_are_refused_with_the_reason(tmp_path: Path, change: Any, message: str) -> None:
    path = _write(tmp_path / "scf.csv", change(ROWS))
    with pytest.raises(UserError, match=message):
        read_families(path, "economy.initial.file", "EDUC")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = _write(tmp_path / "scf.csv", ROWS, ("YY1", "WGT", "INCOME", "ASSET"))
    with pytest.raises(UserError, match="has no column 'EDUC'"):
        read_families(path, "economy.initial.file", "EDUC")


def test_the_fit_has_the_published_facts_to_their_digits() -> None:
    # Half a unit of the fourth digit, which is as published; the integral of the quantile function is independent of
    # the closed forms of the fit, and its error is that of the midpoint rule in logarithmic cells, below 1e-5.
    for facts in FACTS.values():
        distribution = facts.distribution()
        edges = np.concatenate([[1.0], 10.0 ** -np.linspace(0.0, 24.0, 40_001)[1:]])
        below = 1 - (edges[1:] + edges[:-1]) / 2
        inside = below < 1 - 1e-13
        amounts = np.where(inside, distribution.quantile(np.minimum(below, 1 - 1e-13)), 0.0)
        width = -np.diff(edges)
        mean = float(amounts @ width)
        left_out = 1 - float(distribution.lorenz(np.array([1 - 1e-13]))[0])
        assert mean + left_out == pytest.approx(1, abs=2e-5)
        assert gini(amounts, width) == pytest.approx(facts.gini, abs=5e-5 + left_out)
        assert distribution.gini() == pytest.approx(facts.gini, abs=1e-10)
        for share, published in ((0.1, facts.top_tenth), (0.01, facts.top_hundredth)):
            owned = 1 - float(distribution.lorenz(np.array([1 - share]))[0])
            assert owned == pytest.approx(published, abs=1e-10)
            assert top_share(amounts, width, share) == pytest.approx(published, abs=5e-5 + left_out)


def test_an_extract_with_these_facts_is_read_back_to_four_digits(tmp_path: Path) -> None:
    typical, facts = typical_families(), FACTS["assets"]
    assert facts == typical_facts_rounded(typical)
    weight = typical.weight * 131_259_948
    lines = ["WGT,ASSET,INCOME", *(f"{w!r},{a!r},141431" for w, a in zip(weight, typical.assets, strict=True))]
    path = tmp_path / "scf.csv"
    path.write_text("\n".join(lines).replace("np.float64(", "").replace(")", "") + "\n")
    families = read_families(str(path), "file")
    assert round(families.mean_assets) == 1_186_754
    assert round(families.facts().gini, 4) == 0.7862
    unweighted = families_of(families.assets, np.ones(len(weight)), families.assets, 1.0)
    assert unweighted.mean_assets > 100 * families.mean_assets  # as in the survey, the rich have most of the rows


def typical_facts_rounded(families: Any) -> Any:
    facts = families.facts()
    rounded = (round(each, 4) for each in (facts.gini, facts.top_tenth, facts.top_hundredth))
    return type(facts)(round(facts.mean), *rounded)


@pytest.mark.parametrize("shares", [(0.786, 0.3, 0.6), (0.786, 0.5, 0.04), (0.3, 0.6859, 0.3205)])
def test_facts_that_no_such_distribution_has_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(UserError, match="top shares"):
        fitted(*shares)


def _economy(households: Any, initial: dict[str, Any], **others: Any) -> Bewley:
    small = {"grid_points": 80, "largest_assets": 4000.0, "productivity": {"states": 3}, "periods": 3}
    game = Bewley(Parameters(households=households, initial=initial, **{**small, **others})).to(dtype=torch.float64)
    assert isinstance(game, Bewley)
    return game


def test_both_representations_start_from_the_survey(tmp_path: Path) -> None:
    path = _write(tmp_path / "scf.csv", ROWS)
    game = _economy("distribution", {"file": path}, grid_points=300)
    state = game.reset(random.keys(0, 1))
    assert float(state.capital[0]) == pytest.approx(game.equilibrium.capital, rel=1e-9)
    held = state.assets[0].numpy(), state.mass[0].numpy()
    families = game._families
    assert families is not None
    # A lottery between grid points adds inequality within cells only, which are narrow on 300 points.
    assert families.facts().gini == pytest.approx(gini(*held), abs=0.003)
    # A sample of 20,000: the standard error of its mean is that of the shares' standard deviation.
    sample = _economy(20_000, {"file": path}, grid_points=300).reset(random.keys(1, 4))
    deviation = float(np.sqrt(held[1] @ held[0] ** 2 - (held[1] @ held[0]) ** 2))
    assert sample.assets.shape == (4, 20_000)
    assert float(sample.capital.mean()) == pytest.approx(game.equilibrium.capital, abs=4 * deviation / 80_000**0.5)
    # The richest have the highest incomes, and so the highest state.
    assert bool((sample.productivity[sample.assets > 0.5 * game.grid[-1].item()] == 2).all())


def test_the_unit_of_income_keeps_the_ratio_of_the_survey() -> None:
    game = _economy("distribution", {"capital": "income"}, largest_assets=20_000.0)
    state, solved = game.reset(random.keys(0, 1)), game.equilibrium
    income = solved.output - game.settings.depreciation * solved.capital
    ratio = FACTS["assets"].mean / FACTS["income"].mean
    above = float(re.search(r"([\d.]+)%", game.advice()[0])[1]) / 100  # type: ignore[index]
    assert float(state.capital[0]) / income == pytest.approx(ratio * (1 - above), rel=1e-3)


def test_wealth_above_the_grid_is_an_error_or_a_remark() -> None:
    assert "lies above 4000" in _economy("distribution", {}).advice()[0]
    game = _economy("distribution", {}, largest_assets=50.0)
    # Of a Pareto tail: what its owners have above the grid's end x, in units of mean wealth, is top(p) - p x.
    tail, end = FACTS["assets"].distribution(), 50.0 / game.equilibrium.capital
    people = 0.1 * (tail.start / end) ** tail.exponent
    above = 1 - float(tail.lorenz(np.array([1 - people]))[0]) - people * end
    with pytest.raises(UserError, match=rf"economy.largest_assets: 50 leaves out {above:.1%} of the initial wealth"):
        game.reset(random.keys(0, 1))


def test_a_file_that_is_missing_is_reported_before_play(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"economy\.initial\.file: cannot read .*no such file"):
        load("bewley", {"economy.initial": {"file": str(tmp_path / "none.csv")}}).build()
    with pytest.raises(UserError, match="WAGEINC is a column of a file"):
        load("bewley", {"economy.initial": {"productivity": "WAGEINC"}})
