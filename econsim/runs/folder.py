"""The run folder: everything needed to read, resume or repeat a run.

    runs/<name>/  scenario.yaml (resolved)  environment.json  metrics.parquet  accounts.parquet  summary.json
                  throughput.parquet (where minds were trained; the one table that differs from run to run)
                  checkpoints/<policy>-seed-<seed>/  episodes/<policy>.safetensors (games that can be pictured)
                  log.txt  report.html  figures/  tables/  certificate.json (once ``econsim equilibrium`` made it)

Every file appears by rename, whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from econsim import kinds
from econsim.errors import RunError, ScenarioError, UserError, did_you_mean
from econsim.runs.environment import describe_environment
from econsim.storage.files import write_json, write_text

if TYPE_CHECKING:
    import pandas as pd

    from econsim.analysis.recording import Recording
    from econsim.game import Agent
    from econsim.scenario import Scenario
    from econsim.scenario.plan import Plan

T = TypeVar("T")

__all__ = ["Run", "create_run", "open_run"]


class Run:
    """A run on disk. What it holds is read when asked for, then kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.path / "summary.json").is_file()

    @cached_property
    def scenario(self) -> Scenario:
        """The resolved scenario that was run; raises ``UserError`` where it needs a plug-in that is not loaded."""
        from econsim.scenario import load

        try:
            return load(self.path / "scenario.yaml")
        except ScenarioError as error:
            missing = [name for name in self.plugins if name not in kinds.plugins()]
            if not missing:
                raise
            options = " ".join(f"--plugin {name}" for name in missing)
            raise UserError(f"{self.path}: made with a plug-in that is not loaded; add {options}") from error

    @property
    def plugins(self) -> list[str]:
        """The packages that added kinds when the run was made."""
        names: list[str] = self.environment.get("plugins", [])
        return names

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Versions, git commit, seed, device and start time."""
        return self._json("environment.json")

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Results by policy: rates, metrics, share of the gap closed, seeds, warnings."""
        return self._json("summary.json")

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """The long table run, policy, response, seed, role, step, name, value."""
        return self._table("metrics.parquet")

    @cached_property
    def throughput(self) -> pd.DataFrame:
        """How fast training was, a table like ``metrics``: measured, so that it differs from run to run."""
        return self._table("throughput.parquet")

    @cached_property
    def accounts(self) -> pd.DataFrame:
        """One row per policy, response, seed and player (or statistic of many players); one column per account."""
        return self._table("accounts.parquet")

    def players(self, *needed: str) -> pd.DataFrame:
        """Return the accounts of individual players.

        Raises:
            UserError: the game keeps none, they are stored as aggregates, or an account of ``needed`` is missing.
        """
        if not (self.path / "accounts.parquet").is_file():
            raise UserError(f"{self.path}: this game keeps no accounts of players")
        if "player" not in self.accounts:
            raise UserError(f"{self.path}: accounts are stored as aggregates; run it with accounts=individuals")
        missing = [name for name in needed if name not in self.accounts]
        if missing:
            raise UserError(f"{self.path}: this game has no account {', '.join(missing)}")
        return self.accounts

    @cached_property
    def plan(self) -> Plan:
        """What the run does, on the CPU: its game, policies, stages and responses."""
        from econsim.scenario.plan import plan_of

        return plan_of(self.scenario, self.scenario.build_game())

    @cached_property
    def agents(self) -> dict[str, Agent]:
        """The agents of the scenario's own policy by role, as fitted under its first seed."""
        from econsim.runs.load_agents import agents_of

        return agents_of(self, self.plan, self.plan.last, self.plan.last.seeds[0])

    @cached_property
    def certificate(self) -> dict[str, Any]:
        """How far the scenario's own policy is from equilibrium: what ``econsim equilibrium`` found."""
        if not (self.path / "certificate.json").is_file():
            raise UserError(f"{self.path}: this run has no certificate; make it with: econsim equilibrium {self.path}")
        return self._json("certificate.json")

    def recording(self, policy: str | None = None) -> Recording:
        """Return the episode that was kept of a policy, by default the scenario's own.

        Raises:
            UserError: none was kept of it.
        """
        from econsim.runs.recordings import load_recording

        return load_recording(self, list(self.summary["policies"])[-1] if policy is None else policy)

    def _json(self, name: str) -> dict[str, Any]:
        def read(path: Path) -> dict[str, Any]:
            content = json.loads(path.read_text("utf-8"))
            if not isinstance(content, dict):
                raise ValueError("not a mapping")
            return content

        return self._read(name, read)

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        return self._read(name, pd.read_parquet)

    def _read(self, name: str, reader: Callable[[Path], T]) -> T:
        path = self.path / name
        if not path.is_file():
            raise UserError(f"{path}: not there yet; finish the run with: econsim resume {self.path}")
        try:
            return reader(path)
        except (OSError, ValueError) as error:
            raise RunError(f"{path}: damaged ({error})") from error


def open_run(path: str | Path) -> Run:
    """Return the run in folder ``path``.

    Raises:
        UserError: there is no such folder, or it is not a run.
    """
    folder = Path(path)
    if not folder.is_dir():
        beside = folder.parent.iterdir() if folder.parent.is_dir() else ()
        known = [entry.name for entry in beside if (entry / "scenario.yaml").is_file()]
        raise UserError(f"{folder}: no such run{did_you_mean(folder.name, known)}")
    if not (folder / "scenario.yaml").is_file() or not (folder / "environment.json").is_file():
        raise UserError(f"{folder}: not a run folder (no scenario.yaml and environment.json in it)")
    return Run(folder)


def create_run(scenario: Scenario, out: Path | None, device: str, notes: Sequence[str] = ()) -> Run:
    """Make the folder of a new run and write its scenario and environment.

    Args:
        scenario: what will be run, resolved.
        out: the folder; by default ``runs/<scenario>-<YYYYmmdd-HHMMSS>``.
        device: where it will be run, noted in the environment.
        notes: what a reader of the run should know of its settings, kept there too.

    Raises:
        UserError: the folder holds something already, or cannot be made; nothing in it was touched.
    """
    folder = out or Path("runs") / f"{scenario.name}-{datetime.now():%Y%m%d-%H%M%S}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise UserError(f"{folder}: cannot make this run folder ({error.strerror})") from error
    if occupied:
        raise UserError(
            f"{folder}: this folder is not empty; choose another with --out, or continue its run with:"
            f" econsim resume {folder}"
        )
    write_text(folder / "scenario.yaml", scenario.dump())
    environment = describe_environment(scenario.seed, device) | {"notes": list(notes)}
    write_json(folder / "environment.json", environment)
    return Run(folder)
