"""The folder of a sweep, for reading: its tables as pandas, SQL over them, its runs."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econsim.errors import UserError, did_you_mean
from econsim.sweep.aggregate import RUNS, collect, metrics_of
from econsim.sweep.batch_tables import ACCOUNTS, METRICS
from econsim.sweep.index import DONE, Index
from econsim.sweep.storage import Place
from econsim.sweep.tasks import run_name

if TYPE_CHECKING:
    import pandas as pd

    from econsim.runs import Run
    from econsim.scenario import Scenario

__all__ = ["Sweep", "is_sweep", "open_sweep"]

INDEX = "index.sqlite"


class Sweep:
    """A sweep on disk. Its tables are gathered when it ends; those of an unfinished one hold what is done by then."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Sweep({str(self.path)!r})"

    @property
    def counts(self) -> dict[str, int]:
        """How many runs are ``waiting``, ``running``, ``done`` and ``failed``."""
        with Index(self.path / INDEX) as index:
            return index.counts()

    @property
    def finished(self) -> bool:
        """Whether every run is done."""
        counts = self.counts
        return counts[DONE] == sum(counts.values())

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys that the sweep varies."""
        with Index(self.path / INDEX) as index:
            levels = [record.levels for record in index.records()]
        return tuple(key for key in levels[0] if len({json.dumps(each[key]) for each in levels}) > 1)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run: ``run``, ``state``, a column a key, ``error``."""
        return self._table(RUNS)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """The long table run, policy, response, seed, role, step, name, value; a column a key that varies."""
        return self._with_keys(self._table(METRICS))

    @cached_property
    def accounts(self) -> pd.DataFrame:
        """One row a run, policy, response, seed and player; one column an account; a column a key that varies."""
        return self._with_keys(self._table(ACCOUNTS))

    def levels(self, number: int) -> dict[str, Any]:
        """Return the levels of a run by key."""
        with Index(self.path / INDEX) as index:
            return index.record(number).levels

    def scenario(self, number: int) -> Scenario:
        """Return the scenario of a run."""
        from econsim.sweep.variants import Variants

        with Index(self.path / INDEX) as index:
            members = {member.number: member for member in index.unit(index.record(number).unit).members}
            mine = members[number]
            return Variants(index.bases()[mine.base]).scenario(mine.numbers)

    def metrics_of(self, number: int) -> pd.DataFrame:
        """Return the metrics of one run that is done, whether the sweep is finished or not."""
        with Index(self.path / INDEX) as index:
            found: pd.DataFrame = metrics_of(index, self._place(index), number).to_pandas()
            return found

    def run(self, number: int) -> Run:
        """Return the run folder of a run that was made alone.

        Raises:
            UserError: there is no such run, or it was part of a batch.
        """
        from econsim.runs import open_run

        with Index(self.path / INDEX) as index:
            packed = index.record(number).packed
        if packed:
            raise UserError(
                f"{self.path}: run {number} was made in a batch and has no folder of its own;"
                f" make it with: econsim.run(sweep.scenario({number})), or sweep with --no-pack"
            )
        return open_run(self.path / run_name(number))

    def query(self, sql: str) -> pd.DataFrame:
        """Return what SQL says of the tables ``runs``, ``metrics`` and ``accounts``; see :mod:`econsim.sweep.query`."""
        from econsim.sweep.query import query

        self._gather()
        return query(self.path, sql)

    def summary(self, metric: str = "welfare") -> Any:
        """Return means, intervals, best runs, main effects and the Pareto front; see :mod:`econsim.sweep.summary`."""
        from econsim.sweep.summary import summarised

        return summarised(self, metric)

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        self._gather()
        if not (self.path / name).is_file():
            raise UserError(f"{self.path}: no run that is done has a table {name.removesuffix('.parquet')}")
        return pd.read_parquet(self.path / name)

    def _gather(self) -> None:
        """Gather the tables anew where runs have ended since."""
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        with Index(self.path / INDEX) as index:
            states = [record.state for record in index.records()]
            known = pq.read_table(self.path / RUNS, columns=["state"]) if (self.path / RUNS).is_file() else None
            if known is None or known.column("state").to_pylist() != states:
                collect(self.path, index, self._place(index))

    def _place(self, index: Index) -> Place:
        return Place(json.loads(index.about["options"])["results"] or str(self.path.resolve()))

    def _with_keys(self, table: pd.DataFrame) -> pd.DataFrame:
        taken = [key for key in self.keys if key not in table.columns]
        joined = table.merge(self.runs[["run", *taken]], on="run", how="left")
        return joined.sort_values("run", kind="stable", ignore_index=True)


def is_sweep(path: str | Path) -> bool:
    """Return whether a folder holds a sweep."""
    return (Path(path) / INDEX).is_file()


def open_sweep(path: str | Path) -> Sweep:
    """Return the sweep in a folder.

    Raises:
        UserError: there is no such folder, or it is not that of a sweep.
    """
    folder = Path(path)
    if not folder.is_dir():
        beside = folder.parent.iterdir() if folder.parent.is_dir() else ()
        known = [entry.name for entry in beside if is_sweep(entry)]
        raise UserError(f"{folder}: no such sweep{did_you_mean(folder.name, known)}")
    if not is_sweep(folder):
        raise UserError(f"{folder}: not the folder of a sweep (no {INDEX} in it)")
    return Sweep(folder)
