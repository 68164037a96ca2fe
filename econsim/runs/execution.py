"""Execution of a scenario: fitting of agents, scoring of every policy, and the files of the run folder.

A run fits its agents in stages, whose results are stored as they finish, and then scores the policies, which is quick
and repeatable. A run that is killed at any moment and resumed gives the results of an uninterrupted run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from econsim.analysis.metrics import check_declared
from econsim.errors import RunError, UserError
from econsim.game import Agent, FittedAgent, Game
from econsim.learning import Explained, fit_all
from econsim.llm.service import STORE
from econsim.runs.accounts import write_accounts
from econsim.runs.backend import KERNELS, TENSORS, on_backend
from econsim.runs.compilation import PRECISIONS, SCORING, compiled_in_words
from econsim.runs.console_summary import print_ending
from econsim.runs.elections import record_elections
from econsim.runs.environment import describe_environment
from econsim.runs.evaluation import evaluation_key
from econsim.runs.events import check_events
from econsim.runs.findings import findings
from econsim.runs.folder import Run, create_run, new_run, open_run
from econsim.runs.forecast import can_be_measured, measured_time
from econsim.runs.household_gaps import household_gaps
from econsim.runs.llm_progress import QuestionProgress
from econsim.runs.llm_session import (
    LlmSession,
    calls_in_words,
    check_agreed,
    check_endpoint,
    check_key_agreed,
    forecast_calls,
    with_settings,
    with_way_on,
)
from econsim.runs.machine import computing_on, device_named
from econsim.runs.message_board import check_messages
from econsim.runs.metrics_table import MetricsWriter
from econsim.runs.negative_consumption import negative_consumption
from econsim.runs.panel import panel_of
from econsim.runs.processes import folder_of_helper, is_helper, joined, wait_for_helpers
from econsim.runs.progress import Journal, Progress
from econsim.runs.recorder import (
    Advice,
    StageRecorder,
    common_step,
    load_fitted,
    save_fitted,
    stored_in_words,
)
from econsim.runs.recordings import save_recording
from econsim.runs.scoring import rows_of, scores
from econsim.runs.summary import gap_closed, summarise
from econsim.runs.time_in_words import time_in_words
from econsim.runs.versions import continued
from econsim.scenario import Scenario
from econsim.scenario.overrides import Overrides
from econsim.scenario.plan import Plan, Stage, plan_of
from econsim.storage.locks import locked
from econsim.storage.manifest import check_all, record_json, record_text, recorded, settle

__all__ = ["RunInterrupted", "execute", "resume"]

Fitted = dict[tuple[str, int], dict[str, Agent]]
_PARTS = ("metrics.parts", "throughput.parts")
_PATIENCE = 2.0  # seconds for which each learner is timed before a long run


class RunInterrupted(KeyboardInterrupt):
    """Raised when the user stops a run; ``path`` is its folder, which can be resumed, ``stored`` says what it holds."""

    def __init__(self, path: Path, stored: str = "the results are stored") -> None:
        self.path = path
        super().__init__(f"stopped; {stored}; continue with: {Run(path).command('resume')}")


def execute(
    scenario: Scenario,
    out: Path | None = None,
    device: str = "auto",
    quiet: bool = False,
    threads: int = 1,
    agreed: bool = True,
    backend: str = TENSORS,
    answers: Path | None = None,
) -> Run:
    """Run a scenario from the start and return the finished run.

    Args:
        scenario: the scenario to run.
        out: the run folder; by default a new one under ``runs/``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:0``, ...
        quiet: print nothing.
        threads: number of CPU threads per process. Floating-point sums may be rounded differently with another number,
            so it is recorded with the run; more than one thread is faster from about ten thousand workers on.
        agreed: the user agrees to the forecast number and cost of calls to a language model, and to sending its key
            to a host that the environment allows (:mod:`econsim.llm.key_hosts`).
        backend: ``tensors`` or ``kernels``, which plays a game on the kernels that it offers (``docs/kernels.md``). It
            is recorded with the run; a game that they do not cover is played by tensors, and the run says so.
        answers: the response store of an earlier run, with a copy of which this run begins.

    Raises:
        UserError: the scenario cannot be run, kernels are requested on a GPU or without numba, or the folder is not
            empty; nothing was written.
        RunError: the disk is full or a fit failed; the run can be resumed.
        RunInterrupted: the user stopped the run.
    """
    if threads < 1:
        raise UserError(f"--threads {threads}: expected at least 1")
    with computing_on(threads), joined(device_named(device)) as own_device:
        backed = on_backend(scenario.build_game(own_device), backend)
        plan = plan_of(scenario, backed.game)
        check_declared(plan.game, evaluation_key(scenario.seed).to(plan.game.device))
        with Advice().listening():  # the run repeats these warnings and records them
            plan.check_agents()
            check_events(plan.scenario, plan.game, plan.leader)
            check_messages(plan.scenario, plan.game)
            forecast = forecast_calls(plan)
        if forecast is not None and not agreed:
            check_agreed(forecast, scenario.llm)
        if forecast is not None:
            check_endpoint(scenario.llm, forecast.models)
        if is_helper():
            with folder_of_helper() as own_folder:
                own = create_run(plan.scenario, own_folder, own_device, backend=backed.backend)
                return _Execution(own, plan, quiet=True).help()
        with new_run(plan.scenario, out, own_device, plan.notes, backed.backend) as run:
            wait_for_helpers()
            if answers is not None:
                shutil.copyfile(answers, run.path / STORE)
            execution = _Execution(run, plan, quiet, 0 if forecast is None else forecast.calls)
            if backed.reason:
                execution.journal.say(f"backend: tensors, because {backed.reason}")
            if forecast is not None and scenario.llm is not None:
                execution.journal.say(calls_in_words(forecast, scenario.llm))
            return execution.finish(is_measured=forecast is None and not quiet)


def resume(
    path: str | Path,
    quiet: bool = False,
    overrides: Overrides = (),
    accept_changed_versions: bool = False,
    agreed: bool = False,
) -> Run:
    """Continue an interrupted run where it stopped; return a finished run unchanged.

    Args:
        path: the run folder.
        quiet: print nothing.
        overrides: new settings of the language model, such as ``llm.budget.calls=2000``; they are stored in the run.
        accept_changed_versions: continue although versions have changed that can change numbers; the run notes it.
        agreed: the user agrees to sending a key to the language model that the folder names.

    Raises:
        UserError: ``path`` is not a run folder, another process is working on it, a key would be sent and ``agreed`` is
            not set, the run's device is not available on this machine, or versions have changed and this is not
            accepted.
        RunError: a file of the run is damaged or missing.
    """
    run = open_run(path)
    if run.finished:
        _check_finished(run)
        return run
    with computing_on(run.environment["threads"]), joined(device_named(run.environment["device"])) as own_device:
        if is_helper():
            with folder_of_helper(run.path) as own_folder:
                own = _with_settings(open_run(own_folder), overrides, agreed=True)  # the first process has checked
                return _Execution(own, _plan(own, own_device), quiet=True).help()
        with locked(run.path):
            run = open_run(path)  # another process may have finished it meanwhile
            wait_for_helpers()
            settle(run.path)
            if run.finished:
                return run
            notes = _checked_versions(run, own_device, accept_changed_versions)
            run = _with_settings(open_run(path), overrides, agreed)
            plan = _plan(run, own_device)
            with Advice().listening():  # the run repeats these warnings
                forecast = forecast_calls(plan)
            execution = _Execution(run, plan, quiet, 0 if forecast is None else forecast.calls)
            for note in notes:
                execution.journal.say(note)
            return execution.finish()


def _check_finished(run: Run) -> None:
    """Check the files of a finished run, and remove parts of tables that remain if it was stopped after their merge."""
    check_all(run.path)
    remaining = [run.path / name for name in _PARTS if (run.path / name).exists()]
    if remaining:
        with locked(run.path):
            for folder in remaining:
                shutil.rmtree(folder)


def _checked_versions(run: Run, device: str, accepted: bool) -> list[str]:
    """Check the versions; return notes on their changes, and store those that were accepted."""
    now = describe_environment(run.scenario.seed, device, run.backend)
    environment, notes = continued(run.environment, now, run.path, run.command("resume"), accepted)
    if environment is not run.environment:
        record_json(run.path, "environment.json", environment)
    return notes


def _with_settings(run: Run, overrides: Overrides, agreed: bool) -> Run:
    """Return the run with new settings, which are stored only if the user has agreed to sending their key."""
    scenario = with_settings(run, overrides) if overrides else run.scenario
    if not agreed:
        check_key_agreed(scenario.llm, run.path)
    if not overrides:
        return run
    record_text(run.path, "scenario.yaml", scenario.dump())
    return open_run(run.path)


def _plan(run: Run, device: str) -> Plan:
    backed = on_backend(run.scenario.build_game(device), run.backend)
    if backed.reason:
        raise UserError(f"{run.path}: this run was started on kernels, and here {backed.reason}")
    return plan_of(run.scenario, backed.game)


class _Execution:
    """One run in progress."""

    def __init__(self, run: Run, plan: Plan, quiet: bool, expected_questions: int = 0) -> None:
        self.run, self.plan = run, plan
        self.metrics, self.measured = (MetricsWriter(run.path / name, run.stored_name) for name in _PARTS)
        self.journal = Journal(run.path / "log.txt", quiet)
        self.advice, self.is_announced = Advice(), False
        self.speech = LlmSession(run, plan.game, QuestionProgress(self.journal.say, expected_questions))

    def finish(self, is_measured: bool = False) -> Run:
        """Complete the run: fit the remaining stages, score all policies and write the results.

        ``is_measured``: whether to measure before how long the run will take, and to say so if that is long.
        """
        try:
            self.metrics.check()
            self.measured.check()
            self.journal.say(f"run folder: {self.run.path}")
            self._compile_kernels()
            if is_measured:
                self._announce_time()
            with self.advice.listening(), self.speech:
                if warning := self.speech.probe(self.plan):
                    self.journal.say(warning)
                self._score(self._fit())
            self.metrics.discard()
            self.measured.discard()
            print_ending(self.journal, self.run)
        except KeyboardInterrupt as error:
            raise RunInterrupted(self.run.path, stored_in_words(self.run, self.plan.stages)) from error
        except Exception as error:
            with_way_on(error, self.run)
            with suppress(RunError):  # a full disk must not hide the original error
                self.journal.note(f"stopped by {type(error).__name__}: {error}")
            error.add_note(f"finished work is kept; continue with: {self.run.command('resume')}")
            raise
        return self.run

    def _compile_kernels(self) -> None:
        """Compile the kernels that the run needs, so that neither its forecast nor its speed contains that time."""
        if self.run.backend == KERNELS:
            for line in compiled_in_words(self.plan.game, PRECISIONS if self.plan.stages else (SCORING,)):
                self.journal.say(line)

    def _announce_time(self) -> None:
        """Say how long a long run will take; what fails here fails again, and is reported, in the run."""
        if not can_be_measured(self.plan):
            return
        with suppress(Exception):
            expected = measured_time(self.plan, _PATIENCE, _PATIENCE, 3.0 * _PATIENCE)
            lines = time_in_words(expected, self.plan.scenario, self.run.environment["threads"])
            for line in lines:
                self.journal.say(line)
            self.is_announced = bool(lines) and not expected.unknown

    def help(self) -> Run:
        """Take part in fitting only; the first process scores the policies and writes the results."""
        if not self.run.finished:
            with self.advice.listening(), self.speech:
                self._fit()
        return self.run

    def _fit(self) -> Fitted:
        """Fit every unfinished stage; return the agents of each policy and seed."""
        self._add_notes()
        for message in self.plan.game.advice():
            self.advice.add(message)
        agents, stages = self.plan.build_agents(), self.plan.stages
        for (policy, seed), policy_agents in agents.items():
            self.speech.connect(policy_agents, policy, seed=seed)
        names = [f"{stage.policy.label}: {stage.learner}, seed {stage.seed}" for stage in stages]
        parts = 0
        learners, units = [stage.learner for stage in stages], [stage.units for stage in stages]
        with Progress(names, learners, self.journal, is_announced=self.is_announced, units=units) as progress:
            for batch in self.plan.batches():
                unfinished = []
                for index in batch:
                    stored_parts = self._stored(stages[index], agents)
                    parts = parts if stored_parts is None else max(parts, stored_parts)
                    unfinished += [index] if stored_parts is None else []
                if unfinished:
                    parts = self._fit_stages(unfinished, agents, parts, progress)
        self.metrics.keep(parts)
        self._add_notes()  # stages that were fitted earlier have restored the warnings of that time
        return agents

    def _add_notes(self) -> None:
        for note in self.run.environment.get("notes") or ():
            self.advice.add(note)

    def _stored(self, stage: Stage, agents: Fitted) -> int | None:
        """Load the agents that a stage fitted earlier and return its number of metrics parts.

        Return ``None`` if the stage is not finished; its agents then have the parameters that the stage starts with.
        """
        stage_agents = agents[stage.policy.label, stage.seed]
        if stage.after is not None:
            _copy_parameters(agents[stage.after.policy.label, stage.seed], stage_agents, stage.after.fitted_roles)
        record = load_fitted(self.run, stage, stage_agents)
        if record is None:
            return None
        self.advice.messages[:] = record["warnings"]
        return int(record["metrics_parts"])

    def _fit_stages(self, indices: Sequence[int], agents: Fitted, parts: int, progress: Progress) -> int:
        """Fit stages that differ in their seed only; return the resulting number of metrics parts."""
        stages, first = [self.plan.stages[index] for index in indices], self.plan.stages[indices[0]]
        at_most = common_step(self.run, stages) if len(stages) > 1 else None
        shared = (self.metrics, self.measured, self.advice, progress, parts, at_most)
        recorders = [StageRecorder(self.run, stage, *shared) for stage in stages]
        progress.begin(indices[0])
        own_agents = [agents[stage.policy.label, stage.seed] for stage in stages]
        players = [own | self.plan.stand_ins(first) for own in own_agents]
        for stage, stage_players in zip(stages, players, strict=True):
            self.speech.connect(stage_players, stage.policy.label, seed=stage.seed)
        fitted = fit_all(first.build(), self.plan.game, players, [stage.seed for stage in stages], recorders)
        progress.end()
        for stage, own, fitted_agents in zip(stages, own_agents, fitted, strict=True):
            own |= {role: fitted_agents[role] for role in stage.fitted_roles}
            parts = save_fitted(self.run, stage, own, self.metrics, self.advice)
        return parts

    def _score(self, fitted: Fitted) -> None:
        """Score every policy and write metrics, accounts and, last, the summary that marks the run as finished."""
        with (
            Progress(["scoring of policies"], ["scoring"], self.journal, is_announced=self.is_announced) as progress,
            panel_of(self.plan.scenario, self.plan.game, self.run.path) as panel,
        ):
            progress.begin(0)
            policy_scores = list(scores(self.plan, fitted, self.speech.connect, progress.update, panel))
        self.speech.check_answers()
        scored, reasons = gap_closed(policy_scores, self.plan.scenario)
        unit = str(getattr(self.plan.game, "unit", "")) or "money"
        for message in (*reasons, *negative_consumption(scored, unit), *findings(self.plan.game, scored)):
            self.advice.add(message)
        for score in scored:
            for row in rows_of(score):
                self.metrics.add(row)
        self.metrics.merge(recorded(self.run.path, "metrics.parquet"))
        if self.measured.flush():
            self.measured.merge(recorded(self.run.path, "throughput.parquet"))
        blocks = [block for score in scored for block in score.account_blocks]
        write_accounts(recorded(self.run.path, "accounts.parquet"), blocks)
        for score in scored:
            if score.recording is not None:
                save_recording(self.run, score.policy, score.recording)
        record_elections(self.run, scored)
        summary = summarise(self.plan, scored, self.advice.messages)
        summary["explanations"] = _explanations(self.plan.game, fitted)
        if rows := household_gaps(self.plan, fitted):
            summary["households"] = rows
        llm_usage = self.speech.summary()
        record_json(self.run.path, "summary.json", summary if llm_usage is None else summary | {"llm": llm_usage})
        settle(self.run.path)


def _explanations(game: Game[Any], fitted: Fitted) -> dict[str, str]:
    """Return by policy what its agents say about their fits, those of the first seed."""
    said: dict[str, str] = {}
    for (label, _), agents in fitted.items():
        for agent in agents.values():
            if label not in said and isinstance(agent, Explained) and agent.state_dict():
                said[label] = agent.explanation(game)
    return said


def _copy_parameters(source: Mapping[str, Agent], target: Mapping[str, Agent], roles: Iterable[str]) -> None:
    """Start a stage from the parameters with which the previous stage ended."""
    for role in roles:
        cast(FittedAgent, target[role]).load_state_dict(cast(FittedAgent, source[role]).state_dict())
