"""Largest differences between econsim and Foundation under the same actions and the same random draws."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import _peers
import numpy
from _foundation_aligned import Array, Arrays, play
from torch import Tensor

from econsim.game import Game

SEEN = ("features", "planner_features", "of_workers")
# Foundation casts observations to float32. All other values are float64 and differ by rounding only, which stays
# below 1e-9 in a thousand additions of amounts below ten thousand.
TOLERANCE = {"features": 2e-6, "planner_features": 2e-6, "of_workers": 2e-6}
USUAL_TOLERANCE = 1e-9


class Difference:
    """The largest difference of one quantity, the number of compared values, and the first excess over tolerance."""

    def __init__(self, quantity: str) -> None:
        self.largest, self.numbers, self.first = 0.0, 0, ""
        self.tolerance = TOLERANCE.get(quantity, USUAL_TOLERANCE)

    def add(self, ours: Array, theirs: Array, where: str) -> None:
        """Add the values ``[T, ...]`` of one episode; different shapes and NaN count as infinite differences."""
        same_shape = ours.shape == theirs.shape
        error = numpy.abs(ours.astype(float) - theirs.astype(float)) if same_shape else numpy.full(1, numpy.inf)
        error = numpy.nan_to_num(error, nan=numpy.inf)
        self.numbers += error.size
        self.largest = max(self.largest, float(error.max(initial=0.0)))
        if not self.first and self.largest > self.tolerance:
            self.first = f"{where}, {[int(index) for index in numpy.argwhere(error > self.tolerance)[0]]}"

    @property
    def row(self) -> dict[str, Any]:
        """The row of the table."""
        agrees = self.largest <= self.tolerance
        first = {} if agrees else {"first": self.first}
        return {
            "numbers": self.numbers,
            "largest": self.largest,
            "tolerance": self.tolerance,
            "agrees": agrees,
            **first,
        }


@dataclass(frozen=True)
class Replay:
    """Foundation's results of a job.

    episodes: states, observations and rewards by name, ``[T + 1, ...]``.
    labels: the names of the entries of the observations in ``SEEN``.
    starts: initial row and column of each skill rank, the lowest rank first.
    """

    episodes: list[Arrays]
    labels: dict[str, list[str]]
    starts: list[list[int]]


def compare(game: Game[Any], configuration: dict[str, Any], key: Tensor, taxes: str) -> dict[str, Any]:
    """Return the differences by quantity over one whole episode per key, and the number of events in them."""
    job, ours = play(game, key, taxes)
    found = differences(game, ours, replay(configuration, job), taxes)
    counts = {name: float(ours[name][:, -1].sum()) for name in ("bought", "houses", "tax")}
    return {"episodes": len(key), "happened": counts, "rows": {name: entry.row for name, entry in found.items()}}


def replay(configuration: dict[str, Any], job: Arrays) -> Replay:
    """Replay ``job`` with Foundation in its own environment."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = json.dumps({"configuration": configuration, "output": name})
        numpy.savez(folder / "job.npz", settings=settings, **job)  # type: ignore[arg-type]
        _peers.run(_peers.FOUNDATION, "_foundation_replay.py", str(folder / "job.npz"))
        labels, starts = (json.loads((folder / f"{what}.json").read_text()) for what in ("labels", "starts"))
        episodes = []
        for episode in range(len(job["actions"])):
            with numpy.load(folder / f"episode_{episode}.npz") as archive:
                episodes.append(dict(archive))
    return Replay(episodes, labels, starts)


def differences(game: Game[Any], ours: Arrays, theirs: Replay, taxes: str) -> dict[str, Difference]:
    """Return the differences by quantity; the first axis of ``ours`` is that of episodes."""
    found = {"start_by_skill": _starts(ours, theirs.starts)}
    columns = {name: _columns(game, name, theirs.labels[name]) for name in SEEN}
    for number, episode in enumerate(theirs.episodes):
        own, other = {name: ours[name][number] for name in episode}, dict(episode)
        for name, (kept, picked) in columns.items():
            own[name], other[name] = own[name][..., picked].astype(numpy.float32), other[name][..., kept]
        _forgive(
            game, own, other, {name: [theirs.labels[name][at] for at in kept] for name, (kept, _) in columns.items()}
        )
        for name, values in other.items():
            if name == "planner_mask" and taxes != "random_planner":
                continue  # Foundation's planner then has no actions, while econsim's planner sets the fixed schedule
            start = _start(name, taxes)
            found.setdefault(name, Difference(name)).add(own[name][start:], values[start:], f"episode {number}")
    return found


def _starts(ours: Arrays, theirs: list[list[int]]) -> Difference:
    """Return the difference of the initial positions by skill rank, which a replay otherwise takes from econsim."""
    found = Difference("start_by_skill")
    for position, payment in zip(ours["position"][:, 0], ours["payment"][:, 0], strict=True):
        found.add(position[payment.argsort()], numpy.array(theirs), "start")
    return found


def _forgive(game: Any, own: Arrays, theirs: Arrays, labels: dict[str, list[str]]) -> None:
    """Equate marginal rates where income equals a threshold up to rounding, since its bracket is then undetermined."""
    thresholds = game.tables["thresholds"].numpy()
    at = {
        name: (numpy.abs(own[name][..., None] - thresholds) < USUAL_TOLERANCE).any(-1) & (own[name] != theirs[name])
        for name in ("income", "last_income")
    }
    theirs["last_marginal_rate"] = numpy.where(
        at["last_income"], own["last_marginal_rate"], theirs["last_marginal_rate"]
    )
    for name in ("features", "of_workers"):
        for column, label in enumerate(labels[name]):
            if label.endswith("marginal_rate"):
                either = at["last_income" if "-last" in label else "income"]
                theirs[name][..., column] = numpy.where(either, own[name][..., column], theirs[name][..., column])


def _start(name: str, taxes: str) -> int:
    """Return the first observation to compare.

    Foundation shows fixed rates before the first step; in econsim the planner sets them in the first step.
    """
    shows_rates = name in ("features", "planner_features", "of_workers", "rates_in_force")
    return 1 if shows_rates and taxes == "us_federal" else 0


def _columns(game: Game[Any], name: str, labels: list[str]) -> tuple[list[int], list[int]]:
    """Return the columns of Foundation to compare, and the corresponding columns of econsim.

    ``build_skill`` is left out: with fixed skills, Foundation shows a value that is unrelated to the payment.
    """
    role = game.roles["worker" if name == "features" else "planner"]
    suffix = "_of_worker_0" if name == "of_workers" else ""
    own = {feature: index for index, feature in enumerate(role.features)}
    kept = [index for index, label in enumerate(labels) if not label.endswith("build_skill")]
    picked = [own[_ours(labels[index]) + suffix] for index in kept]
    first = own[f"coin{suffix}"] if suffix else 0
    return kept, [index - first for index in picked]


def _ours(label: str) -> str:
    """Return econsim's name of a feature of Foundation."""
    bare = re.sub(r"^[A-Za-z]+-", "", label).removeprefix("inventory-").lower()
    return {"loc-row": "row", "loc-col": "column"}.get(bare, bare)
