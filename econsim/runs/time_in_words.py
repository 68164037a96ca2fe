"""The expected time of a run in words: its range, its measurement, its first checkpoint, and how to shorten it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from econsim.rl.checkpoint_schedule import MINUTES
from econsim.runs.forecast import RunTime
from econsim.runs.progress import clock_time
from econsim.scenario import Scenario
from econsim.scenario.plan import Stage

__all__ = ["LONG", "time_in_words"]

LONG = 30.0
"""Seconds from which the expected time of a run is worth saying before it starts."""
_BUDGETS = ("iterations", "rounds", "generations", "candidates", "steps")
_SHORTER = 10


def time_in_words(expected: RunTime, scenario: Scenario, threads: int = 1) -> list[str]:
    """Return the lines with which a long run announces its time; nothing for a short one."""
    if not expected.parts:
        return [f"expected time: the run says it once it has done its first steps{_unknown(expected)}"]
    if expected.seconds < LONG and not expected.unknown:
        return []
    lines = [f"expected time: {_range(expected)}, measured on {_measured_on(expected)}{_unknown(expected)}"]
    if expected.fits:
        lines.append(
            f"first checkpoint: after about {clock_time(_first_checkpoint(expected))}; a stopped run continues"
        )
    return [*lines, f"to shorten it: {', '.join(_shorter(expected, scenario, threads))}"]


def _range(expected: RunTime) -> str:
    low, high = (clock_time(sum(bounds)) for bounds in zip(*[(p.low, p.high) for p in expected.parts], strict=True))
    more = "more than " if expected.unknown else ""
    return f"{more or 'about '}{low}" if low == high else f"{more}{low} to {high}"


def _measured_on(expected: RunTime) -> str:
    if expected.scoring is not None:
        return f"the first {expected.scoring.done:,} of {expected.scoring.total:,} steps of scoring"
    by_learner = {stage.learner: seconds for stage, seconds in expected.fits}
    counts = {name: sum(stage.learner == name for stage, _ in expected.fits) for name in by_learner}
    return " and ".join(
        f"{seconds.done:,} of {seconds.total:,} units of {name} ({counts[name]} fit{'s' * (counts[name] > 1)})"
        for name, seconds in by_learner.items()
    )


def _unknown(expected: RunTime) -> str:
    names = " and ".join(dict.fromkeys(stage.learner for stage in expected.unknown))
    return f"; the time of {names} is known only once it has begun" if names else ""


def _first_checkpoint(expected: RunTime) -> float:
    """Return the seconds until something is stored: a checkpoint, or the first fit if that ends earlier."""
    stage, seconds = expected.fits[0]
    settings = getattr(stage.build(), "parameters", None)
    minutes: float = getattr(settings, "checkpoint_minutes", MINUTES)
    every: int | None = getattr(settings, "checkpoint_every", None)
    by_number = [] if every is None else [every * seconds.unit]
    return min([seconds.mean, max(60.0 * minutes, seconds.unit), *by_number])


def _shorter(expected: RunTime, scenario: Scenario, threads: int) -> Iterator[str]:
    """Yield overrides and options that shorten the run: those of its longest fit first."""
    if expected.fits:
        totals: dict[str, float] = {}
        for stage, seconds in expected.fits:
            totals[stage.learner] = totals.get(stage.learner, 0.0) + seconds.mean
        longest = max(totals, key=lambda name: totals[name])
        yield from _smaller_budget(next(stage for stage, _ in expected.fits if stage.learner == longest), scenario)
    if scenario.seeds > 1 and expected.fits:
        yield "seeds=1"
    if scenario.episodes > 1 and expected.scoring is not None:
        yield "episodes=1"
    if scenario.baselines:
        yield "fewer baselines"
    if (cores := os.cpu_count() or 1) > threads:
        yield f"--threads {cores} (with many workers)"
    else:
        yield "a smaller economy"


def _smaller_budget(stage: Stage, scenario: Scenario) -> Iterator[str]:
    """Yield an override for a tenth of the budget of a fit."""
    if stage.fit.is_training:
        key, parameters = "training", None if scenario.training is None else scenario.training.parameters
    else:
        role = stage.fitted_roles[0]
        is_baseline = stage.policy.label in scenario.baselines
        key = (
            f"baselines.{stage.policy.label}"
            if is_baseline
            else f"agents.{role}"
            if role in scenario.agents
            else "planner"
        )
        parameters = stage.policy.agents[role].parameters
    for name in _BUDGETS:
        budget = getattr(parameters, name, None)
        if isinstance(budget, int) and budget > _SHORTER:
            yield f"{key}.{name}={budget // _SHORTER} instead of {budget:,}"
            return
