"""SLURM launcher, based on submitit: units are submitted as job arrays and monitored from the login node.

Jobs go on when a sweep is killed. Their identifiers are stored in ``logs/jobs.txt``, and a resumed sweep cancels them
first.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import Any

from econsim.errors import UserError
from econsim.sweep.tasks import Task, TaskResult, perform_plain

__all__ = ["Slurm"]

_JOBS_AT_ONCE = 500
_SECONDS_BETWEEN_LOOKS = 2.0
# Options to which submitit gives the same names for all kinds of cluster; all others are specific to SLURM.
_SHARED = ("timeout_min", "mem_gb", "nodes", "cpus_per_task", "gpus_per_node", "tasks_per_node", "stderr_to_stdout")


class Slurm:
    """Units executed as SLURM jobs.

    Args:
        logs: the folder of the jobs' scripts and logs, which must be shared by all nodes.
        most: maximum number of submitted jobs.
        cpus: CPUs per job.
        gpus: GPUs per job.
        options: further options under the names that submitit gives them (``partition``, ``timeout_min``, ``mem_gb``);
            ``cluster: local`` runs the jobs on this machine instead, for tests.

    Raises:
        UserError: submitit is not installed, SLURM is not available, or there is no such option.
    """

    def __init__(self, logs: Path, most: int | None, cpus: float, gpus: float, options: Mapping[str, Any]) -> None:
        rest = dict(options)
        cluster = str(rest.pop("cluster", "slurm"))
        logs.mkdir(exist_ok=True)
        self._executor = _executor(logs, cluster)
        shared = {name: rest.pop(name) for name in _SHARED if name in rest}
        specific = {f"slurm_{name}": value for name, value in rest.items()}
        needs = {"cpus_per_task": max(1, ceil(cpus)), "gpus_per_node": ceil(gpus)}
        try:
            self._executor.update_parameters(name="econsim", **needs | shared | specific)
        except (NameError, TypeError, ValueError) as error:
            raise UserError(f"--cluster: {error}") from None
        self._most, self._pause = most or _JOBS_AT_ONCE, 0.1 if cluster != "slurm" else _SECONDS_BETWEEN_LOOKS
        self._list, self._logs = logs / "jobs.txt", logs
        self._waiting: list[Task] = []
        self._jobs: dict[int, Any] = {}
        self._cancel_older()

    def free(self) -> bool:
        """Return whether another job may be submitted."""
        return len(self._waiting) + len(self._jobs) < self._most

    def submit(self, task: Task) -> None:
        """Add a unit to the next job array."""
        self._waiting.append(task)

    def wait(self, seconds: float) -> list[TaskResult]:
        """Submit the waiting units as a job array, and return the results of jobs that ended."""
        if self._waiting:
            self._send()
        end = time.monotonic() + max(seconds, self._pause)
        while not (ended := [unit for unit, job in self._jobs.items() if job.done()]) and time.monotonic() < end:
            time.sleep(min(self._pause, 0.5))
        return [self._outcome(unit) for unit in ended]

    def stop(self) -> None:
        """Cancel all jobs."""
        for job in self._jobs.values():
            job.cancel(check=False)
        self._jobs.clear()
        self._waiting.clear()
        self._list.unlink(missing_ok=True)

    def _send(self) -> None:
        with self._executor.batch():
            jobs = [self._executor.submit(perform_plain, task.plain()) for task in self._waiting]
        self._jobs |= {task.unit: job for task, job in zip(self._waiting, jobs, strict=True)}
        self._waiting.clear()
        with self._list.open("a", encoding="utf-8") as file:
            file.writelines(f"{job.job_id}\n" for job in jobs)

    def _outcome(self, unit: int) -> TaskResult:
        job = self._jobs.pop(unit)
        error = job.exception()
        if error is None:
            return TaskResult(**job.result())
        return TaskResult(unit, f"the job failed ({type(error).__name__}: {str(error).strip().splitlines()[0]})")

    def _cancel_older(self) -> None:
        """Cancel the jobs of a sweep that was killed, so that no two jobs execute the same run."""
        from submitit import SlurmJob

        for number in self._list.read_text("utf-8").split() if self._list.is_file() else []:
            with suppress(OSError):  # SLURM may not be available on this machine
                SlurmJob(folder=self._logs, job_id=number).cancel(check=False)
        self._list.unlink(missing_ok=True)


def _executor(logs: Path, cluster: str) -> Any:
    try:
        import submitit
    except ImportError:
        raise UserError("--launcher slurm needs submitit; install it with: pip install 'econsim[slurm]'") from None
    try:
        return submitit.AutoExecutor(folder=logs, cluster=cluster)
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"--launcher slurm: {error}; to run the jobs on this machine, add --cluster cluster=local"
        ) from None
