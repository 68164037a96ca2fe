"""Tables of accounts in ``docs/metrics.md``: they repeat what the shipped economies declare."""

from __future__ import annotations

from pathlib import Path

import pytest

import econsim
from econsim import kinds
from econsim.accounts import account_rows
from econsim.analysis.metrics import declared

PAGE = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"


def _table(economy: str) -> str:
    """Return the Markdown table of the accounts that a kind of economies declares with its default parameters."""
    game = econsim.make(economy)
    rows = [
        f"| `{name}` | {axes} | {unit} | {title} | {_code(metrics)} |"
        for name, axes, unit, title, metrics in account_rows(game.accounts_spec, game.unit)
    ]
    return "\n".join(["| account | axes | unit | meaning | metrics |", "|---|---|---|---|---|", *rows])


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", ") if name)


@pytest.mark.parametrize("economy", kinds.names("economies"))
def test_the_page_lists_the_accounts_of_every_economy(economy: str) -> None:
    table = _table(economy)
    assert table in PAGE.read_text(encoding="utf-8"), f"docs/metrics.md should hold\n{table}"


@pytest.mark.parametrize("economy", kinds.names("economies"))
def test_the_tables_name_every_metric_but_returns(economy: str) -> None:
    metrics = [name for name in declared(econsim.make(economy)) if not name.startswith("return_")]
    assert [name for name in metrics if f"`{name}`" not in _table(economy)] == []


def test_the_page_lists_the_accounts_of_a_life_cycle() -> None:
    game, plain = econsim.make("bewley", life_cycle={}), econsim.make("bewley")
    more = game.accounts_spec[len(plain.accounts_spec) :]
    rows = [
        f"| `{name}` | {axes} | {unit} | {title} | {_code(metrics)} |"
        for name, axes, unit, title, metrics in account_rows(more, game.unit)
    ]
    assert len(rows) == 5
    assert "\n".join(rows) in PAGE.read_text(encoding="utf-8")
