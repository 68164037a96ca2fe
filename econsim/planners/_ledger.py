"""Ledger of a search: the results of its evaluations, stored in checkpoints, from which it continues after a stop.

A search is a function of the results of its evaluations. A resumed search therefore repeats its proposals, which takes
little time, and gets the results of the candidates that were evaluated before from the ledger instead of from play. It
ends with the numbers of an uninterrupted search, whatever the state of the method that proposes the candidates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from econsim.errors import RunError
from econsim.learning import Recorder
from econsim.rl.checkpoint_schedule import CheckpointSchedule

__all__ = ["Ledger"]


class Ledger:
    """The results of the evaluations of one fit so far, with a checkpoint of them every few minutes.

    The fit reports to the ledger instead of its recorder: what was logged before the checkpoint is in the tables of the
    run already, and is not logged again while results are repeated.
    """

    def __init__(self, recorder: Recorder) -> None:
        _, stored = recorder.restore() or (0, {"results": torch.zeros(0), "shapes": [], "candidates": ""})
        self._recorder, self._schedule = recorder, CheckpointSchedule()
        self._results = _unpacked(stored["results"], stored["shapes"])
        self._stored, self._expected = len(self._results), stored["candidates"]
        self._candidates, self._asked = hashlib.sha256(), 0

    @property
    def is_repeating(self) -> bool:
        """Whether results of an earlier process are still being repeated."""
        return self._asked < self._stored

    def evaluated(self, points: Tensor, evaluate: Callable[[], Tensor]) -> Tensor:
        """Return the results of candidates from the ledger, or evaluate them and keep their results.

        Args:
            points: the candidates, of any shape.
            evaluate: returns their results as a tensor of float64.

        Raises:
            RunError: the candidates are not those whose results the checkpoint holds.
        """
        self._candidates.update(points.detach().cpu().contiguous().numpy().tobytes())
        if self.is_repeating:
            self._asked += 1
            if self._asked == self._stored:
                self._check_candidates()
            return self._results[self._asked - 1].to(points.device, copy=True)
        result = evaluate().detach()
        self._results.append(result.to("cpu", copy=True))  # the search may change what it gets in place
        self._asked += 1
        if self._schedule.is_due(self._asked):
            self._recorder.checkpoint(self._asked, self._state())
        return result

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        """Record one number of the metrics table, unless that was done before the checkpoint."""
        if not self.is_repeating:
            self._recorder.log(name, value, step=step, role=role)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Report how much of the fit is done, without what is only repeated."""
        if not self.is_repeating:
            self._recorder.progress(done, total, message)

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        """Do nothing: the ledger writes the checkpoints of the fit."""

    def restore(self) -> None:
        """Return ``None``: the ledger continues from the checkpoints of the fit."""

    def _state(self) -> dict[str, Any]:
        flat = torch.cat([result.flatten() for result in self._results])
        shapes = [list(result.shape) for result in self._results]
        return {"results": flat, "shapes": shapes, "candidates": self._candidates.hexdigest()}

    def _check_candidates(self) -> None:
        if self._candidates.hexdigest() != self._expected:
            raise RunError(
                "the search proposes other candidates than before it was interrupted, as happens on a machine that"
                " rounds differently; resume on the machine that started it, or delete the folders step-* of this fit"
                " under checkpoints/ of the run to begin the fit again"
            )


def _unpacked(flat: Tensor, shapes: list[list[int]]) -> list[Tensor]:
    sizes = [torch.Size(shape).numel() for shape in shapes]
    return [part.reshape(shape) for part, shape in zip(torch.split(flat, sizes), shapes, strict=True)] if sizes else []
