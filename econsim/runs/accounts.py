"""Accounts tables: one row per policy, response, seed and player; one column per declared account of players.

Populations of more than ``MOST_INDIVIDUALS`` players are stored as aggregates unless the scenario sets ``accounts``
otherwise: then there is one row per statistic (``people``, ``mean``, ``sd``, ``min``, percentiles, ``max``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from numpy.typing import NDArray

from econsim.analysis.metrics import player_accounts, player_weights
from econsim.game import Game

__all__ = ["AccountBlock", "AccountStorage", "account_blocks", "accounts_table", "write_accounts"]

AccountStorage = Literal["auto", "individuals", "aggregates"]
MOST_INDIVIDUALS = 100_000
PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)


@dataclass(frozen=True)
class AccountBlock:
    """A group of rows of the table: the labels that all of them share, and their columns."""

    labels: Mapping[str, Any]
    columns: Mapping[str, NDArray[Any]]

    def labelled(self, **labels: Any) -> AccountBlock:
        """Return the block with additional labels placed before the existing ones."""
        return AccountBlock({**labels, **self.labels}, self.columns)


def account_blocks(
    game: Game[Any], accounts: Mapping[str, Any], storage: AccountStorage = "auto"
) -> list[AccountBlock]:
    """Return the players' accounts of the first environment copy, one block for each axis of players.

    Where a game has several such axes, the label ``role`` distinguishes them (empty: all followers).
    """
    by_axis: dict[str, dict[str, NDArray[Any]]] = {}
    axes = {account.name: account.axes[0] for account in game.accounts_spec if account.is_of_players}
    for name, value in player_accounts(game, accounts).items():
        by_axis.setdefault(axes[name], {})[name] = value[0].cpu().numpy()
    has_several_axes = len(by_axis) > 1
    return [
        AccountBlock(
            {"role": axis.partition(":")[2]} if has_several_axes else {},
            _columns(columns, _weight(game, accounts, next(iter(columns))), storage),
        )
        for axis, columns in by_axis.items()
    ]


def accounts_table(blocks: Iterable[AccountBlock]) -> pa.Table | None:
    """Return all blocks as one table, or ``None`` if there are no blocks. Join blocks with the same columns first."""
    by_columns: dict[tuple[str, ...], list[AccountBlock]] = {}
    for block in blocks:
        by_columns.setdefault((*block.labels, *block.columns), []).append(block)
    tables = [_joined(members) for members in by_columns.values()]
    return pa.concat_tables(tables, promote_options="default") if tables else None


def write_accounts(opened: AbstractContextManager[BinaryIO], blocks: Iterable[AccountBlock]) -> None:
    """Write the blocks as the table that the context manager opens; write no file if there are no blocks.

    Raises:
        RunError: the disk is full.
    """
    table = accounts_table(blocks)
    if table is not None:
        with opened as file:
            pq.write_table(table, file)


def _columns(
    columns: Mapping[str, NDArray[Any]], weight: NDArray[Any] | None, storage: AccountStorage
) -> dict[str, NDArray[Any]]:
    count = len(next(iter(columns.values())))
    if storage == "individuals" or (storage == "auto" and count <= MOST_INDIVIDUALS):
        return {"player": np.arange(count), **columns}
    rows = [list(_aggregates(values, weight)) for values in columns.values()]
    names = np.array([name for name, _ in rows[0]])
    return {"statistic": names, **dict(zip(columns, (np.array([v for _, v in row]) for row in rows), strict=True))}


def _aggregates(values: NDArray[Any], weight: NDArray[Any] | None) -> Iterator[tuple[str, float]]:
    """Yield the name and the value of each statistic, weighted by the number of people."""
    people = np.ones(len(values)) if weight is None else weight.astype(float)
    mean = float(np.average(values, weights=people))
    yield "people", float(people.sum())
    yield "mean", mean
    yield "sd", float(np.sqrt(np.average((values - mean) ** 2, weights=people)))
    yield "min", float(values.min())
    quantiles = np.quantile(values, np.array(PERCENTILES) / 100, weights=people, method="inverted_cdf")
    yield from ((f"p{percent:02d}", float(value)) for percent, value in zip(PERCENTILES, quantiles, strict=True))
    yield "max", float(values.max())


def _weight(game: Game[Any], accounts: Mapping[str, Any], name: str) -> NDArray[Any] | None:
    weight = player_weights(game, accounts, name)
    return None if weight is None else weight[0].cpu().numpy()


def _joined(blocks: Sequence[AccountBlock]) -> pa.Table:
    counts = [len(next(iter(block.columns.values()))) for block in blocks]
    rows = np.repeat(np.arange(len(blocks)), counts)
    labels = {name: pa.array([block.labels[name] for block in blocks]).take(rows) for name in blocks[0].labels}
    columns = {name: np.concatenate([block.columns[name] for block in blocks]) for name in blocks[0].columns}
    return pa.table(labels | columns)
