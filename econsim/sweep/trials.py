"""Evaluation of the trials of a search: the metric of a point of the axes under each of several seeds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from econsim.errors import UserError, did_you_mean
from econsim.scenario import Scenario, load
from econsim.sweep.batch import Packed, packed_scores
from econsim.sweep.packing import why_alone

if TYPE_CHECKING:
    from econsim.sweep.search import SearchRequest

__all__ = ["Trials", "scenario_of", "value_of"]


@dataclass(frozen=True)
class Trials:
    """The trials of a search in the folder ``out``; ``options``: ``device``, ``threads`` and ``backend`` of its runs.

    ``agreed``: the user agrees to the calls of its runs to a language model, and to sending a key to it.

    Trials without training are played in batches. The others are runs in folders below ``out``, which are resumed if
    they were interrupted.
    """

    request: SearchRequest
    out: Path
    options: Mapping[str, Any]
    agreed: bool

    def values(self, levels: Mapping[str, Any], seeds: Sequence[int]) -> Iterator[float]:
        """Yield the value of the metric under each seed."""
        scenarios = [scenario_of(self.request, {**levels, "seed": seed}) for seed in seeds]
        if why_alone(scenarios[0]) is not None:
            yield from (self._of_run(scenario, levels) for scenario in scenarios)
            return
        runs = [Packed(number, scenario, {}) for number, scenario in enumerate(scenarios)]
        for _, scores in packed_scores(runs, self.options["device"], self.options["backend"]):
            rows = [
                (score.policy, score.response, name, value) for score in scores for name, value in score.metrics.items()
            ]
            yield value_of(rows, self.request.metric)

    def _of_run(self, scenario: Scenario, levels: Mapping[str, Any]) -> float:
        from econsim.runs import execute, resume

        folder = self.out / "trials" / _name(levels) / f"seed-{scenario.seed}"
        if (folder / "environment.json").is_file():
            run = resume(folder, quiet=True, accept_changed_versions=True, agreed=self.agreed)
        else:
            run = execute(scenario, folder, quiet=True, agreed=self.agreed, **self.options)
        scored = run.metrics[run.metrics["response"] != ""]
        rows = scored[["policy", "response", "name", "value"]].itertuples(index=False)
        return value_of([tuple(row) for row in rows], self.request.metric)


def scenario_of(request: SearchRequest, levels: Mapping[str, Any]) -> Scenario:
    """Return the scenario at a point; raises :class:`UserError` where a level is not allowed."""
    given = {**request.fixed, **levels}
    return load(request.scenario, {key: given[key] for key in sorted(given, key=lambda key: key.count("."))})


def value_of(rows: Sequence[tuple[Any, ...]], metric: str) -> float:
    """Return the mean of a metric over rows: of the last policy under the first response, or of ``policy.metric``.

    Args:
        rows: policy, response, name of the metric and value.
        metric: ``name``, or ``policy.name``.

    Raises:
        UserError: there is no such metric.
    """
    policy, name = rows[-1][0], metric
    if metric not in {row[2] for row in rows} and "." in metric:
        policy, _, name = metric.rpartition(".")
    policy_rows = [row for row in rows if row[0] == policy]
    first_response = policy_rows[0][1] if policy_rows else ""
    values = [row[3] for row in policy_rows if row[2] == name and row[1] == first_response]
    if not values:
        names = {row[2] for row in rows} | {f"{row[0]}.{row[2]}" for row in rows}
        raise UserError(f"--maximise {metric}: no such metric{did_you_mean(metric, names)}")
    return fmean(values)


def _name(levels: Mapping[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(dict(levels), sort_keys=True).encode(), digest_size=8).hexdigest()
