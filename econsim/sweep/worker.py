"""A worker process: units come in as lines of JSON, how they ended goes out as lines of JSON.

Started by :mod:`econsim.sweep.launchers.local`. What anything in here prints goes to the worker's log.
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
    """Make units until the other end of the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, waiting), daemon=True).start()
    while True:
        outcome = perform(Task(**json.loads(waiting.get())))
        if outcome.error is not None:
            print(f"unit {outcome.unit}: {outcome.error}", file=sys.stderr, flush=True)
        answers.write(json.dumps(asdict(outcome)).encode() + b"\n")
        answers.flush()


def _listen(lines: BinaryIO, waiting: queue.SimpleQueue[bytes]) -> None:
    for line in lines:
        waiting.put(line)
    # Nobody is left to hear the answer. What is done so far is stored, and continued by whoever resumes.
    os._exit(0)


if __name__ == "__main__":
    main()
