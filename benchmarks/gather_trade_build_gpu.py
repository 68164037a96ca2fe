"""Speed of Gather-Trade-Build on a GPU without training: random legal play, including observations, views and masks.

A step of all environment copies, including the sampling of actions, is replayed as one CUDA graph (``graph``) or
executed as separate calls (``eager``). Time is measured with CUDA events after a warm-up, with a checksum over all
outputs. Target: 3 million environment steps per second with 4 workers on one H200-class GPU; the speed with 100 workers
is reported too. Run: ``make benchmark-gpu``. Without a GPU, ``--device cpu --tiny`` runs everything except the graphs
and writes nothing.
"""

from __future__ import annotations

import sys

import torch
from _gpu_timing import Played, command
from gather_trade_build_speed import Play

SIZES = {
    "all": {4: (4096, 16384, 65536), 100: (512, 2048, 4096)},
    "few": {4: (16384,), 100: (2048,)},
    "tiny": {4: (8,), 100: (2,)},
}


def make(workers: int, copies: int, device: str) -> Played:
    """Return play of tensors on a device."""
    return Play(workers, copies, device=device)


@torch.no_grad()
def main() -> int:
    """Measure and record."""
    return command("gather_trade_build_gpu", "workers", __doc__, make, SIZES)


if __name__ == "__main__":
    sys.exit(main())
