"""Further runs of a point of a sweep under other seeds, executed as the sweep executed it: in a batch or alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from econsim.runs.backend import TENSORS
from econsim.runs.metrics_table import SERIES
from econsim.sweep.folder import INDEX
from econsim.sweep.index import Index
from econsim.sweep.winner import Winner

if TYPE_CHECKING:
    from econsim.scenario import Scenario
    from econsim.sweep.folder import Sweep

__all__ = ["fresh_metrics"]

Row = tuple[str, str, str, float]
"""Policy, response, name of the metric, value."""


def fresh_metrics(sweep: Sweep, winner: Winner, scenarios: Sequence[Scenario], agreed: bool) -> dict[str, list[float]]:
    """Return every metric of the winner's policy and response, one value per scenario, as means over training seeds.

    Raises:
        UserError: a run calls a language model, and ``agreed`` is not set.
    """
    metrics: dict[str, list[float]] = {}
    for rows in _executed(sweep, winner.runs[0], scenarios, agreed):
        values: dict[str, list[float]] = {}
        for policy, response, name, value in rows:
            if (policy, response) == (winner.policy, winner.response) and not name.startswith(SERIES):
                values.setdefault(name, []).append(value)
        for name, of_seeds in values.items():
            metrics.setdefault(name, []).append(fmean(of_seeds))
    return metrics


def _executed(sweep: Sweep, run: int, scenarios: Sequence[Scenario], agreed: bool) -> Iterator[list[Row]]:
    from econsim.runs.machine import computing_on

    with Index(sweep.path / INDEX) as index:
        record = index.record(run)
        members = {member.number: member for member in index.unit(record.unit).members}
    options = {"backend": TENSORS} | sweep.options  # older versions did not write the key
    with computing_on(options["threads"]):
        if record.packed:
            yield from _in_a_batch(scenarios, members[run].parameters, options)
        else:
            yield from (_alone(scenario, options, agreed) for scenario in scenarios)


def _in_a_batch(scenarios: Sequence[Scenario], parameters: Any, options: dict[str, Any]) -> Iterator[list[Row]]:
    from econsim.runs.machine import device_named
    from econsim.sweep.batch import Packed, packed_scores

    runs = [Packed(number, scenario, parameters) for number, scenario in enumerate(scenarios)]
    for _, scores in packed_scores(runs, device_named(options["device"]), options["backend"]):
        yield [(each.policy, each.response, name, value) for each in scores for name, value in each.metrics.items()]


def _alone(scenario: Scenario, options: dict[str, Any], agreed: bool) -> list[Row]:
    from econsim.runs import execute

    with tempfile.TemporaryDirectory(prefix="econsim-") as parent:
        folder = Path(parent) / "run"
        how = {name: options[name] for name in ("device", "threads", "backend")}
        run = execute(scenario, folder, quiet=True, agreed=agreed, **how)
        columns = run.metrics[["policy", "response", "name", "value"]]
        return list(columns[columns["response"] != ""].itertuples(index=False, name=None))
