"""Flow accounts of an episode: averages over its steps after the burn-in, and the time series of their metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from econsim.analysis.inequality import Floats
from econsim.analysis.metrics import measure
from econsim.game import Game

__all__ = ["FlowAccounts"]


class FlowAccounts:
    """A reader of the flow accounts of a game after every step of an episode; pass it to :func:`econsim.play.play`.

    Stock accounts add no cost: a game without flows is read once, at the end.
    """

    def __init__(self, game: Game[Any]) -> None:
        self._game = game
        self._names = [account.name for account in game.accounts_spec if account.flow]
        self._flows = {metric.name for account in game.accounts_spec if account.flow for metric in account.metrics()}
        self._totals: dict[str, Tensor] = {}
        self._steps: Tensor | None = None
        self._series: list[dict[str, float]] = []
        self._time = 0

    def __call__(self, state: Any, over: Tensor) -> None:
        """Read the state after a step; copies that were ``over`` before it are left out."""
        if not self._names or self._time == 0:  # the initial state is not the result of a step
            self._time += 1
            return
        accounts, playing = self._game.accounts(state), ~over
        self._series.append(self._means(accounts, playing))
        if self._time > self._game.burn_in:
            self._add(accounts, playing)
        self._time += 1

    def accounts(self, state: Any) -> dict[str, Tensor]:
        """Return the accounts of the episode that ended in ``state``: stocks at the end, flows averaged over steps."""
        accounts = self._game.accounts(state)
        if self._steps is None:
            return accounts
        steps = self._steps.clamp(min=1.0)
        return accounts | {name: total / _shaped(steps, total) for name, total in self._totals.items()}

    @property
    def series(self) -> dict[str, Floats]:
        """The metrics of flow accounts by step, ``{name: [T]}``, means over the copies that are not over."""
        names = self._series[0] if self._series else {}
        return {name: np.array([row[name] for row in self._series]) for name in names}

    def _add(self, accounts: dict[str, Tensor], playing: Tensor) -> None:
        counted = playing.double()
        self._steps = counted if self._steps is None else self._steps + counted
        for name in self._names:
            value = accounts[name].double()
            value = value * _shaped(counted, value)
            self._totals[name] = value if name not in self._totals else self._totals[name] + value

    def _means(self, accounts: dict[str, Tensor], playing: Tensor) -> dict[str, float]:
        rows = playing.nonzero().flatten()
        here = {name: value[rows] for name, value in accounts.items()}
        metrics = measure(self._game, here, {}) if len(rows) else {}
        return {name: float(metrics[name].mean()) if metrics else float("nan") for name in sorted(self._flows)}


def _shaped(counts: Tensor, value: Tensor) -> Tensor:
    """Return counts ``[B]`` in the shape that broadcasts over ``value`` ``[B, ...]``."""
    return counts.view(-1, *[1] * (value.ndim - 1))
