"""The run folder: everything needed to read, resume or repeat a run.

    runs/<name>/  scenario.yaml (resolved)  environment.json  metrics.parquet  accounts.parquet  summary.json
                  manifest.json (checksums of these and of the files below, except logs, reports, figures and tables)
                  throughput.parquet (where policies were trained; the one table that differs between repetitions)
                  checkpoints/<policy>-seed-<seed>/  episodes/<policy>.safetensors (games that can be recorded)
                  panel.parquet (where the scenario asks for a panel)  elections.json (where a planner is elected)
                  calls.jsonl  answers.sqlite  transcript.sqlite  messages.jsonl (of runs that ask a language model)
                  log.txt  report.html  figures/  tables/  certificate.json (after ``econsim equilibrium``;
                  certificate-POLICY.json for a baseline)
                  lock (held by the process that works on the run)

Every file is written under a temporary name and then renamed, so that no file is ever incomplete. Checkpoints and the
parts of the metrics of an unfinished run carry their own checksums. Files that grow (``log.txt``, ``calls.jsonl``,
``answers.sqlite``, ``transcript.sqlite``) have none.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from econsim.errors import EconsimWarning, RunError, ScenarioError, UserError, did_you_mean
from econsim.runs.backend import TENSORS
from econsim.runs.environment import command_on, describe_environment, plugin_missing, read_environment
from econsim.storage.files import new_folder
from econsim.storage.links import refuse_links
from econsim.storage.locks import LOCK, locked
from econsim.storage.manifest import MANIFEST, check, read_json, record_json, record_text
from econsim.storage.user_files import check_name, check_writable

if TYPE_CHECKING:
    import pandas as pd

    from econsim.analysis.recording import Recording
    from econsim.game import Agent
    from econsim.llm.transcript import Entry
    from econsim.scenario import Scenario
    from econsim.scenario.plan import Plan

T = TypeVar("T")

__all__ = ["Run", "create_run", "new_run", "open_run"]

_BEGINNING = {LOCK, MANIFEST, "scenario.yaml", "environment.json", "log.txt"}
"""What a run has before its first checkpoint or result."""
_SUMMARY = {"scenario": str, "unit": str, "policies": dict, "responses": list, "warnings": list}
"""The keys of the summary that its readers use, with their types."""


class Run:
    """A run on disk. Its files are read on first access and then cached."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    @property
    def stored_name(self) -> str:
        """The folder's name when the run was made, which its tables hold; the folder may have been renamed since."""
        return self.environment.get("name") or self.name

    @property
    def finished(self) -> bool:
        """Whether the run is finished."""
        return (self.path / "summary.json").is_file()

    @cached_property
    def scenario(self) -> Scenario:
        """The resolved scenario that was run; raises ``UserError`` where it needs a plug-in that is not loaded."""
        from econsim.scenario import load

        check(self.path, "scenario.yaml")
        try:
            return load(self.path / "scenario.yaml")
        except ScenarioError as error:
            missing = plugin_missing(self.path, "run")
            raise missing or error from error

    @property
    def plugins(self) -> list[str]:
        """The packages that added kinds when the run was made."""
        return [str(name) for name in self.environment["plugins"]]

    def command(self, name: str) -> str:
        """Return a command of econsim on this run, with the options that add its plug-ins, for messages."""
        return command_on(self.path, name)

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Versions, git commit, seed, device, backend, plug-ins and start time."""
        return read_environment(self.path)

    @property
    def backend(self) -> str:
        """The backend that plays the game, ``tensors`` or ``kernels``; older versions had tensors only."""
        return self.environment.get("backend") or TENSORS

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Results by policy: marginal tax rates, metrics, share of the gap closed, seeds and warnings."""
        return self.read_json("summary.json", _SUMMARY)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """The long table with the columns run, policy, response, seed, role, step, name and value."""
        return self._table("metrics.parquet")

    @cached_property
    def throughput(self) -> pd.DataFrame:
        """The speed of training, a table like ``metrics``; it is measured and differs between repetitions."""
        return self._table("throughput.parquet")

    @cached_property
    def accounts(self) -> pd.DataFrame:
        """One row per policy, response, seed and player (or statistic of many players); one column per account."""
        return self._table("accounts.parquet")

    @cached_property
    def panel(self) -> pd.DataFrame:
        """The accounts of every evaluation episode by step or period, see :mod:`econsim.runs.panel`.

        Columns: ``policy``, ``response``, ``seed``, ``episode`` (from 0), ``step`` (from 1, the last of the period),
        ``steps`` (of the period), ``axis`` (``episode``, a role, ``followers``, ``bracket``, ...), ``index`` on that
        axis (from 0), then one column per metric, filled where the axis is ``episode``, and per account, filled on its
        own axis. Stocks are those at the end of ``step``; flows are means per step over the period. Units are those
        that the game declares (``econsim describe``).

        Raises:
            UserError: the run has no panel, or is not finished.
        """
        if self.finished and not (self.path / "panel.parquet").is_file():
            raise UserError(f"{self.path}: this run has no panel; run the scenario with panel=step or panel=period")
        return self._table("panel.parquet")

    def players(self, *needed: str) -> pd.DataFrame:
        """Return the accounts of individual players.

        Raises:
            UserError: the game has none, they are stored as aggregates, or an account of ``needed`` is missing.
        """
        if not (self.path / "accounts.parquet").is_file():
            raise UserError(f"{self.path}: this game has no accounts of individual players")
        if "player" not in self.accounts:
            raise UserError(
                f"{self.path}: the accounts are stored as aggregates; run the scenario with accounts=individuals"
            )
        missing = [name for name in needed if name not in self.accounts]
        if missing:
            raise UserError(f"{self.path}: this game has no account {', '.join(missing)}")
        return self.accounts

    @cached_property
    def plan(self) -> Plan:
        """The plan of the run, built on the CPU: its game, policies, stages and responses."""
        from econsim.scenario.plan import plan_of

        return plan_of(self.scenario, self.scenario.build_game())

    @cached_property
    def agents(self) -> dict[str, Agent]:
        """The agents of the scenario's own policy by role, as fitted under its first seed."""
        from econsim.runs.load_agents import agents_of

        return agents_of(self, self.plan, self.plan.last, self.plan.last.seeds[0])

    @cached_property
    def certificate(self) -> dict[str, Any]:
        """The distance of the scenario's own policy from equilibrium, as measured by ``econsim equilibrium``."""
        if not (self.path / "certificate.json").is_file():
            raise UserError(f"{self.path}: this run has no certificate; compute it with: {self.command('equilibrium')}")
        return self.read_json("certificate.json", {})

    @cached_property
    def certificates(self) -> dict[str, dict[str, Any]]:
        """The certificates that there are, by the label of the policy; that of the run's own policy is the last."""
        baselines = sorted(path.name for path in self.path.glob("certificate-*.json"))
        own = ["certificate.json"] if (self.path / "certificate.json").is_file() else []
        found = [self.read_json(name, {}) for name in (*baselines, *own)]
        return {certificate["policy"]: certificate for certificate in found}

    def recording(self, policy: str | None = None) -> Recording:
        """Return the recorded episode of a policy, by default of the scenario's own.

        Raises:
            UserError: no episode of the policy was recorded.
        """
        from econsim.runs.recordings import load_recording

        return load_recording(self, list(self.summary["policies"])[-1] if policy is None else policy)

    def transcript(self, **selection: Any) -> list[Entry]:
        """Return the questions to a language model with its replies, in the order in which they were asked.

        Args:
            selection: ``role``, ``player`` (from 0), ``step`` (from 1), ``purpose``, ``outcome``, ``policy``, or
                ``group``.

        Raises:
            UserError: the run has no transcript, or no question is selected although it has some.
        """
        from econsim.runs.transcripts import Selection, transcript

        return list(transcript(self, Selection(**selection)))

    def read_json(self, name: str, keys: Mapping[str, Any]) -> dict[str, Any]:
        """Return the content of a JSON file of the run, after a check of its checksum and of the types of its keys.

        Raises:
            UserError: the run has not written the file yet.
            RunError: the file is damaged.
        """
        return self._read(name, lambda _: read_json(self.path, name, keys))

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        return self._read(name, pd.read_parquet)

    def _read(self, name: str, reader: Callable[[Path], T]) -> T:
        path = self.path / name
        check(self.path, name)
        if not path.is_file():
            raise UserError(f"{path}: this file does not exist yet; finish the run with: {self.command('resume')}")
        try:
            return reader(path)
        except (OSError, ValueError) as error:
            raise RunError(f"{path}: the file is damaged ({error})") from error


def open_run(path: str | Path) -> Run:
    """Return the run in folder ``path``; warn if it has no manifest, so that its files cannot be checked.

    Raises:
        UserError: there is no such folder, it is not a run, or it contains a symbolic link.
    """
    folder = Path(path)
    if not folder.is_dir():
        siblings = folder.parent.iterdir() if folder.parent.is_dir() else ()
        run_names = [entry.name for entry in siblings if (entry / "scenario.yaml").is_file()]
        raise UserError(f"{folder}: no such run{did_you_mean(folder.name, run_names)}")
    if not (folder / "scenario.yaml").is_file() or not (folder / "environment.json").is_file():
        raise UserError(f"{folder}: not a run folder (expected scenario.yaml and environment.json in it)")
    refuse_links(folder)
    if not (folder / MANIFEST).is_file():
        message = f"{folder}: this run has no {MANIFEST}, so its files are read without a check for damage"
        warnings.warn(message, EconsimWarning, stacklevel=2)
    return Run(folder)


def create_run(
    scenario: Scenario, out: Path | None, device: str, notes: Sequence[str] = (), backend: str = TENSORS
) -> Run:
    """Create the folder of a new run, as :func:`new_run` does, and release its lock."""
    with new_run(scenario, out, device, notes, backend) as run:
        return run


@contextmanager
def new_run(
    scenario: Scenario, out: Path | None, device: str, notes: Sequence[str] = (), backend: str = TENSORS
) -> Iterator[Run]:
    """Create the folder of a new run, write its scenario and environment, and hold its lock.

    Args:
        scenario: the resolved scenario that will be run.
        out: the folder; by default a new one, ``runs/<scenario>-<YYYYmmdd-HHMMSS>``, numbered if that name is taken.
        device: the device of the run, recorded in the environment.
        notes: notes on the run's settings for its readers, recorded there too.
        backend: the backend that plays the game, recorded there too.

    Raises:
        UserError: the folder is not empty, is in use, or cannot be created; its content was not changed. One that is
            raised within the context before there are results empties the folder again.
    """
    if out is not None:
        check_name(out)
    try:
        folder = out or new_folder(Path("runs") / f"{scenario.name}-{datetime.now():%Y%m%d-%H%M%S}")
        folder.mkdir(parents=True, exist_ok=True)
        _check_empty(folder)
    except OSError as error:
        raise UserError(f"{error.filename or out}: cannot create this run folder ({error.strerror})") from error
    check_writable(folder)
    with locked(folder):
        _check_empty(folder)  # another process may have finished a run in it meanwhile
        try:
            record_text(folder, "scenario.yaml", scenario.dump())
            own = {"name": folder.resolve().name, "notes": list(notes)}
            record_json(folder, "environment.json", describe_environment(scenario.seed, device, backend) | own)
        except BaseException:  # Ctrl-C too: half of a beginning could neither be resumed nor begun again
            _empty(folder)
            raise
        try:
            yield Run(folder)
        except UserError:  # a mistake that only play shows, such as taxes that pay for too little
            if {path.name for path in folder.iterdir()} <= _BEGINNING:
                _empty(folder)
            raise


def _empty(folder: Path) -> None:
    """Remove what the beginning of a run has written."""
    for path in folder.iterdir():
        if path.name != LOCK:
            path.unlink()


def _check_empty(folder: Path) -> None:
    if any(path.name != LOCK for path in folder.iterdir()):
        raise UserError(
            f"{folder}: this folder is not empty; choose another with --out, or continue its run with:"
            f" {command_on(folder, 'resume')}"
        )
