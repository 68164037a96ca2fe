"""Branches of episodes: a common past, the law of a tax that changes within an episode, bands, and mistakes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from econsim import make, random
from econsim.agents import exact_household, fixed_hours, mixed_strategy, threshold_rule
from econsim.analysis.branch_plot import over_time_plot
from econsim.analysis.counterfactual import Branches, branches, over_time_table, step_on
from econsim.analysis.metrics import declared
from econsim.errors import RunError, UserError
from econsim.game import Agent, Game, leaves
from econsim.planners import fixed
from econsim.play import load_fork, play, play_on, play_until, save_fork


def rule(option: str) -> Agent:
    return threshold_rule.ThresholdRule(threshold_rule.Parameters(options=(option,)))


def planner(**parameters: Any) -> Agent:
    return fixed.Fixed(fixed.Parameters(**parameters))


def money(**parameters: Any) -> Game[Any]:
    settings = {"people": 40, "coins": 100, "exchange": "pooled", "horizon": 12, "wealth_tax": {"brackets": [0]}}
    return make("money_exchange", **{**settings, **parameters})


PERSON = {"person": mixed_strategy.MixedStrategy(mixed_strategy.Parameters())}
POLICY = (0.065, 0.25, 0.18, 0.3, 0.0, 0.6)
GAMES: dict[str, tuple[Game[Any], dict[str, Agent], dict[str, Agent]]] = {
    "money_exchange": (money(), {**PERSON, "planner": planner(action=0.05)}, {"planner": planner(action=0.4)}),
    "bewley": (
        make("bewley", households=20, periods=6, review=1, grid_points=20, productivity={"states": 2}),
        {
            "household": exact_household.ExactHousehold(exact_household.Parameters()),
            "government": planner(action=POLICY),
        },
        {"government": planner(action=(0.065, 0.25, 0.18, 0.0, 0.0, 0.6))},
    ),
    "one_step": (
        make("one_step", workers=10, tax_years=3, steps_per_tax_year=2, brackets=[0], redraw_population=True),
        {
            "worker": fixed_hours.FixedHours(fixed_hours.Parameters(hours=40)),
            "planner": planner(rates=(0.2,)),
        },
        {"planner": planner(rates=(0.5,))},
    ),
    "pandemic_states": (
        make("pandemic_states", days=12, cooldown=2, subsidy_every=3, infection_uncertainty=0.1),
        {"governor": mixed_strategy.MixedStrategy(mixed_strategy.Parameters()), "federal": planner(action=2)},
        {"governor": rule("level_9")},
    ),
}


@pytest.mark.parametrize("name", GAMES)
def test_episodes_that_were_stopped_end_as_if_they_had_not_been(name: str) -> None:
    game, agents, _ = GAMES[name]
    key = random.keys(1, 3)
    whole = play(game, agents, key)
    fork = play_until(game, agents, key, 4)
    rest = play_on(game, agents, fork)
    for leaf, value in leaves(whole.state).items():
        assert torch.equal(leaves(rest.state)[leaf], value), leaf
    for role, returns in whole.returns.items():
        assert torch.equal(rest.returns[role], returns)


@pytest.mark.parametrize("name", GAMES)
def test_a_saved_fork_goes_on_as_if_it_had_not_been_saved(name: str, tmp_path: Path) -> None:
    game, agents, _ = GAMES[name]
    fork = play_until(game, agents, random.keys(1, 3), 4)
    save_fork(fork, tmp_path / "fork")
    rest, whole = play_on(game, agents, load_fork(tmp_path / "fork", game)), play_on(game, agents, fork)
    assert all(torch.equal(leaves(rest.state)[leaf], value) for leaf, value in leaves(whole.state).items())
    assert all(torch.equal(rest.returns[role], returns) for role, returns in whole.returns.items())


def test_a_fork_of_another_game_is_refused(tmp_path: Path) -> None:
    game, agents, _ = GAMES["money_exchange"]
    save_fork(play_until(game, agents, random.keys(1, 3), 4), tmp_path / "fork")
    with pytest.raises(UserError, match="the saved fork is of a game with other states than MoneyExchange"):
        load_fork(tmp_path / "fork", money(people=50))
    with pytest.raises(RunError, match="not a readable checkpoint"):
        load_fork(tmp_path / "nothing", game)


@pytest.mark.parametrize("name", GAMES)
def test_both_sides_are_the_same_before_the_reform_and_end_as_episodes_do(name: str) -> None:
    game, agents, reform = GAMES[name]
    key = random.keys(1, 3)
    split = branches(game, agents, key, 4, reform)
    assert set(split.metrics) <= set(declared(game))
    assert all(np.array_equal(split.baseline[each][:3], split.reform[each][:3]) for each in split.metrics)
    assert any(not np.array_equal(split.baseline[each][3:], split.reform[each][3:]) for each in split.metrics)
    # A reform from step 1 is the reform of a whole episode.
    from_start = branches(game, agents, key, 1, reform).reform
    stocks = [a.name for a in game.accounts_spec if not a.flow and not a.axes and a.name in from_start]
    accounts = game.accounts(play(game, {**agents, **reform}, key).state)
    assert all(np.array_equal(from_start[stock][-1], accounts[stock].double().numpy()) for stock in stocks)


def test_a_tax_that_changes_within_an_episode_follows_its_law() -> None:
    # The variance of wealth relative to the squared mean follows v' = (2/3) (1 - t)^2 v + 1/3 in expectation, for many
    # people and coins (docstring of money_exchange); 3,000 people leave a bias of 1/3000 and no more.
    game = money(people=3000, coins=1000, horizon=24)
    agents = {**PERSON, "planner": planner(action=0.05)}
    split = branches(game, agents, random.keys(2, 8), 13, {"planner": planner(action=0.5)}, metrics=["wealth_variance"])
    for side, later in ((split.baseline, 0.05), (split.reform, 0.5)):
        expected, variance = [], 0.0
        for step in range(24):
            rate = later if step >= 12 else 0.05
            variance = (2 / 3) * (1 - rate) ** 2 * variance + 1 / 3
            expected.append(variance)
        found = side["wealth_variance"] / 1000**2
        error = found.std(1, ddof=1) / np.sqrt(8)
        # 24 means of eight episodes: 5.4 standard errors with seven degrees of freedom hold with probability 0.97.
        assert (np.abs(found.mean(1) - expected) < 5.4 * error + 1 / 3000).all()


def test_bands_are_students_t_and_common_shocks_make_them_narrow() -> None:
    game, agents, reform = GAMES["pandemic_states"]
    quiet = {**agents, "governor": rule("level_5")}
    split = branches(game, quiet, random.keys(1, 6), 4, reform, metrics=["mean_output", "mean_infected_share"])
    table = over_time_table(split)
    last = table[(table["metric"] == "mean_infected_share") & (table["step"] == 12)].iloc[0]
    before, after = (side["mean_infected_share"][-1] for side in (split.baseline, split.reform))
    interval = stats.ttest_rel(after, before).confidence_interval(0.95)
    assert (last["low"], last["high"]) == pytest.approx((interval.low, interval.high), rel=1e-9)
    unpaired = 2 * stats.t.ppf(0.975, 5) * np.hypot(before.std(ddof=1), after.std(ddof=1)) / np.sqrt(6)
    assert last["high"] - last["low"] < unpaired
    assert table["date"].iloc[0] == date(2020, 3, 23)
    assert (table.loc[table["step"] < 4, ["difference", "low", "high"]] == 0).all().all()


def test_several_seeds_are_clusters_and_one_episode_has_no_band() -> None:
    values = np.arange(12.0).reshape(2, 6)
    zero = np.zeros((2, 6))
    metric = declared(money())["wealth_variance"]
    split = Branches(1, {"x": zero}, {"x": values}, {"x": metric})
    table = over_time_table(split, seeds=3)
    means = values[0].reshape(3, 2).mean(1)
    margin = stats.t.ppf(0.975, 2) * means.std(ddof=1) / np.sqrt(3)
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx([means.mean() - margin, means.mean() + margin])
    assert over_time_table(split, seeds=1).loc[0, "difference"] == pytest.approx(values[0].mean())
    single = Branches(1, {"x": zero[:, :1]}, {"x": values[:, :1]}, {"x": metric})
    assert over_time_table(single)["low"].isna().all()


def test_the_figure_has_a_line_for_each_side_and_a_band() -> None:
    game, agents, reform = GAMES["money_exchange"]
    table = over_time_table(branches(game, agents, random.keys(0, 4), 5, reform))
    figure = over_time_plot(table, 5, ["wealth_variance"])
    levels, change = figure.axes
    baseline, with_reform, fork = (np.asarray(line.get_xydata()) for line in levels.lines)
    rows = table[table["metric"] == "wealth_variance"]
    assert baseline[:, 1].tolist() == rows["baseline"].tolist()
    assert with_reform[:, 1].tolist() == rows["reform"].tolist()
    assert fork[0, 0] == 4.5
    assert len(change.collections) == 1
    with pytest.raises(UserError, match=r"no such metric in the table.*did you mean wealth_variance"):
        over_time_plot(table, 5, ["wealth_varianc"])


def test_steps_and_dates() -> None:
    game = GAMES["pandemic_states"][0]
    assert step_on(game, "7") == 7
    assert step_on(game, "2020-03-22") == 1
    assert step_on(game, "2020-04-02") == 12
    for text, message in (
        ("2020-04-03", "expected a date from 2020-03-22 to 2020-04-02, the days of an episode"),
        ("spring", "expected the number of a step, or a date such as"),
    ):
        with pytest.raises(UserError, match=message):
            step_on(game, text)
    with pytest.raises(UserError, match="the steps of this game have no dates"):
        step_on(money(), "2020-04-03")


def test_mistakes() -> None:
    game, agents, reform = GAMES["money_exchange"]
    key = random.keys(0, 2)
    for step in (0, 13):
        with pytest.raises(UserError, match=f"from step {step}: expected a step from 1 to 12"):
            branches(game, agents, key, step, reform)
    with pytest.raises(UserError, match=r"wealth_varianc: no such metric of a step \(did you mean wealth_variance"):
        branches(game, agents, key, 2, reform, metrics=["wealth_varianc"])
    with pytest.raises(UserError, match="the reform changes what the state of the game consists of"):
        branches(game, agents, key, 2, reform_game=money(people=50))
