"""The folder of a sweep, opened for reading: its tables as pandas data frames, SQL queries, and its runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from econsim.errors import ScenarioError, UserError, did_you_mean
from econsim.runs.environment import command_on, plugin_missing
from econsim.storage.links import refuse_links
from econsim.sweep.aggregate import RUNS, collect, metrics_of
from econsim.sweep.batch_tables import ACCOUNTS, METRICS
from econsim.sweep.index import DONE, Index
from econsim.sweep.storage import Place
from econsim.sweep.tasks import run_name

if TYPE_CHECKING:
    import pandas as pd

    from econsim.runs import Run
    from econsim.scenario import Scenario
    from econsim.sweep.held_out import HeldOut
    from econsim.sweep.summary import Summary

__all__ = ["Sweep", "is_sweep", "open_sweep"]

INDEX = "index.sqlite"


class Sweep:
    """A sweep on disk. The tables of an unfinished sweep contain the runs that are done so far."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Sweep({str(self.path)!r})"

    @property
    def counts(self) -> dict[str, int]:
        """The number of runs that are ``waiting``, ``running``, ``done`` and ``failed``."""
        with Index(self.path / INDEX) as index:
            return index.counts()

    @property
    def finished(self) -> bool:
        """Whether every run is done."""
        counts = self.counts
        return counts[DONE] == sum(counts.values())

    @cached_property
    def options(self) -> dict[str, Any]:
        """The options that the sweep was started with, see :class:`econsim.sweep.Options`."""
        with Index(self.path / INDEX) as index:
            options: dict[str, Any] = json.loads(index.about["options"])
        return options

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys that the sweep varies."""
        with Index(self.path / INDEX) as index:
            levels = [record.levels for record in index.records()]
        return tuple(key for key in levels[0] if len({json.dumps(run[key]) for run in levels}) > 1)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run: ``run``, ``state``, one column per key, ``error``."""
        return self._table(RUNS)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """The long table with run, policy, response, seed, role, step, name, value, and a column per varying key."""
        return self._with_keys(self._table(METRICS))

    @cached_property
    def accounts(self) -> pd.DataFrame:
        """One row per run, policy, response, seed and player; one column per account and per varying key."""
        return self._with_keys(self._table(ACCOUNTS))

    def levels(self, number: int) -> dict[str, Any]:
        """Return the levels of a run by key."""
        with Index(self.path / INDEX) as index:
            return index.record(number).levels

    def scenario(self, number: int) -> Scenario:
        """Return the scenario of a run; raises ``UserError`` where it needs a plug-in that is not loaded."""
        from econsim.sweep.variants import Variants

        with Index(self.path / INDEX) as index:
            members = {member.number: member for member in index.unit(index.record(number).unit).members}
            member = members[number]
            try:
                return Variants(index.bases()[member.base]).scenario(member.numbers)
            except (ScenarioError, ValidationError) as error:
                raise plugin_missing(self.path, "sweep") or error from error

    def command(self, name: str) -> str:
        """Return a command of econsim on this sweep, with the options that add its plug-ins, for messages."""
        return command_on(self.path, name)

    def metrics_of(self, number: int) -> pd.DataFrame:
        """Return the metrics of one run that is done, whether the sweep is finished or not."""
        with Index(self.path / INDEX) as index:
            metrics: pd.DataFrame = metrics_of(index, self._place(), number).to_pandas()
            return metrics

    def run(self, number: int) -> Run:
        """Return the run with this number, if it has a folder of its own.

        Raises:
            UserError: there is no such run, or it was part of a batch.
        """
        from econsim.runs import open_run

        with Index(self.path / INDEX) as index:
            packed = index.record(number).packed
        if packed:
            raise UserError(
                f"{self.path}: run {number} was executed in a batch and has no folder of its own;"
                f" run it with econsim.run(sweep.scenario({number})), or start the sweep with --no-pack"
            )
        return open_run(self.path / run_name(number))

    def query(self, sql: str) -> pd.DataFrame:
        """Run an SQL query on ``runs``, ``metrics`` and ``accounts``; see :mod:`econsim.sweep.query`."""
        from econsim.sweep.query import query

        self._gather()
        return query(self.path, sql, self.keys)

    def summary(
        self, metric: str | None = None, frontier: str | None = None, best: str | None = None, agreed: bool = True
    ) -> Summary:
        """Return means, intervals, the best points, main effects and a frontier; see :mod:`econsim.sweep.summary`.

        Args:
            metric: a metric of an episode, or ``NAME:min`` where less is better; by default welfare.
            frontier: two metrics; by default those that the sweep was started with, or ``"equality,productivity"``.
            best: the metric of a winner that is evaluated on held-out seeds, see :meth:`held_out`.
            agreed: as for :meth:`held_out`.

        Raises:
            UserError: no run is done, or no run has one of the metrics.
        """
        from econsim.sweep.goals import goals_of_pair
        from econsim.sweep.summary import summarised

        pair = frontier or self.options.get("frontier")
        winner = None if best is None else self.held_out(best, agreed=agreed)
        return summarised(self, metric or best, goals_of_pair(pair) if pair else None, winner)

    def held_out(
        self, metric: str = "welfare", within: Mapping[str, Any] | None = None, agreed: bool = True
    ) -> HeldOut:
        """Return the best point by a metric, with its interval on held-out seeds; see :mod:`econsim.sweep.held_out`.

        Args:
            metric: a metric of an episode, or ``NAME:min`` where less is better.
            within: levels by key; the choice is among the points that have them.
            agreed: the user agrees to calls to a language model, if runs of the winner make any.

        Raises:
            UserError: no run is done, no run has the metric, or the sweep is in use.
        """
        from econsim.sweep.held_out import held_out_of

        return held_out_of(self, metric, within or {}, agreed)

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        self._gather()
        if not (self.path / name).is_file():
            raise UserError(f"{self.path}: no finished run has a table {name.removesuffix('.parquet')}")
        return pd.read_parquet(self.path / name)

    def _gather(self) -> None:
        """Collect the tables again if runs have ended since they were last collected."""
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        with Index(self.path / INDEX) as index:
            states = [record.state for record in index.records()]
            table = pq.read_table(self.path / RUNS, columns=["state"]) if (self.path / RUNS).is_file() else None
            if table is None or table.column("state").to_pylist() != states:
                collect(self.path, index, self._place())

    def _place(self) -> Place:
        return Place(self.options["results"] or str(self.path.resolve()))

    def _with_keys(self, table: pd.DataFrame) -> pd.DataFrame:
        new_keys = [key for key in self.keys if key not in table.columns]
        joined = table.merge(self.runs[["run", *new_keys]], on="run", how="left")
        return joined.sort_values("run", kind="stable", ignore_index=True)


def is_sweep(path: str | Path) -> bool:
    """Return whether a folder holds a sweep."""
    return (Path(path) / INDEX).is_file()


def open_sweep(path: str | Path) -> Sweep:
    """Return the sweep in a folder.

    Raises:
        UserError: there is no such folder, it is not the folder of a sweep, or it contains a symbolic link.
    """
    folder = Path(path)
    if not folder.is_dir():
        siblings = folder.parent.iterdir() if folder.parent.is_dir() else ()
        sweep_names = [entry.name for entry in siblings if is_sweep(entry)]
        raise UserError(f"{folder}: no such sweep{did_you_mean(folder.name, sweep_names)}")
    if not is_sweep(folder):
        raise UserError(f"{folder}: not the folder of a sweep (expected {INDEX} in it)")
    refuse_links(folder, everywhere=False)
    return Sweep(folder)
