"""Held-out evaluation of the winner of a sweep, on seeds that the choice has not seen.

The best of many points is chosen on its own noise: its mean flatters it, and its interval covers the true value too
rarely. Here the winner is run again, training included, under seeds that are set aside for this purpose
(:func:`econsim.random.held_out_seeds`). They depend on the request of the sweep and on the winner, so that another
sweep or another winner has others. The results are stored in ``held_out.json``. A winner is evaluated once; the file
counts how often its result has been looked at since. ``benchmarks/adaptive_choice.py`` measures how often the naive and
the held-out intervals of 1,000 winners cover the truth, each the best of null variants. Source: Dwork et al. 2015, "The
reusable holdout: Preserving validity in adaptive data analysis".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from econsim.analysis.bootstrap import bootstrap_t
from econsim.analysis.statistics import BOOTSTRAP, STUDENT, mean_interval
from econsim.errors import RunError
from econsim.random import held_out_seeds
from econsim.storage.files import write_json
from econsim.storage.locks import locked
from econsim.sweep.effects import interval_of
from econsim.sweep.fresh_runs import fresh_metrics
from econsim.sweep.goals import goal_named, goal_rows
from econsim.sweep.scores import SEED
from econsim.sweep.winner import Winner, winner_of

if TYPE_CHECKING:
    import pandas as pd

    from econsim.sweep.folder import Sweep

__all__ = ["FEWEST", "HELD_OUT", "HeldOut", "evaluated_once", "held_out_of", "widest"]

HELD_OUT = "held_out.json"
FEWEST = 5
"""The number of held-out seeds of a winner that the sweep ran under fewer."""
_MOST_RESAMPLED = 200  # values: beyond, the mean is close to normal


@dataclass(frozen=True)
class HeldOut:
    """A winner with its interval on held-out seeds.

    interval: as ``winner.interval``, on the held-out seeds.
    looks: how often this result has been asked for, this time included.
    winners: the number of winners of the sweep that have been evaluated on held-out seeds.
    chosen_in: ``sweep`` or ``search``.
    """

    winner: Winner
    interval: dict[str, Any]
    looks: int
    winners: int
    chosen_in: str = "sweep"

    def table(self) -> pd.DataFrame:
        """Return the naive and the held-out mean of the winner with their intervals, one row each."""
        import pandas as pd

        metric = self.winner.goal.metric
        naive = f"seeds of the {self.chosen_in}, which chose it (naive)"
        sides = {naive: self.winner.interval, "held-out seeds": self.interval}
        return pd.DataFrame([{"evaluated on": name, **_named(side, metric)} for name, side in sides.items()])

    def section(self) -> tuple[str, pd.DataFrame]:
        """Return a title with the winner and what the two rows of the table mean, and the table."""
        winner = self.winner
        levels = "".join(f", {key} {level}" for key, level in winner.levels.items())
        heading = f"Winner among {winner.tried:,} variants by {winner.goal.metric}"
        return f"{heading}: {winner.policy}{levels}. {self._meaning()} {self._looks()}", self.table()

    def _meaning(self) -> str:
        if self.winner.tried == 1:
            return "A single variant was tried, so that nothing was chosen."
        return (
            f"It was chosen as the best of {self.winner.tried:,} on the seeds of the {self.chosen_in}, so its mean"
            " there flatters it, and its naive interval covers the true mean too rarely. Report the held-out interval:"
            " the winner was run again, training included, under seeds set aside for it, which the choice has not seen."
        )

    def _looks(self) -> str:
        looked = "This is the first look at it." if self.looks == 1 else f"It has been looked at {self.looks:,} times."
        others = self.winners - 1
        if not others:
            return looked
        return (
            f"{looked} {others:,} other winner{'s' * (others > 1)} of this {self.chosen_in} had a held-out evaluation;"
            " to choose between their results is a choice again."
        )


class Evaluation(NamedTuple):
    """Stored values on held-out seeds by metric; ``looks`` and ``winners`` as those of :class:`HeldOut`."""

    metrics: dict[str, list[float]]
    looks: int
    winners: int


def evaluated_once(folder: Path, identity: str, evaluate: Callable[[], dict[str, list[float]]]) -> Evaluation:
    """Return the evaluation of the winner ``identity`` from the folder, after :func:`evaluate` if it is the first.

    Raises:
        UserError: another process is using the folder.
        RunError: the file of earlier evaluations is damaged.
    """
    with locked(folder):
        path = folder / HELD_OUT
        stored = _stored(path)
        if identity not in stored:
            stored[identity] = {"looks": 0, "metrics": evaluate()}
        entry = stored[identity]
        entry["looks"] += 1
        write_json(path, stored)
    return Evaluation(entry["metrics"], entry["looks"], len(stored))


def held_out_of(sweep: Sweep, metric: str, within: Mapping[str, Any], agreed: bool) -> HeldOut:
    """Return the winner of a sweep with its held-out interval, which is computed once and then read from the folder.

    Raises:
        UserError: as :func:`econsim.sweep.winner.winner_of`, or another process is using the folder.
        RunError: the file of earlier evaluations is damaged.
    """
    goal = goal_named(metric)
    winner = winner_of(sweep, goal, within)
    identity = json.dumps([winner.policy, winner.response, winner.levels], default=str)
    evaluation = evaluated_once(sweep.path, identity, lambda: _evaluated(sweep, winner, identity, agreed))
    values = goal_rows(_as_scores(evaluation.metrics), goal, str(sweep.path / HELD_OUT))["value"]
    return HeldOut(winner, widest(values.tolist()), evaluation.looks, evaluation.winners)


def widest(values: list[float]) -> dict[str, Any]:
    """Return the mean with the ends of Student's t and the bootstrap-t interval that lie further out.

    Either alone covers a little less than 95 % on some few values: Student's where they are skewed, the bootstrap-t
    where they are not (``benchmarks/interval_coverage.py``).
    """
    student = mean_interval(values, method="student")
    if student.low is None or student.high is None or len(values) > _MOST_RESAMPLED:
        return interval_of(values)
    low, high = bootstrap_t(values)
    ends = {"low": min(low, student.low), "high": max(high, student.high)}
    return {"seeds": student.count, "mean": student.mean, **ends, "interval": f"{STUDENT} or {BOOTSTRAP}, the wider"}


def _evaluated(sweep: Sweep, winner: Winner, identity: str, agreed: bool) -> dict[str, list[float]]:
    scenario = sweep.scenario(winner.runs[0])
    # Without an axis of seeds, the repetitions of the sweep are training seeds: one each is trained afresh.
    training_seeds = scenario.seeds if SEED in sweep.keys else 1
    count = max(FEWEST, winner.interval["seeds"])
    request = (sweep.path / "sweep.yaml").read_text("utf-8")
    seeds = held_out_seeds(f"{request}\n{identity}", count, training_seeds)
    fresh = [scenario.model_copy(update={"seed": seed, "seeds": training_seeds}) for seed in seeds]
    return fresh_metrics(sweep, winner, fresh, agreed)


def _stored(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for entry in content.values():
            _ = entry["looks"] + 1, dict(entry["metrics"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise RunError(
            f"{path}: the file of held-out evaluations is damaged; restore it, or delete it to evaluate again on the"
            " same seeds"
        ) from None
    return content


def _as_scores(metrics: Mapping[str, list[float]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([{"name": name, "value": value} for name, values in metrics.items() for value in values])


def _named(interval: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """Return an interval as columns of a table, with the mean in a column named after the metric."""
    bounds = {f"{metric}_{name}": interval[name] for name in ("low", "high")}
    return {"seeds": interval["seeds"], metric: interval["mean"], **bounds, "interval": interval["interval"]}
