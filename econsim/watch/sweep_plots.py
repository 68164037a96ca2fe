"""Plots of the sweeps on the dashboard: a metric by the levels of the axes, once all runs have ended."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from econsim.report.interactive import Plot
from econsim.sweep import open_sweep
from econsim.sweep.folder import INDEX
from econsim.sweep.goals import main_goal, metric_names
from econsim.sweep.level_plots import level_plots
from econsim.sweep.scores import scores_of

__all__ = ["metrics_of", "plots_of"]


def metrics_of(path: Path) -> list[str]:
    """Return the metrics of a sweep, the most important first; empty while runs are waiting or running."""
    return _metrics(path, _changed(path)) if _has_ended(path) else []


def plots_of(path: Path, metric: str) -> dict[str, Plot]:
    """Return the plots of a metric of a sweep whose runs have ended, by the axes that they show."""
    return _plots(path, metric, _changed(path))


def _has_ended(path: Path) -> bool:
    # Reading the metrics of an unfinished sweep would write its tables, which only the sweep itself may do.
    counts = open_sweep(path).counts
    return not counts["waiting"] and not counts["running"] and counts["done"] > 0


def _changed(path: Path) -> float:
    return (path / INDEX).stat().st_mtime


@lru_cache(maxsize=16)
def _metrics(path: Path, _: float) -> list[str]:
    scores = scores_of(open_sweep(path))
    return list(dict.fromkeys([main_goal(scores).metric, *metric_names(scores)]))


@lru_cache(maxsize=16)
def _plots(path: Path, metric: str, _: float) -> dict[str, Plot]:
    return {plot.axes: plot.live() for plot in level_plots(open_sweep(path), metric)}
