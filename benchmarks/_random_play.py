"""A kernel that draws uniform legal options, equal to those of ``gather_trade_build_speed.legal`` on tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from econsim.kernels.allocation import array_of
from econsim.kernels.compiling import entry
from econsim.kernels.draws import state_of, stream, uniform_at
from econsim.kernels.threads import over_copies


def legal(mask: Tensor, key: Tensor, time: Tensor, name: str) -> Tensor:
    """Return uniform legal options ``[B, n]`` for masks ``[B, n, A]``: the ``k``-th legal option for a random ``k``."""
    chosen = torch.empty(mask.shape[:2], dtype=torch.int64)
    arrays = array_of(mask.view(torch.uint8)), array_of(key), array_of(time)
    over_copies(_draw, len(mask), *arrays, stream(name), chosen.numpy())
    return chosen


@entry
def _draw(first: int, last: int, masks: Any, keys: Any, times: Any, drawn_from: Any, chosen: Any) -> None:
    """Draw for the environment copies ``first`` to ``last - 1``."""
    for b in range(first, last):
        state = state_of(keys[b], times[b], drawn_from)
        for n in range(masks.shape[1]):
            count = np.int64(0)
            for option in range(masks.shape[2]):
                count += masks[b, n, option]
            left = int(np.float32(uniform_at(state, n)) * np.float32(count))
            option = 0
            while masks[b, n, option] == 0 or left > 0:
                left -= masks[b, n, option]
                option += 1
            chosen[b, n] = option
