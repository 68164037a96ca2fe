"""Stage recorders: the metrics rows, checkpoints, progress and warnings of the learner of one stage."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from econsim.errors import EconsimWarning
from econsim.learning import MEASURED
from econsim.runs.checkpoints import Checkpoints
from econsim.runs.costs import COST
from econsim.runs.folder import Run
from econsim.runs.metrics_table import MetricRow, MetricsWriter
from econsim.runs.progress import Progress, clock_time
from econsim.scenario.plan import Stage
from econsim.storage.manifest import record_json
from econsim.storage.states import load_state, save_state

__all__ = ["Advice", "StageRecorder", "common_step", "load_fitted", "save_fitted", "stored_in_words"]

EVALUATIONS = "leader_evaluations"


@dataclass
class Advice:
    """The warnings of a run, without repetitions and in order of occurrence, saved with every checkpoint."""

    messages: list[str] = field(default_factory=list)

    def add(self, message: str) -> None:
        """Add a warning unless it has been added before."""
        if message not in self.messages:
            self.messages.append(message)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Collect every :class:`EconsimWarning` issued within the context; show other warnings as usual."""
        with warnings.catch_warnings():
            warnings.simplefilter("always", EconsimWarning)
            show = warnings.showwarning

            def keep(message: Warning | str, category: type[Warning], *location: Any, **options: Any) -> None:
                if issubclass(category, EconsimWarning):
                    self.add(str(message))
                else:
                    show(message, category, *location, **options)

            warnings.showwarning = keep
            yield


class StageRecorder:
    """Implements :class:`econsim.learning.Recorder` for one stage of a run.

    A recorder is created when the stage starts or is resumed. Metrics written after the newest checkpoint of the stage
    are dropped; without a checkpoint, only the first ``parts`` parts, those of the previous stages, are kept. Stages
    that are fitted together continue from ``at_most``, the newest step that all of them have stored.
    """

    def __init__(
        self,
        run: Run,
        stage: Stage,
        metrics: MetricsWriter,
        measured: MetricsWriter,
        advice: Advice,
        progress: Progress,
        parts: int = 0,
        at_most: int | None = None,
    ) -> None:
        self._run, self._stage = run, stage
        self._metrics, self._measured = metrics, measured
        self._advice = advice
        self._progress = progress
        self._checkpoints = Checkpoints(_folder(run, stage))
        self._newest = self._checkpoints.newest(at_most)
        if at_most is not None:
            self._checkpoints.drop_after(at_most)
        metrics.keep(parts if self._newest is None else max(parts, self._newest["metrics_parts"]))
        if self._newest is not None:
            advice.messages[:] = self._newest["warnings"]
        self._began = time.process_time() - (self._newest or {}).get("cpu_seconds", 0.0)
        self._evaluations: dict[str, float] = {}

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Add one value to the metrics table, or to the throughput table if its name marks it as measured."""
        table = self._measured if name.startswith(MEASURED) else self._metrics
        table.add(MetricRow(self._stage.policy.label, "", self._stage.seed, role, step, name, float(value)))
        if name == EVALUATIONS:
            self._evaluations[name] = float(value)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Report how much of this stage is done, in units of equal cost; write its total cost when it ends."""
        self._progress.update(done, total, message)
        if done >= total:
            self._note_cost()

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Store the state needed to continue after ``step``, after writing the rows collected so far."""
        self._measured.flush()
        parts = self._metrics.flush()
        content = {"step": step, "metrics_parts": parts, "warnings": self._advice.messages, "learner": state}
        self._checkpoints.save(step, content | {"cpu_seconds": self._spent()})

    def restore(self) -> tuple[int, dict[str, Any]] | None:
        """Return the newest checkpoint of this stage, or ``None``."""
        return None if self._newest is None else (self._newest["step"], self._newest["learner"])

    def _spent(self) -> float:
        """Return the CPU seconds of this stage, including those before it was resumed."""
        return float(time.process_time() - self._began)

    def _note_cost(self) -> None:
        stage, folder = self._stage, _folder(self._run, self._stage)
        folder.mkdir(parents=True, exist_ok=True)
        labels = {"policy": stage.policy.label, "learner": stage.learner, "seed": stage.seed}
        content = labels | {"cpu_seconds": self._spent(), **self._evaluations}
        record_json(self._run.path, (folder / COST).relative_to(self._run.path).as_posix(), content)


def common_step(run: Run, stages: Sequence[Stage]) -> int:
    """Return the newest step of which all stages have a checkpoint; 0 if there is none."""
    stored = [set(Checkpoints(_folder(run, stage)).steps()) for stage in stages]
    return max(set.intersection(*stored), default=0)


def stored_in_words(run: Run, stages: Sequence[Stage]) -> str:
    """Return what an interrupted run has stored of its fits, as part of a sentence."""
    folders = [_folder(run, stage) for stage in stages]
    unfinished = [folder for folder in folders if not (folder / "fitted").is_dir()]
    finished = f"{len(stages) - len(unfinished)} of {len(stages)} fits are stored" if stages else "no fits were needed"
    if not unfinished:
        return finished
    newest = max(filter(None, (Checkpoints(folder).newest_written() for folder in unfinished)), default=None)
    if newest is None:
        return f"{finished}, and nothing yet of the next one, which writes checkpoints every few minutes"
    step, written = newest
    ago = clock_time(time.time() - written)
    at = datetime.fromtimestamp(written).strftime("%H:%M:%S")
    return f"{finished}, and the next one up to step {step:,}, as of {at} ({ago} ago)"


def save_fitted(run: Run, stage: Stage, agents: Mapping[str, Any], metrics: MetricsWriter, advice: Advice) -> int:
    """Store the fitted agents of ``stage``, remove its checkpoints and return the number of metrics parts."""
    parts = metrics.flush()
    content = {
        "metrics_parts": parts,
        "warnings": advice.messages,
        "agents": {role: agents[role].state_dict() for role in stage.fitted_roles},
    }
    save_state(_folder(run, stage) / "fitted", content)
    Checkpoints(_folder(run, stage)).clear()
    return parts


def load_fitted(run: Run, stage: Stage, agents: Mapping[str, Any]) -> dict[str, Any] | None:
    """Load the parameters that ``stage`` fitted into ``agents`` and return its record; ``None`` if not finished."""
    folder = _folder(run, stage) / "fitted"
    if not folder.is_dir():
        return None
    content = load_state(folder)
    for role in stage.fitted_roles:
        agents[role].load_state_dict(content["agents"][role])
    return content


def _folder(run: Run, stage: Stage) -> Path:
    return run.path / "checkpoints" / stage.name
