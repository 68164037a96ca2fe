"""Processes on this machine: each stays for the whole sweep, so that torch is imported once a process.

A worker that dies takes nothing with it: its unit is told to have failed, and another worker is started. A worker ends
by itself when the process that started it is gone.
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
    heard: bytes = b""


class Local:
    """A pool of worker processes.

    Args:
        workers: how many.
        logs: the folder of their logs.
        lock: the descriptor of the sweep's lock, which they inherit.
        threads: of each worker on the CPU.
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
        """Give a unit to an idle worker, or to a new one."""
        worker = next((each for each in self._workers if each.unit is None), None) or self._start()
        worker.unit = task.unit
        assert worker.process.stdin is not None
        with suppress(BrokenPipeError):  # it died just now; the end of its answers tells
            worker.process.stdin.write(json.dumps(task.plain()).encode() + b"\n")
            worker.process.stdin.flush()

    def wait(self, seconds: float) -> list[TaskResult]:
        """Return what workers say within some seconds."""
        found: list[TaskResult] = []
        for key, _ in self._selector.select(seconds):
            worker: _Worker = key.data
            text = os.read(key.fd, 1 << 16)
            worker.heard += text
            *lines, worker.heard = worker.heard.split(b"\n")
            for line in lines:
                found.append(TaskResult(**json.loads(line)))
                worker.unit = None
            if not text:
                found += self._buried(worker)
        return found

    def stop(self) -> None:
        """Kill all workers."""
        for worker in self._workers:
            worker.process.kill()
        for worker in list(self._workers):
            self._buried(worker)

    @property
    def processes(self) -> list[int]:
        """The process numbers of the workers."""
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
        own = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "PYTHONPATH": import_path()}
        return {**os.environ, **own, **_one_device(self._started - 1)}

    def _buried(self, worker: _Worker) -> list[TaskResult]:
        """Forget a dead worker and tell of its unit."""
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
    """Return where workers find this same econsim, and what this process added to the path of imports."""
    own = str(Path(econsim.__path__[0]).resolve().parent)
    return os.pathsep.join(dict.fromkeys([own, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]))


def _one_device(place: int) -> Mapping[str, str]:
    """Return what shows a worker one GPU only, where there are several."""
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return {"CUDA_VISIBLE_DEVICES": str(place % count)} if count > 1 else {}
