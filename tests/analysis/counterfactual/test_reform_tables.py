"""Tables of a reform: closed forms of workers with a known response, an independent numpy computation, weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import econsim
from econsim import random
from econsim.agents.best_response import BestResponse, Parameters
from econsim.analysis.counterfactual import (
    Played,
    Sides,
    behaviour_held,
    effects_table,
    gains_by_decile,
    play_pair,
    reform_by_income,
    totals_table,
)
from econsim.planners import flat

BEFORE, AFTER = 0.2, 0.5
ELASTICITY = 0.4


def sides_of(episodes: int = 1, **parameters: Any) -> Sides:
    """Play flat taxes of 20 and 50 % in the one-step economy."""
    game = econsim.make("one_step", **{"workers": 200, **parameters}).to(dtype=torch.float64)
    agents = {"worker": BestResponse(Parameters()), "planner": flat.Flat(flat.Parameters(rate=BEFORE))}
    reform, key = {"planner": flat.Flat(flat.Parameters(rate=AFTER))}, random.keys(seed=3, count=episodes)
    pair = play_pair(game, agents, key, reform)
    return Sides(pair.baseline, behaviour_held(game, agents, key, reform), pair.reform)


@pytest.fixture(scope="module")
def drawn() -> Sides:
    """Sixteen episodes, each with new people."""
    return sides_of(16, redraw_population=True)


def test_revenue_and_gains_of_workers_with_a_known_response() -> None:
    """Hours are 60 (1 - t)^0.4, so that income and utility net of the rebate are known for each skill."""
    sides = sides_of()
    skill = sides.baseline.accounts_of_people()["skill"][0].numpy()
    earned = {rate: 60.0 * skill * (1.0 - rate) ** ELASTICITY for rate in (BEFORE, AFTER)}
    mechanical = (AFTER - BEFORE) * earned[BEFORE].mean()
    behavioural = AFTER * (earned[AFTER] - earned[BEFORE]).mean()
    table = totals_table(sides).set_index(["account", "measure"])
    revenue = table.loc[("tax", "per person")]
    assert revenue["baseline"] == pytest.approx(BEFORE * earned[BEFORE].mean())
    assert revenue["mechanical"] == pytest.approx(mechanical)
    assert revenue["behavioural"] == pytest.approx(behavioural)
    assert revenue["difference_share"] == pytest.approx((mechanical + behavioural) / (BEFORE * earned[BEFORE].mean()))
    assert table.loc[("tax", "total"), "difference"] == pytest.approx(200 * (mechanical + behavioural))
    assert table.loc[("income", "per person"), "mechanical"] == 0.0
    # Utility is v 60 (1 - t)^1.4 / 1.4 and the rebate, the revenue per person.
    net = {rate: 60.0 * skill * (1.0 - rate) ** (1.0 + ELASTICITY) / (1.0 + ELASTICITY) for rate in (BEFORE, AFTER)}
    gain = net[AFTER] - net[BEFORE] + mechanical + behavioural
    groups = reform_by_income(sides)
    assert groups is not None
    order = np.argsort(skill)
    expected = [*gain[order].reshape(10, 20).mean(1), gain[order][-10:].mean(), gain[order][-2:].mean(), gain.mean()]
    assert groups["group"].tolist() == [*map(str, range(1, 11)), "top 5 %", "top 1 %", "all"]
    assert groups["gain"].to_numpy() == pytest.approx(np.array(expected), rel=1e-9)
    assert groups["winners"].iloc[-1] == pytest.approx((gain > 0).mean())
    assert groups["people_share"].tolist() == pytest.approx([*[0.1] * 10, 0.05, 0.01, 1.0])
    # One population without shocks: no interval, and the reason.
    assert groups["gain_low"].isna().all()
    assert set(groups["gain_interval"]) == {"none: a single value"}


def test_groups_agree_with_numpy_and_with_the_console(drawn: Sides) -> None:
    table = reform_by_income(drawn)
    assert table is not None
    before, after = (side.accounts_of_people() for side in (drawn.baseline, drawn.reform))
    rank = before["potential_income"].numpy()
    position = (np.argsort(np.argsort(rank.ravel())) + 0.5) / rank.size  # nobody has the same income
    tax, utility = (after[name].numpy() - before[name].numpy() for name in ("tax", "utility"))
    for row in table.to_dict("records"):
        inside = position >= {"top 5 %": 0.95, "top 1 %": 0.99, "all": 0.0}.get(row["group"], 2.0)
        if row["group"].isdecimal():
            inside = (position * 10).astype(int) == int(row["group"]) - 1
        assert row["tax_change"] == pytest.approx(tax.ravel()[inside].mean())
        assert row["gain"] == pytest.approx(utility.ravel()[inside].mean())
        assert row["winners"] == pytest.approx((utility.ravel()[inside] > 0).mean())
    console = gains_by_decile(drawn.baseline, drawn.reform)
    assert console is not None
    deciles = table[~table["group"].str.startswith("top")]
    for name in ("winners", "losers", "gain", "income", "tax_change", "consumption_change"):
        assert deciles[name].to_numpy() == pytest.approx(console[name].to_numpy(dtype=float))


def test_intervals_are_paired_and_over_episodes(drawn: Sides) -> None:
    table = reform_by_income(drawn)
    assert table is not None
    before, after = (side.accounts_of_people() for side in (drawn.baseline, drawn.reform))
    everybody, change = table.iloc[-1], (after["tax"] - before["tax"]).numpy().mean(1)
    metric = effects_table(drawn.baseline, drawn.held, drawn.reform, ["mean_tax"]).iloc[0]
    assert everybody["tax_change_low"] == pytest.approx(metric["low"])
    assert everybody["tax_change_interval"] == metric["interval"]
    assert change.mean() == pytest.approx(everybody["tax_change"])
    # A decile does not have the same number of people in each episode: the delta method for a ratio of means.
    rank = before["potential_income"].numpy()
    student = table[table["group"].str.isdecimal() & (table["tax_change_interval"] == "Student's t")]
    assert len(student)
    for decile in student.to_dict("records"):
        low, high = np.quantile(rank, [(int(decile["group"]) - 1) / 10, int(decile["group"]) / 10])
        inside = (rank >= low) & (rank < high) if decile["group"] != "10" else rank >= low
        sums, counts = ((after["tax"] - before["tax"]).numpy() * inside).sum(1), inside.sum(1)
        assert counts.std() > 0
        error = np.std(sums - sums.sum() / counts.sum() * counts, ddof=1) / np.sqrt(16) / counts.mean()
        assert decile["tax_change_high"] - decile["tax_change"] == pytest.approx(2.1314 * error, rel=1e-4)  # t of 15


def test_seeds_are_the_clusters_where_there_are_several(drawn: Sides) -> None:
    """Sixteen episodes of one seed, or four episodes of each of four seeds."""
    table = totals_table(Sides(drawn.baseline, drawn.held, drawn.reform, seeds=4))
    change = (drawn.reform.accounts["tax"] - drawn.baseline.accounts["tax"]).mean(1).reshape(4, 4).mean(1).numpy()
    assert table["difference"].tolist() == pytest.approx(totals_table(drawn)["difference"].tolist())
    assert table.loc[0, "high"] - table.loc[0, "difference"] == pytest.approx(3.182 * change.std(ddof=1) / 2, rel=1e-3)


def test_the_parts_add_up_exactly(drawn: Sides) -> None:
    totals, groups = totals_table(drawn), reform_by_income(drawn)
    assert groups is not None
    assert (totals["mechanical"] + totals["behavioural"]).tolist() == totals["difference"].tolist()
    assert (groups["tax_mechanical"] + groups["tax_behavioural"]).tolist() == groups["tax_change"].tolist()
    assert (totals["reform"] - totals["baseline"]).tolist() == pytest.approx(totals["difference"].tolist())


def test_taxes_that_are_rounding_are_zero(drawn: Sides) -> None:
    def untaxed(side: Played) -> Played:
        tax = 1e-16 * torch.sin(side.accounts["tax"])
        return replace(side, accounts=side.accounts | {"tax": tax})

    sides = [untaxed(side) for side in (drawn.baseline, drawn.held, drawn.reform)]
    revenue = totals_table(Sides(*sides)).set_index(["account", "measure"]).loc["tax", "per person"]
    effects = effects_table(*sides, ["mean_tax", "mean_income"]).set_index("metric")
    for row in (revenue, effects.loc["mean_tax"]):
        assert not row[["baseline", "reform", "difference", "low", "high"]].any()
    assert effects.loc["mean_income", "baseline"] > 0


def test_two_halves_of_a_person_change_no_number(drawn: Sides) -> None:
    split = Sides(*(halved(side) for side in (drawn.baseline, drawn.held, drawn.reform)))
    assert split.people("tax").sum() == pytest.approx(drawn.people("tax").sum())
    for make in (totals_table, reform_by_income):
        one, other = make(drawn), make(split)
        assert one is not None
        assert other is not None
        for name in one:
            if one[name].dtype == float:
                assert other[name].to_numpy() == pytest.approx(one[name].to_numpy(), rel=1e-9, nan_ok=True), name
            else:
                assert other[name].tolist() == one[name].tolist(), name


def halved(side: Played) -> Played:
    """Return the episodes with each third person as two of half the weight."""
    people = torch.arange(200)
    copies = torch.where(people % 3 == 0, 2, 1)
    index = people.repeat_interleave(copies)
    accounts = {
        name: value[:, index] if value.ndim == 2 and value.shape[1] == 200 else value
        for name, value in side.accounts.items()
    }
    accounts["weight"] = accounts["weight"] / copies[index]
    return Played(side.game, accounts, side.returns)


def test_few_people_have_no_groups_and_a_small_top_no_row() -> None:
    assert reform_by_income(sides_of(workers=10)) is None
    groups = reform_by_income(sides_of(workers=40))
    assert groups is not None
    assert "top 1 %" not in groups["group"].tolist()  # the richest of 40 people is the top 2.5 %
    assert totals_table(sides_of(workers=10))["account"].tolist()[:2] == ["tax", "tax"]
