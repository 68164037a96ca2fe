"""Finished runs with figures and report, as returned by ``econsim.run`` and ``econsim.open_run``."""

from __future__ import annotations

from pathlib import Path

from econsim.report import write_report
from econsim.report.figures import Figures
from econsim.runs import Run, open_run

__all__ = ["ReportedRun", "open_reported_run"]


class ReportedRun(Run):
    """A run with access to its figures and report, for notebooks."""

    @property
    def plot(self) -> Figures:
        """The figures of the report: ``run.plot.schedules()``, ``run.plot.hours()``, ..."""
        return Figures(self)

    def report(self, interactive: bool = False, with_png: bool = True) -> Path:
        """Write ``report.html``, ``figures/`` and ``tables/``; see :func:`econsim.report.write_report`."""
        return write_report(self, interactive, with_png)


def open_reported_run(path: str | Path) -> ReportedRun:
    """Return the run in folder ``path``.

    Raises:
        UserError: there is no such folder, or it is not the folder of a run.
    """
    return ReportedRun(open_run(path).path)
