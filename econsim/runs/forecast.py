"""Forecast of the time of a run, measured on the first steps of one fit of each learner, or of scoring.

The measurement plays with agents of its own. All random numbers are functions of the seed, so that it changes none of
the run. Runs that ask a language model are not measured: their calls are counted instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from econsim.game import Agent
from econsim.rl import distributed
from econsim.runs.recorder import Advice
from econsim.runs.scoring import scores
from econsim.runs.timing import Seconds, Stopwatch, TimedError
from econsim.scenario.plan import Plan, Stage

__all__ = ["PATIENCE", "RunTime", "can_be_measured", "measured_time"]

PATIENCE = 5.0  # seconds for which a fit is timed, if it is a long one


@dataclass(frozen=True)
class RunTime:
    """The time of a run.

    fits: the time of each fit in order, with its stage; of fits by the same learner, one is measured, and those with
        another budget are taken for as much longer or shorter.
    unknown: the stages whose fits could not be measured.
    scoring: the time of scoring, for a run without fits.
    """

    fits: tuple[tuple[Stage, Seconds], ...] = ()
    unknown: tuple[Stage, ...] = ()
    scoring: Seconds | None = None

    @property
    def parts(self) -> list[Seconds]:
        """The times of all parts that were measured."""
        return [seconds for _, seconds in self.fits] + ([] if self.scoring is None else [self.scoring])

    @property
    def seconds(self) -> float:
        """The expected time of all parts that were measured, in seconds."""
        return sum(part.mean for part in self.parts)


def can_be_measured(plan: Plan) -> bool:
    """Return whether a run is measured before it starts: on a CPU and in one process, where a step costs little.

    On a GPU the first steps compile and record what later steps repeat, and several processes train only together;
    such runs say how long they take once their own first steps are done.
    """
    return plan.game.device.type == "cpu" and distributed.count() == 1


def measured_time(
    plan: Plan, patience: float = PATIENCE, awaited_patience: float = math.inf, limit: float = math.inf
) -> RunTime:
    """Measure the time of a run.

    Args:
        plan: the plan of the run, whose agents call no language model.
        patience: seconds for which a fit is timed at most, once two of its steps are done.
        awaited_patience: the same for fits whose agents the training of others needs, so that they are done to their
            end. If that takes longer, the fits that come after them remain unknown.
        limit: seconds after which a fit is ended although its speed is unknown.

    Raises:
        UserError: an agent cannot play its role.
        RunError: a fit failed.
    """
    with Advice().listening():
        if not plan.stages:
            return RunTime(scoring=_of_scores(plan, patience))
        return _of_stages(plan, Stopwatch(patience, limit=limit), Stopwatch(awaited_patience, True, limit))


def _of_scores(plan: Plan, patience: float) -> Seconds | None:
    watch = Stopwatch(patience)
    with suppress(TimedError):
        list(scores(plan, plan.build_agents(), progress=watch.progress))
        watch.finish()
    return watch.seconds()


def _of_stages(plan: Plan, own: Stopwatch, of_awaited: Stopwatch) -> RunTime:
    """Time the fits in order, each with a stopwatch like one of these; all units of a learner take as long."""
    by_learner: dict[str, Seconds | None] = {}
    beside: dict[str, Agent] = {}
    for stage in plan.stages:
        awaited = any(fit.is_training and fit.name not in by_learner for fit in stage.later_fits)
        if awaited or stage.learner not in by_learner:
            watch = replace(of_awaited if awaited else own)
            fitted = _fit(plan, stage, beside, watch)
            by_learner[stage.learner] = watch.seconds()
            if awaited and not fitted:
                by_learner |= {fit.name: None for fit in stage.later_fits if fit.name not in by_learner}
            beside = {**beside, **fitted} if awaited else {}
    times = [(stage, by_learner[stage.learner]) for stage in plan.stages]
    return RunTime(
        tuple((stage, seconds.of(stage.units)) for stage, seconds in times if seconds is not None),
        tuple(stage for stage, seconds in times if seconds is None),
    )


def _fit(plan: Plan, stage: Stage, beside: Mapping[str, Agent], watch: Stopwatch) -> dict[str, Agent]:
    """Fit a stage until the stopwatch ends it; return its agents if the fit was completed, otherwise nothing.

    ``beside`` holds agents of the same policy that were fitted before.
    """
    players = stage.policy.build() | plan.stand_ins(stage) | dict(beside)
    try:
        fitted = stage.build().fit(watch.watched(plan.game), players, stage.seed, watch)
    except TimedError:
        return {}
    watch.finish()
    return {role: fitted[role] for role in stage.fitted_roles}
