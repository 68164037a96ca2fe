"""A recorder for benchmarks of mean-field learning, which shows that a fit goes on and keeps nothing."""

from __future__ import annotations

import time
from typing import Any

__all__ = ["Audits"]


class Audits:
    """A recorder that prints audits, with the CPU-seconds of the process."""

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Print an audit; leave out all else."""
        if name.startswith("audit"):
            print(f"{time.process_time():8.1f} s  {step:5d}  {name}  {value:.5g}", flush=True)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Ignore it."""

    def checkpoint(self, step: int, state: Any) -> None:
        """Store nothing."""

    def restore(self) -> None:
        """Return nothing."""
