"""The continuous double auction: whose orders meet, at what price, how long and how many (spec of 1.5)."""

from __future__ import annotations

import pytest
from exchange import COIN, Exchange


def test_the_older_order_names_the_price() -> None:
    # Worker 0 sells to worker 1, who offers more; who came first decides.
    assert Exchange().place({0: "ask_stone_3"}).place({1: "bid_stone_7"}).gains() == {0: (3.0, -1), 1: (-3.0, 1)}
    assert Exchange().place({1: "bid_stone_7"}).place({0: "ask_stone_3"}).gains() == {0: (7.0, -1), 1: (-7.0, 1)}


def test_orders_of_one_age_trade_at_the_ask_and_the_excess_comes_back() -> None:
    market = Exchange().place({0: "bid_stone_7", 1: "ask_stone_3"})
    assert market.gains() == {0: (-3.0, 1), 1: (3.0, -1)}
    assert market.world.coin[0].tolist() == [COIN - 3, COIN + 3, COIN, COIN]
    assert market.world.coin_in_escrow.abs().sum() == 0


def test_orders_that_do_not_cross_stay_open_in_escrow() -> None:
    market = Exchange().place({0: "bid_stone_3", 1: "ask_stone_4"})
    assert market.open_orders() == (1, 1)
    assert market.world.coin[0].tolist() == [COIN - 3, COIN, COIN, COIN]
    assert market.world.coin_in_escrow[0].tolist() == [3, 0, 0, 0]
    assert market.world.goods[0, :, 0].tolist() == [10, 9, 10, 10]
    assert market.world.goods_in_escrow[0, :, 0].tolist() == [0, 1, 0, 0]
    assert (market.world.endowment == COIN).all()  # what utility, income and welfare count


def test_the_highest_bid_meets_the_lowest_ask_first() -> None:
    market = Exchange(5).place({0: "bid_stone_4", 1: "bid_stone_6", 2: "bid_stone_5"})
    market.place({3: "ask_stone_4", 4: "ask_stone_2"})
    # The best pair, 6 and 2, then 5 and 4, each at the older bid; the bid of 4 stays.
    assert market.gains() == {1: (-6.0, 1), 4: (6.0, -1), 2: (-5.0, 1), 3: (5.0, -1)}
    assert market.open_orders() == (1, 0)


@pytest.mark.parametrize(("side", "other"), [("bid", "ask"), ("ask", "bid")])
def test_between_equal_prices_the_older_order_goes_first(side: str, other: str) -> None:
    market = Exchange().place({3: f"{side}_stone_5"}).place({0: f"{side}_stone_5"}).place({1: f"{other}_stone_5"})
    assert set(market.gains()) == {1, 3}


@pytest.mark.parametrize(("side", "other"), [("bid", "ask"), ("ask", "bid")])
def test_between_equal_orders_of_one_step_the_lower_number_goes_first(side: str, other: str) -> None:
    market = Exchange().place({3: f"{side}_stone_5", 2: f"{side}_stone_5"}).place({0: f"{other}_stone_5"})
    assert set(market.gains()) == {0, 2}


def test_nobody_trades_with_itself() -> None:
    market = Exchange().place({0: "ask_stone_3"}).place({0: "bid_stone_6"})
    assert market.gains() == {}
    assert market.open_orders() == (1, 1)
    # A dearer ask of another is met past one's own cheaper one ...
    assert market.place({1: "ask_stone_5"}).gains() == {0: (-6.0, 1), 1: (6.0, -1)}
    # ... and a lower bid of another meets it past one's own higher one.
    market = Exchange().place({0: "ask_stone_3"}).place({0: "bid_stone_6"}).place({1: "bid_stone_4"})
    assert market.gains() == {0: (3.0, -1), 1: (-3.0, 1)}


def test_a_buyer_whom_nobody_meets_does_not_hold_up_others() -> None:
    # Worker 0 has the best bids and nobody else's ask to meet: worker 1 trades, then worker 2.
    market = Exchange().place({0: "ask_stone_2"}).place({0: "ask_stone_3"}).place({0: "bid_stone_9"})
    market.place({0: "bid_stone_8", 1: "bid_stone_5", 2: "bid_stone_4"})
    assert market.gains() == {0: (5.0, -2), 1: (-2.0, 1), 2: (-3.0, 1)}


def test_goods_have_markets_of_their_own() -> None:
    market = Exchange().place({0: "bid_stone_9", 1: "ask_wood_1"})
    assert market.open_orders() == (1, 1)
    assert market.place({2: "ask_stone_9", 3: "bid_wood_1"}).open_orders() == (0, 0)


def test_an_order_takes_part_in_51_rounds() -> None:
    in_time = Exchange().place({0: "bid_stone_5"}).wait(49).place({1: "ask_stone_5"})
    assert in_time.gains() == {0: (-5.0, 1), 1: (5.0, -1)}  # the 51st step of the bid
    late = Exchange().place({0: "bid_stone_5"}).wait(50)
    assert late.open_orders() == (0, 0)
    assert late.world.coin_in_escrow.sum() == 0
    assert (late.world.coin == COIN).all()
    assert late.place({1: "ask_stone_5"}).gains() == {}
    asks = Exchange(order_duration=2).place({0: "ask_wood_5"}).wait(2)
    assert asks.open_orders() == (0, 0)
    assert (asks.world.goods == 10).all()


def test_five_orders_a_good_bids_and_asks_together() -> None:
    market = Exchange()
    for order in ("bid_stone_1", "bid_stone_1", "ask_stone_9", "ask_stone_9", "bid_stone_2"):
        assert market.may(0, order)
        market.place({0: order})
    labour = float(market.world.labour[0, 0])
    assert not market.may(0, "bid_stone_1")
    assert not market.may(0, "ask_stone_9")
    assert market.may(0, "bid_wood_1")
    market.place({0: "bid_stone_1"}).place({0: "ask_stone_9"})
    assert market.open_orders() == (3, 2)
    assert float(market.world.labour[0, 0]) == labour  # an order that is not placed costs nothing
    assert market.place({1: "bid_stone_10"}).may(0, "bid_stone_1")  # a sale makes room


def test_bids_need_the_coin_at_hand_and_asks_the_unit() -> None:
    market = Exchange()
    for _ in range(5):
        market.place({0: "bid_stone_10"}).place({0: "bid_wood_10"})
    assert market.world.coin[0, 0] == 0
    assert market.world.coin_in_escrow[0, 0] == 100
    poor = Exchange(open_orders=20)
    for _ in range(9):
        poor.place({0: "bid_stone_10"})
    poor.place({0: "bid_stone_3"})
    assert poor.may(0, "bid_stone_7")
    assert not poor.may(0, "bid_stone_8")  # coin in escrow does not count
    assert poor.place({0: "bid_stone_8"}).open_orders() == (10, 0)
    sold_out = Exchange(open_orders=20)
    for _ in range(11):
        sold_out.place({0: "ask_stone_5"})
    assert sold_out.open_orders() == (0, 10)
    assert not sold_out.may(0, "ask_stone_5")
    assert sold_out.may(0, "bid_stone_5")


def test_an_order_costs_a_quarter_of_labour_when_it_is_placed() -> None:
    market = Exchange().place({0: "bid_stone_5", 1: "ask_stone_5"}).wait(3)
    assert market.world.labour[0].tolist() == [0.25, 0.25, 0, 0]


def test_markets_remember_sales_and_forget_them_slowly() -> None:
    market = Exchange().place({0: "bid_stone_4", 1: "ask_stone_4"}).place({0: "bid_stone_8", 1: "ask_stone_8"}).wait(10)
    first, second = 0.995**11, 0.995**10
    assert market.sees(3, "price_history-stone_4") == pytest.approx(0.01 * first, abs=1e-12)  # shown in hundreds
    assert market.sees(3, "price_history-stone_8") == pytest.approx(0.01 * second, abs=1e-12)
    rate = (4 * first + 8 * second) / (first + second)
    assert market.sees(3, "market_rate-stone") == pytest.approx(rate, abs=1e-12)
    assert market.sees(3, "market_rate-wood") == 0


def test_workers_see_others_orders_apart_from_their_own() -> None:
    market = Exchange().place({0: "bid_stone_2", 1: "bid_stone_2", 2: "ask_stone_9"})
    assert [market.sees(worker, "available_bids-stone_2") for worker in range(4)] == [1, 1, 2, 2]
    assert [market.sees(worker, "my_bids-stone_2") for worker in range(4)] == [1, 1, 0, 0]
    assert [market.sees(worker, "available_asks-stone_9") for worker in range(4)] == [1, 1, 0, 1]
    assert [market.sees(worker, "my_asks-stone_9") for worker in range(4)] == [0, 0, 1, 0]


def test_the_accounts_of_the_market_are_units_coin_and_their_ratio() -> None:
    market = Exchange()
    accounts = market.game.accounts(market.state)
    assert [accounts[name].tolist() for name in ("units_traded", "coin_traded", "mean_price")] == [[0.0], [0.0], [0.0]]
    market.place({0: "ask_stone_3"}).place({1: "bid_stone_7"}).place({2: "ask_wood_8"}).place({3: "bid_wood_9"})
    accounts = market.game.accounts(market.state)  # a stone for 3 coin, a unit of wood for 8
    assert [accounts[name].tolist() for name in ("units_traded", "coin_traded", "mean_price")] == [[2.0], [11.0], [5.5]]
