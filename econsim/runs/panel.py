"""Panels: the accounts of every evaluation episode by step or by period, streamed to ``panel.parquet``.

One row per policy, response, seed, episode, ``step`` (the last step of the period), ``axis`` and ``index``. On the axis
``episode`` the columns are the metrics of :func:`econsim.analysis.metrics.measure`; on the axis of a role, of
``followers``, of ``bracket`` and so on they are the accounts of each player, bracket, ... Stocks are read at the end of
``step``; flows are means over the ``steps`` steps of the period. Values are in the units that the game declares. The
rows of an episode end with the episode. An account that is named as one of the keys of a row gets the prefix
``account_``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import torch
from torch import Tensor

from econsim import random
from econsim.accounts import Account, is_player_axis
from econsim.analysis.metrics import measure
from econsim.game import Game
from econsim.runs.accounts import MOST_INDIVIDUALS
from econsim.storage.manifest import recorded

if TYPE_CHECKING:
    from econsim.scenario import Scenario

__all__ = ["EPISODE", "PANEL", "Grain", "PanelRecorder", "PanelWriter", "panel_of", "period_of"]

PANEL, EPISODE = "panel.parquet", "episode"
Grain = Literal["none", "step", "period"]
_ROWS_A_GROUP = 65_536
_LABELS = (("policy", pa.string()), ("response", pa.string()), ("seed", pa.int64()))
_PLACE = (
    ("episode", pa.int64()),
    ("step", pa.int64()),
    ("steps", pa.int64()),
    ("axis", pa.string()),
    ("index", pa.int64()),
)
_KEYS = frozenset(name for name, _ in (*_LABELS, *_PLACE))


def period_of(game: Game[Any]) -> int:
    """Return the number of steps of a period: those between two actions of the slowest leader; 1 without a leader."""
    return max((role.acts_every for role in game.roles.values() if role.leads), default=1)


@contextmanager
def panel_of(scenario: Scenario, game: Game[Any], folder: Path) -> Iterator[PanelWriter | None]:
    """Open the panel of a run for writing, ``None`` if the scenario asks for none; it appears complete or not at all.

    Raises:
        RunError: the disk is full.
    """
    if scenario.panel == "none":
        yield None
        return
    every = period_of(game) if scenario.panel == "period" else 1
    with recorded(folder, PANEL) as file:
        writer = PanelWriter(game, every, scenario.accounts, file)
        yield writer
        writer.close()


class PanelWriter:
    """Writes the rows of all episodes; at most ``_ROWS_A_GROUP`` rows, and those of one step, are in memory.

    Players of more than 100,000 are left out unless ``storage`` is ``individuals``: the metrics of each step remain.
    """

    def __init__(self, game: Game[Any], every: int, storage: str, file: Any) -> None:
        self.every = every
        self.accounts = [account for account in game.accounts_spec if _is_stored(game, account, storage)]
        metrics = measure(game, game.accounts(game.reset(random.keys(0, 1, game.device))), {})
        names = dict.fromkeys([*metrics, *(account.name for account in self.accounts)])
        self._schema = pa.schema([*_LABELS, *_PLACE, *((_column(name), pa.float64()) for name in names)])
        self._file = pq.ParquetWriter(file, self._schema)
        self._waiting: list[pa.Table] = []

    def recorder(self, game: Game[Any], labels: Mapping[str, Any]) -> PanelRecorder:
        """Return the recorder of the episodes of one score; ``labels`` are its policy, response and seed."""
        return PanelRecorder(
            game, self.every, self.accounts, lambda keys, values: self._add({**labels, **keys}, values)
        )

    def close(self) -> None:
        """Write the remaining rows and the end of the table."""
        self._flush()
        self._file.close()

    def _add(self, keys: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        columns, count = {**keys, **{_column(name): value for name, value in values.items()}}, len(keys["episode"])
        arrays = [_array(columns.get(field.name), count, field.type) for field in self._schema]
        self._waiting.append(pa.Table.from_arrays(arrays, schema=self._schema))
        if sum(table.num_rows for table in self._waiting) >= _ROWS_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._file.write_table(pa.concat_tables(self._waiting), row_group_size=_ROWS_A_GROUP)
            self._waiting.clear()


class PanelRecorder:
    """Reads a game's accounts at the end of each period of an episode; pass it to :func:`econsim.runs.evaluation.play`.

    Args:
        game: the game that is played.
        every: the number of steps of a period.
        accounts: the accounts with one axis to store, besides the metrics.
        write: a function that is called with columns of equal length: the keys of rows, and their values by name.
    """

    def __init__(
        self,
        game: Game[Any],
        every: int,
        accounts: list[Account],
        write: Callable[[Mapping[str, Any], Mapping[str, Any]], None],
    ) -> None:
        self._game, self._every, self._accounts, self._write = game, every, accounts, write
        self._flows = [account.name for account in game.accounts_spec if account.flow]
        self._totals: dict[str, Tensor] = {}
        self._time = 0
        self._last: Any = None

    def __call__(self, state: Any, over: Tensor) -> None:
        """Read the state after a step; the initial state is not the result of a step."""
        if self._time == 0:
            self._over = torch.zeros_like(over)
            self._time = 1
            return
        ended = over & ~self._over  # in the step before this one, before the end of a period
        if ended.any() and (self._time - 1) % self._every:
            self._read(self._last, ended, self._time - 1)
        self._over = over
        if self._flows:
            accounts, start = self._game.accounts(state), (self._time - 1) % self._every == 0
            for name in self._flows:
                value = accounts[name].double()
                self._totals[name] = value if start else self._totals[name] + value
        if self._time % self._every == 0:
            self._read(state, ~over, self._time)
        self._last = state
        self._time += 1

    def finish(self) -> None:
        """Read the copies that play at the end of the episode, if it is not the end of a period."""
        if self._last is not None and (self._time - 1) % self._every:
            self._read(self._last, ~self._over, self._time - 1)

    def _read(self, state: Any, copies: Tensor, step: int) -> None:
        rows = copies.nonzero().flatten()
        if not len(rows):
            return
        steps = (step - 1) % self._every + 1
        accounts = {name: value[rows] for name, value in self._game.accounts(state).items()}
        accounts |= {name: total[rows] / steps for name, total in self._totals.items()}
        place = {"step": step, "steps": steps}
        episodes = rows.cpu().numpy()
        self._write({**place, "episode": episodes, "axis": EPISODE, "index": 0}, measure(self._game, accounts, {}))
        for axis in dict.fromkeys(account.axes[0] for account in self._accounts):
            named = [account.name for account in self._accounts if account.axes[0] == axis]
            count = accounts[named[0]].shape[1]
            entries = {"episode": np.repeat(episodes, count), "index": np.tile(np.arange(count), len(rows))}
            columns = {name: accounts[name].double().cpu().numpy().ravel() for name in named}
            self._write({**place, "axis": axis.removeprefix("role:"), **entries}, columns)


def _is_stored(game: Game[Any], account: Account, storage: str) -> bool:
    if len(account.axes) != 1:
        return False
    players = sum(role.count for role in game.roles.values() if not role.leads)
    return not is_player_axis(account.axes[0]) or storage == "individuals" or players <= MOST_INDIVIDUALS


def _column(name: str) -> str:
    """Return the column of a metric or an account; one named as a key of the rows is put apart from it."""
    return f"account_{name}" if name in _KEYS else name


def _array(column: Any, count: int, kind: Any) -> Any:
    """Return a column of the table: one value for all rows is repeated, an absent column is empty."""
    if column is None:
        return pa.nulls(count, kind)
    return pa.array(column, kind) if isinstance(column, np.ndarray) else pa.repeat(pa.scalar(column, kind), count)
