"""Progress of a search from several starting points."""

from __future__ import annotations

from torch import Tensor

from econsim.learning import Recorder
from econsim.planners.search.black_box import Value

__all__ = ["Steps"]


class Steps:
    """Progress of the searches from all starting points, in generations; a search may end before its last one."""

    def __init__(self, recorder: Recorder, units: int, starts: int) -> None:
        self._recorder, self._units, self._done = recorder, units, 0
        self._generations = (units - 1) // starts

    def finish(self, start: int) -> None:
        """Finish the search from a starting point, the first of which is number 0."""
        self._show((start + 1) * self._generations)

    def advance(self) -> None:
        """Finish a generation."""
        self._show(self._done + 1)

    def shown_in(self, value: Value) -> Value:
        """Return a function like ``value`` that shows the progress after every evaluation."""

        def shown(points: Tensor) -> Tensor:
            values = value(points)
            self._show(self._done)
            return values

        return shown

    def _show(self, done: int) -> None:
        self._done = done
        self._recorder.progress(done, self._units, "search")
