"""The gap of the players over the training of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from econsim.report.games.convergence import convergence_block
from econsim.rl.exact_gap import NASH_GAP

if TYPE_CHECKING:
    from econsim.report.games.blocks import Block
    from econsim.runs.folder import Run

__all__ = ["training_block"]


def training_block(run: Run) -> Block | None:
    """Return the block of the Nash gap over training, one line per seed; ``None`` where training recorded none."""
    metrics = run.metrics
    rows = metrics[(metrics["name"] == NASH_GAP) & (metrics["policy"] == run.plan.last.label)]
    paths = {
        f"seed {seed}": list(zip(of_seed["step"] + 1, of_seed["value"], strict=True))
        for seed, of_seed in rows.groupby("seed")
    }
    caption = "The exact largest gain of a player from deviating alone, in payoffs, after iterations of training."
    return convergence_block(paths, caption)
