"""Parameter search: the values of scenario keys that maximise or minimise a metric, found with optuna.

    searches/<name>/  search.yaml (the request)  search.sqlite (all trials)  environment.json
                      trials/<levels>/ (run folders)  trials.csv (one row per trial, written when the search ends)

A trial is a point of the axes; its value is the mean over ``seeds`` seeds. If agents must be fitted, the seeds are run
one after another, and a trial that is clearly worse than the others is pruned between seeds; otherwise all seeds are
one batch. A proposal depends only on the search's seed and on the previous trials, so that a search that was
interrupted and is resumed gives the same results as an uninterrupted one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from econsim.errors import UserError
from econsim.parameters import Model
from econsim.runs.backend import TENSORS, check_backend
from econsim.runs.environment import describe_environment, read_environment
from econsim.runs.llm_session import check_key_agreed
from econsim.runs.machine import computing_on, device_named
from econsim.scenario import Scenario
from econsim.scenario.yaml_writer import yaml_text
from econsim.storage.csv_tables import write_csv
from econsim.storage.files import write_json, write_text
from econsim.storage.links import refuse_links
from econsim.storage.locks import locked
from econsim.sweep.axes import Axis, Span, read_axes
from econsim.sweep.packing import why_alone
from econsim.sweep.progress import SweepProgress
from econsim.sweep.trials import Trials, scenario_of
from econsim.sweep.versions import check_versions

if TYPE_CHECKING:
    import optuna
    import pandas as pd

    from econsim.sweep.held_out import HeldOut

__all__ = ["ParameterSearch", "SearchRequest", "search"]

_STORE, _ASKED = "search.sqlite", "search.yaml"
_FREE_TRIALS = 5  # these trials are never pruned, since later ones are compared with them


class SearchRequest(Model):
    """A request for a parameter search."""

    scenario: str
    """Name of a scenario in scenarios/, or a path."""
    over: dict[str, Any]
    """Axes by key: ranges such as ``uniform(0,1)``, or lists of values."""
    fixed: dict[str, Any] = Field(default_factory=dict)
    """Other overrides of the scenario."""
    metric: str = "welfare"
    """A metric of the scenario's own policy, or ``policy.metric``."""
    maximise: bool = True
    """Search for the highest value; otherwise for the lowest."""
    seeds: int = Field(1, ge=1, le=10_000)
    """Number of seeds per trial, counted from the scenario's seed."""
    method: Literal["tpe", "cma_es", "random"] = "tpe"
    """Tree-structured Parzen estimator, CMA-ES (numeric axes only), or random points."""
    seed: int = Field(0, ge=0)
    """Seed of the proposals."""


@dataclass(frozen=True)
class ParameterSearch:
    """A search on disk; ``worker`` evaluates its trials."""

    path: Path
    study: optuna.Study
    axes: Sequence[Axis | Span]
    worker: Trials

    @property
    def request(self) -> SearchRequest:
        """The scenario, its axes and the metric."""
        return self.worker.request

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row per trial: ``trial``, ``state``, one column per key, ``value``."""
        import pandas as pd

        rows = [
            {
                "trial": trial.number,
                "state": trial.state.name.lower(),
                **(_levels(self.axes, trial.params) if trial.params else {}),
                "value": trial.value,
            }
            for trial in self.study.get_trials(deepcopy=False)
        ]
        return pd.DataFrame(rows)

    @property
    def best(self) -> dict[str, Any]:
        """The best value and its levels."""
        return {"value": self.study.best_value, **_levels(self.axes, self.study.best_params)}

    def held_out(self) -> HeldOut:
        """Return the best trial with its interval on held-out seeds; see :mod:`econsim.sweep.held_out`.

        The best value of many trials is chosen partly for its noise, and flatters its trial.

        Raises:
            UserError: another process is using the folder.
            RunError: a run could not be finished, or the file of earlier evaluations is damaged.
        """
        from econsim.sweep.search_winner import held_out_trial

        return held_out_trial(self)


def search(
    request: SearchRequest,
    budget: int,
    out: Path,
    device: str = "cpu",
    quiet: bool = False,
    agreed: bool = False,
    accept_changed_versions: bool = False,
    threads: int = 1,
    backend: str = TENSORS,
) -> ParameterSearch:
    """Search until ``budget`` trials are done, including those that the folder ``out`` already contains.

    Args:
        request: the scenario, its axes and the metric.
        budget: number of trials.
        out: the folder of the search.
        device: device of each run.
        quiet: print nothing.
        agreed: the user agrees to the calls of each run to a language model, and to sending its key.
        accept_changed_versions: continue although versions have changed that can change numbers.
        threads: CPU threads of each run.
        backend: ``tensors`` or ``kernels``, see :mod:`econsim.runs.backend`.

    Raises:
        UserError: optuna is not installed, the request is invalid, the folder holds another search, one that was
            started on another device, backend or number of threads, or versions have changed and this is not accepted.
        RunError: a run could not be finished.
    """
    optuna = _optuna()
    axes, device = read_axes(request.over), device_named(device)
    check_backend(backend, device)
    options = {"device": device, "threads": threads, "backend": backend}
    if budget < 1 or not axes:
        raise UserError("search: expected a budget of at least one trial and at least one axis, given with --over")
    for corner in _checked_corners(request, axes):
        if not agreed:
            check_key_agreed(corner.llm, out)
    out.mkdir(parents=True, exist_ok=True)
    refuse_links(out)
    with locked(out), SweepProgress(out, quiet) as showing, computing_on(threads):
        for note in _keep(request, out, options, accept_changed_versions):
            showing.say(note)
        study = optuna.create_study(
            storage=f"sqlite:///{out / _STORE}",
            study_name="search",
            direction="maximize" if request.maximise else "minimize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_FREE_TRIALS, n_warmup_steps=0),
        )
        worker = Trials(request, out, options, agreed)
        _Searching(request, axes, study, worker, showing).run(budget)
        result = ParameterSearch(out, study, axes, worker)
        write_csv(out / "trials.csv", result.trials)
    return result


class _Searching:
    """A search in progress."""

    def __init__(
        self,
        request: SearchRequest,
        axes: Sequence[Axis | Span],
        study: optuna.Study,
        worker: Trials,
        showing: SweepProgress,
    ) -> None:
        self.request, self.axes, self.study = request, axes, study
        self.worker, self.showing = worker, showing

    def run(self, budget: int) -> None:
        """Evaluate trials until ``budget`` trials are done."""
        states = _optuna().trial.TrialState
        for interrupted in self.study.get_trials(deepcopy=False, states=(states.RUNNING,)):
            self.study.tell(interrupted.number, state=states.FAIL)
            self.study.enqueue_trial(interrupted.params, skip_if_exists=False)
        settled = (states.COMPLETE, states.PRUNED)
        while (done := len(self.study.get_trials(deepcopy=False, states=settled))) < budget:
            self._one(done, budget)

    def _one(self, done: int, budget: int) -> None:
        states = _optuna().trial.TrialState
        self.study.sampler = _sampler(self.request, done)
        trial = self.study.ask()
        levels = _suggested(self.axes, trial)
        values, fitted = [], why_alone(scenario_of(self.request, levels)) is not None
        for value in self._values(levels):
            values.append(value)
            trial.report(fmean(values), len(values))
            if fitted and len(values) < self.request.seeds and trial.should_prune():
                self.study.tell(trial, state=states.PRUNED)
                break
        else:
            self.study.tell(trial, fmean(values))
        text = ", ".join(f"{key} {level}" for key, level in levels.items())
        pruned = f" (pruned after {len(values)} seeds)" * (len(values) < self.request.seeds)
        self.showing.say(f"trial {done + 1} of {budget}: {fmean(values):,.6g}{pruned} at {text}")

    def _values(self, levels: Mapping[str, Any]) -> Iterator[float]:
        """Yield the value of the metric under each seed."""
        first = scenario_of(self.request, levels).seed
        yield from self.worker.values(levels, range(first, first + self.request.seeds))


def _checked_corners(request: SearchRequest, axes: Sequence[Axis | Span]) -> Iterator[Scenario]:
    """Yield the scenario at both ends of every axis, so that mistakes are reported before the first trial."""
    lower = [{axis.key: axis.at(0.0)} if isinstance(axis, Span) else _level(axis, 0) for axis in axes]
    upper = [{axis.key: axis.at(1.0)} if isinstance(axis, Span) else _level(axis, -1) for axis in axes]
    for corner in (lower, upper):
        scenario = scenario_of(request, {key: level for levels in corner for key, level in levels.items()})
        scenario.build()
        yield scenario


def _level(axis: Axis, index: int) -> dict[str, Any]:
    return dict(zip(axis.keys, axis.levels[index], strict=True))


def _suggested(axes: Sequence[Axis | Span], trial: optuna.Trial) -> dict[str, Any]:
    for axis in axes:
        if isinstance(axis, Axis):
            trial.suggest_categorical(axis.keys[0], [json.dumps(level) for (level,) in axis.levels])
        elif axis.scale == "whole":
            trial.suggest_int(axis.key, int(axis.low), int(axis.high))
        else:
            trial.suggest_float(axis.key, axis.low, axis.high, log=axis.scale == "log")
    return _levels(axes, trial.params)


def _levels(axes: Sequence[Axis | Span], params: Mapping[str, Any]) -> dict[str, Any]:
    categorical = {axis.keys[0] for axis in axes if isinstance(axis, Axis)}
    return {key: json.loads(value) if key in categorical else value for key, value in params.items()}


def _sampler(request: SearchRequest, trial: int) -> Any:
    samplers = _optuna().samplers
    seed = request.seed * 1_000_003 + trial
    if request.method == "random":
        return samplers.RandomSampler(seed=seed)
    return samplers.TPESampler(seed=seed) if request.method == "tpe" else samplers.CmaEsSampler(seed=seed)


def _keep(request: SearchRequest, out: Path, options: Mapping[str, Any], accepted: bool) -> list[str]:
    """Store the request and the environment of a new search; check those of a continued one and return notes."""
    text, path = yaml_text(request.model_dump(mode="json")), out / _ASKED
    environment = describe_environment(0, options["device"], options["backend"])
    if path.is_file():
        if path.read_text("utf-8") != text:
            raise UserError(f"{out}: this folder holds another search ({path}); choose another folder with --out")
        started = {"backend": TENSORS, **read_environment(out)}  # older versions did not write the key
        for name, value in options.items():
            if started[name] != value:
                raise UserError(
                    f"{out}: this search was started with --{name} {started[name]}, and --{name} {value} would round"
                    " differently; continue it with the same value, or choose another folder with --out"
                )
        return check_versions(out, environment, "the same command and", accepted)
    write_json(out / "environment.json", environment)
    write_text(path, text)
    return []


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise UserError("a search needs optuna; install it with: pip install 'econsim[search]'") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
