"""Speed of the Bewley economy on a GPU without training: random play of households, with observations.

A step of all environment copies, including the draws of actions, is replayed as one CUDA graph (``graph``) or executed
as separate calls (``eager``). Time is measured with CUDA events after a warm-up, with a checksum over what is produced
and observed. Target: 1e9 steps of households a second on one H200-class GPU. Run: ``make benchmark-gpu``. Without a
GPU, ``--device cpu --tiny`` runs everything except the graphs and writes nothing.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from _gpu_timing import SEED, Played, command
from torch import Tensor

from econsim import random
from econsim.economies.bewley import Bewley, Parameters

SIZES = {
    "all": {100: (4096, 65536), 1000: (1024, 8192), 10_000: (256, 1024)},
    "few": {1000: (8192,)},
    "tiny": {20: (2,)},
}


class Play:
    """Random play of households under the status quo."""

    def __init__(self, households: int, copies: int, device: str) -> None:
        self.game = Bewley(Parameters(households=households)).to(device=device)
        self.shape = (households, 2)
        assert isinstance(self.game, Bewley)
        rates = self.game.status_quo("government").to(device, self.game.dtype)
        self.government = rates.expand(copies, 1, -1).contiguous()
        self.state: Any = self.game.reset(random.keys(SEED, copies, device))

    def one_step(self, state: Any) -> tuple[Any, Tensor]:
        """Return the state after a period and a sum over what is produced and observed."""
        seen = self.game.observe(state)
        drawn = random.uniform(state.key, state.time, "play", self.shape, self.game.dtype)
        after = self.game.step(state, {"household": 0.05 + 0.5 * drawn, "government": self.government}).state
        return after, after.last.output.sum().float() + sum(each.features.sum() for each in seen.values())


def make(households: int, copies: int, device: str) -> Played:
    """Return play of tensors on a device."""
    return Play(households, copies, device)


@torch.no_grad()
def main() -> int:
    """Measure and record."""
    return command("bewley_gpu", "households", __doc__, make, SIZES)


if __name__ == "__main__":
    sys.exit(main())
