"""Golden trace of Foundation: a short recorded episode with which econsim's tests compare their own play.

Run ``python benchmarks/foundation_trace.py`` when the economy's random streams or the actions of aligned play change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy
import torch
from _foundation_aligned import play
from _foundation_configuration import configuration
from _foundation_differences import Difference, Replay, differences, replay

import econsim
from econsim import random
from econsim.game import Game

TRACE = Path(__file__).parents[1] / "tests" / "economies" / "gather_trade_build" / "foundation_play.npz"
WORKERS, STEPS, PERIOD, TAXES = 4, 500, 100, "random_planner"
SEED = 20261121


def game() -> Game[Any]:
    """Return the economy of the trace."""
    components = ["build", "trade", "gather", {"kind": "tax", "period": PERIOD}]
    economy = econsim.make("gather_trade_build", workers=WORKERS, horizon=STEPS, components=components)
    return economy.to(dtype=torch.float64)


def record() -> None:
    """Play the episode in Foundation and write it to ``TRACE``."""
    job, _ = play(game(), random.keys(SEED, 1), TAXES)
    replayed = replay(configuration(WORKERS, TAXES, STEPS, PERIOD), job)
    about = json.dumps({"labels": replayed.labels, "starts": replayed.starts})
    numpy.savez_compressed(TRACE, about=about, **replayed.episodes[0])  # type: ignore[arg-type]


def compare() -> dict[str, Difference]:
    """Play the episode in econsim and return the differences from the trace by quantity."""
    with numpy.load(TRACE) as archive:
        episode = dict(archive)
    about = json.loads(str(episode.pop("about")))
    _, ours = play(game(), random.keys(SEED, 1), TAXES)
    return differences(game(), ours, Replay([episode], about["labels"], about["starts"]), TAXES)


if __name__ == "__main__":
    record()
