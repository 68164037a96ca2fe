"""The worker process: it reads tasks from standard input and writes results to standard output as lines of JSON.

It is started by :mod:`econsim.sweep.launchers.local`. Everything else that is printed goes to the worker's log.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from dataclasses import asdict
from typing import BinaryIO

from econsim.sweep.tasks import Task, perform

__all__ = ["main"]


def main() -> None:
    """Execute units until the other end of the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the process that started this one
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, waiting), daemon=True).start()
    while True:
        outcome = perform(Task(**json.loads(waiting.get())))
        if outcome.error is not None:
            print(f"unit {outcome.unit}: {outcome.error}", file=sys.stderr, flush=True)
        results.write(json.dumps(asdict(outcome)).encode() + b"\n")
        results.flush()


def _listen(lines: BinaryIO, waiting: queue.SimpleQueue[bytes]) -> None:
    for line in lines:
        waiting.put(line)
    # The parent process has ended. Stored work is continued when the sweep is resumed.
    os._exit(0)


if __name__ == "__main__":
    main()
