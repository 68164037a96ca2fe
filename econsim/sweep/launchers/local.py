"""Local launcher: worker processes on this machine, each of which executes many units, so that it loads torch once.

If a worker dies, its unit is reported as failed and another worker is started. A worker exits by itself when the
process that started it has ended.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import econsim
from econsim.sweep.tasks import Task, TaskResult

__all__ = ["Local", "import_path"]


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    unit: int | None = None
    buffer: bytes = b""


class Local:
    """A pool of worker processes.

    Args:
        workers: number of processes.
        logs: the folder of their logs.
        lock: the file descriptor of the sweep's lock, which the processes inherit.
        threads: number of CPU threads per worker.
    """

    def __init__(self, workers: int, logs: Path, lock: int, threads: int = 1) -> None:
        self._most, self._logs, self._lock, self._threads = workers, logs, lock, threads
        self._workers: list[_Worker] = []
        self._started = 0
        self._selector = selectors.DefaultSelector()
        logs.mkdir(exist_ok=True)

    def free(self) -> bool:
        """Return whether a worker is idle or can be started."""
        return len(self._workers) < self._most or any(worker.unit is None for worker in self._workers)

    def submit(self, task: Task) -> None:
        """Send a unit to an idle worker, or to a new one."""
        worker = next((idle for idle in self._workers if idle.unit is None), None) or self._start()
        worker.unit = task.unit
        assert worker.process.stdin is not None
        with suppress(BrokenPipeError):  # the worker has just died, which wait() detects at the end of its output
            worker.process.stdin.write(json.dumps(task.plain()).encode() + b"\n")
            worker.process.stdin.flush()

    def wait(self, seconds: float) -> list[TaskResult]:
        """Return the results that workers report within some seconds."""
        results: list[TaskResult] = []
        for key, _ in self._selector.select(seconds):
            worker: _Worker = key.data
            text = os.read(key.fd, 1 << 16)
            worker.buffer += text
            *lines, worker.buffer = worker.buffer.split(b"\n")
            for line in lines:
                results.append(TaskResult(**json.loads(line)))
                worker.unit = None
            if not text:
                results += self._remove(worker)
        return results

    def stop(self) -> None:
        """Kill all workers."""
        for worker in self._workers:
            worker.process.kill()
        for worker in list(self._workers):
            self._remove(worker)

    @property
    def processes(self) -> list[int]:
        """The process identifiers of the workers."""
        return [worker.process.pid for worker in self._workers]

    def _start(self) -> _Worker:
        self._started += 1
        with (self._logs / f"worker-{self._started:03d}.txt").open("ab") as log:
            process = subprocess.Popen(
                self._command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment(),
                pass_fds=(self._lock,) if os.name == "posix" else (),
            )
        worker = _Worker(process)
        assert process.stdout is not None
        self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        self._workers.append(worker)
        return worker

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "econsim.sweep.worker"]

    def _environment(self) -> Mapping[str, str]:
        threads = str(self._threads)
        settings = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "PYTHONPATH": import_path()}
        return {**os.environ, **settings, **_one_device(self._started - 1)}

    def _remove(self, worker: _Worker) -> list[TaskResult]:
        """Remove a dead worker and return the failure of its unit, if it had one."""
        assert worker.process.stdout is not None
        assert worker.process.stdin is not None
        self._selector.unregister(worker.process.stdout)
        worker.process.stdout.close()
        with suppress(BrokenPipeError):
            worker.process.stdin.close()
        code = worker.process.wait()
        self._workers.remove(worker)
        return [] if worker.unit is None else [TaskResult(worker.unit, f"the worker died ({_ending(code)})")]


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def import_path() -> str:
    """Return the ``PYTHONPATH`` of workers: the folder of this econsim, then the current ``PYTHONPATH``."""
    root = str(Path(econsim.__path__[0]).resolve().parent)
    return os.pathsep.join(dict.fromkeys([root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]))


def _one_device(index: int) -> Mapping[str, str]:
    """Return the environment variable that restricts a worker to one GPU, if there are several."""
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return {"CUDA_VISIBLE_DEVICES": str(index % count)} if count > 1 else {}
