"""Runs: the folder of one, what is recorded in it, how it is executed, resumed and compared."""

from econsim.runs.comparison import compare
from econsim.runs.execution import RunInterrupted, execute, resume
from econsim.runs.folder import Run, open_run

__all__ = ["Run", "RunInterrupted", "compare", "execute", "open_run", "resume"]
