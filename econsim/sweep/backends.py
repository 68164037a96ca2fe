"""The backend of a sweep's runs: compilation of kernels before workers start, and the runs that tensors play anyway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from econsim.runs.backend import TENSORS, on_backend
from econsim.scenario import Scenario

__all__ = ["prepared"]


def prepared(scenarios: Sequence[Scenario], backend: str, compiles: bool) -> Iterator[str]:
    """Yield lines on the backend of the runs; ``scenarios`` holds one of each kind of runs.

    With ``compiles``, kernels are compiled in this process, because otherwise all of its workers would compile them at
    the same time.

    Raises:
        UserError: kernels are requested without numba.
    """
    if backend == TENSORS:
        return
    games = [on_backend(scenario.build_game(), backend) for scenario in scenarios]
    reasons = [backed.reason for backed in games if backed.reason]
    for reason in dict.fromkeys(reasons):
        which = "all" if len(scenarios) == reasons.count(reason) else f"{reasons.count(reason)} of {len(scenarios)}"
        yield f"backend: tensors in {which} kinds of runs, because {reason}"
    on_kernels = next((backed.game for backed in games if not backed.reason), None)
    if on_kernels is not None and compiles:
        from econsim.runs.compilation import compiled_in_words

        yield from compiled_in_words(on_kernels)
