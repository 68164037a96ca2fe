"""The accounts of players as tables: individuals, or the distribution of many."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch

from econsim.accounts import Account
from econsim.game import Box, Game, Role
from econsim.runs.accounts import account_blocks, accounts_table

COUNT = 10_001


class People:
    """A game, as far as its accounts are read: ``COUNT`` workers of two kinds of weight, and three firms."""

    accounts_spec = (
        Account("income", ("role:worker",)),
        Account("weight", ("role:worker",), weight=True),
        Account("profit", ("role:firm",)),
    )
    roles: ClassVar[dict[str, Role]] = {
        "worker": Role("worker", COUNT, Box(0, 1, (1,)), Box(0, 1)),
        "firm": Role("firm", 3, Box(0, 1, (1,)), Box(0, 1)),
    }


@pytest.fixture
def accounts() -> dict[str, torch.Tensor]:
    income = torch.arange(COUNT, dtype=torch.float64)[None].flip(1)
    return {
        "income": income,
        "weight": torch.where(income < 5000, 3.0, 1.0),
        "profit": torch.tensor([[1.0, 2.0, 4.0]], dtype=torch.float64),
    }


def table(accounts: dict[str, torch.Tensor], storage: str) -> pd.DataFrame:
    game: Game[object] = People()  # type: ignore[assignment]
    blocks = [block.labelled(policy="p") for block in account_blocks(game, accounts, storage)]  # type: ignore[arg-type]
    found = accounts_table(blocks)
    assert found is not None
    frame: pd.DataFrame = found.to_pandas()
    return frame


def test_each_axis_of_players_has_rows_of_its_own(accounts: dict[str, torch.Tensor]) -> None:
    rows = table(accounts, "auto")
    assert list(rows.columns) == ["policy", "role", "player", "income", "weight", "profit"]
    assert rows["role"].value_counts().to_dict() == {"worker": COUNT, "firm": 3}
    assert rows.loc[rows["role"] == "firm", "profit"].tolist() == [1, 2, 4]
    assert rows.loc[rows["role"] == "firm", "income"].isna().all()


def test_aggregates_are_those_of_the_weighted_people(accounts: dict[str, torch.Tensor]) -> None:
    rows = table(accounts, "aggregates").set_index(["role", "statistic"])
    workers = rows.loc["worker", "income"]
    # Every person once, in order of income: those below 5,000 stand for three.
    people = np.repeat(np.arange(COUNT), np.where(np.arange(COUNT) < 5000, 3, 1))
    assert workers["people"] == len(people)
    assert workers["mean"] == pytest.approx(people.mean(), rel=1e-12)
    assert workers["sd"] == pytest.approx(people.std(), rel=1e-12)
    assert (workers["min"], workers["max"]) == (0, COUNT - 1)
    for percent in (1, 25, 50, 75, 99):
        exact = np.quantile(people, percent / 100, method="inverted_cdf")
        assert workers[f"p{percent:02d}"] == pytest.approx(exact, abs=1)
    assert rows.loc["firm", "profit"]["p50"] == 2


def test_many_are_aggregates_unless_individuals_are_asked_for(
    accounts: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("econsim.runs.accounts.MOST_INDIVIDUALS", 1000)
    assert len(table(accounts, "auto")) == 14 + 3  # statistics of workers, and the three firms
    assert len(table(accounts, "individuals")) == COUNT + 3
