"""Runs: their folders and recorded results, and how runs are executed, resumed and compared."""

from econsim.runs.comparison import compare
from econsim.runs.execution import RunInterrupted, execute, resume
from econsim.runs.folder import Run, open_run

__all__ = ["Run", "RunInterrupted", "compare", "execute", "open_run", "resume"]
