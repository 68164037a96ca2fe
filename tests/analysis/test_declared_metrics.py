"""Metrics of declared accounts: what is declared decides, never a shape or a name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from flow_economy import Wages
from torch import Tensor

import econsim
from econsim import random
from econsim.accounts import Account, Statistic
from econsim.analysis.flows import FlowAccounts
from econsim.analysis.metrics import check_declared, declaration_errors, declared, measure, player_accounts
from econsim.errors import UserError
from econsim.play import play

COPIES = 2


class Idle:
    """Chooses zero."""

    def start(self, game: object, role: object, num_envs: int) -> None:
        return None

    def act(self, observation: object, memory: None, key: Tensor) -> tuple[Tensor, None]:
        return torch.zeros(observation.alive.shape), None  # type: ignore[attr-defined]


def played(game: Wages) -> tuple[Mapping[str, Tensor], FlowAccounts]:
    flows = FlowAccounts(game)
    episode = play(game, {"worker": Idle(), "firm": Idle()}, random.keys(0, COPIES), flows)
    return flows.accounts(episode.state), flows


def test_flows_are_averages_over_the_steps_after_the_burn_in_and_stocks_are_read_at_the_end() -> None:
    game = Wages()
    accounts, _ = played(game)
    found = measure(game, accounts, {})
    # Steps 2 to 5 after a burn-in of one, and 2 to 3 where the copy is over by then: means 3.5 and 2.5 of the step.
    assert found["gdp"] == pytest.approx([3 * 3.5 + 3, 3 * 2.5 + 3], abs=1e-12)
    # Four people: two of one each and two of the third kind, whose wage is two above the first one's.
    assert found["mean_wage"] == pytest.approx([3.5 + 5 / 4, 2.5 + 5 / 4], abs=1e-12)
    assert found["total_wage"] == pytest.approx([4 * 3.5 + 5, 4 * 2.5 + 5], abs=1e-12)
    assert found["steps"] == pytest.approx([5, 5])  # a stock: play goes on in copies that are over, and it counts on
    # Firms have no weights, and a half of them has everything.
    assert found["mean_profit"] == pytest.approx([7.5, 7.5])
    assert found["profit_gini"] == pytest.approx([0.5, 0.5], abs=1e-12)


def test_the_series_of_a_flow_is_the_mean_over_copies_that_still_play() -> None:
    _, flows = played(Wages())
    assert flows.series["gdp"] == pytest.approx([6, 9, 12, 15, 18], abs=1e-12)
    assert flows.series["mean_wage"] == pytest.approx(np.arange(1, 6) + 5 / 4, abs=1e-12)
    assert "steps" not in flows.series


def test_metrics_are_declared_with_title_and_unit() -> None:
    metrics = declared(Wages())
    assert (metrics["mean_wage"].title, metrics["mean_wage"].unit) == ("Mean wage", "USD")
    assert (metrics["profit_gini"].title, metrics["profit_gini"].unit) == ("Gini of profit", "")
    assert metrics["return_firm"].show == "never"
    game = Wages()
    game.accounts_spec = ()  # type: ignore[misc]
    assert {name: metric.show for name, metric in declared(game).items()} == {
        "return_worker": "table",
        "return_firm": "table",
    }


def test_seven_workers_and_seven_brackets_are_not_confused() -> None:
    game = econsim.make("one_step", workers=7).to(dtype=torch.float64)
    accounts = game.accounts(game.reset(random.keys(0, 3)))
    assert accounts["rates"].shape == accounts["income"].shape == (3, 7)
    assert not {"rates", "thresholds"} & player_accounts(game, accounts).keys()
    assert not {"mean_rates", "mean_thresholds"} & measure(game, accounts, {}).keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gdp": Account("gpd")}, "'gdp', which accounts_spec does not declare"),
        ({"wage": Account("wage", ("role:firm",))}, "'wage' has 3 entries along role:firm, expected 2"),
        ({"wage": Account("wage", ("followers",))}, "'wage' has 3 entries along followers, expected 5"),
        (
            {"wage": Account("wage", ("role:sower",))},
            "'wage' has 3 entries along role:sower, a role that the game does not have",
        ),
        ({"wage": Account("wage", ("role:worker", "period"))}, r"\[2, 3\], declared \[2, role:worker, period\]"),
        ({"wage": Account("wage", ("x",)), "profit": Account("profit", ("x",))}, "2 entries along x, expected 3"),
        ({"people": Account("steps")}, "accounts_spec declares 'steps' twice"),
        ({"profit": Account("profit", ("role:firm",), statistics=(Statistic(name="steps"),))}, "the metric 'steps'"),
    ],
)
def test_a_wrong_declaration_is_named_before_any_work(change: dict[str, Account], message: str) -> None:
    game = Wages()
    game.accounts_spec = tuple(change.get(account.name, account) for account in game.accounts_spec)  # type: ignore[misc]
    with pytest.raises(UserError, match=message):
        check_declared(game, random.keys(0, COPIES))


def test_shipped_economies_declare_their_accounts() -> None:
    for name in ("one_step", "gather_trade_build", "gather_trade_build_two_regions"):
        game = econsim.make(name)
        assert declaration_errors(game, game.accounts(game.reset(random.keys(0, 3))), 3) == []


def test_splitting_a_person_in_two_of_half_the_weight_changes_no_metric() -> None:
    game = Wages()
    accounts = dict(player_accounts(game, game.accounts(game.reset(random.keys(0, 1)))))
    accounts |= {"gdp": torch.ones(1), "steps": torch.ones(1)}
    again = torch.tensor([0, 1, 2, 2])
    halves = {**accounts, "wage": accounts["wage"][:, again], "people": torch.tensor([[1.0, 1.0, 1.0, 1.0]])}
    with_gini = {
        "wage": Account("wage", ("role:worker",), statistics=(Statistic(), Statistic("total"), Statistic("gini")))
    }
    game.accounts_spec = tuple(with_gini.get(each.name, each) for each in game.accounts_spec)  # type: ignore[misc]
    one, other = measure(game, accounts, {}), measure(game, halves, {})
    assert {name: float(values[0]) for name, values in one.items()} == pytest.approx(
        {name: float(values[0]) for name, values in other.items()}, abs=1e-12
    )


def test_axes_that_are_no_tuple_are_refused() -> None:
    with pytest.raises(TypeError, match=r"account 'income': axes is a tuple of names; write \('role:worker',\)"):
        Account("income", "role:worker")  # type: ignore[arg-type]
