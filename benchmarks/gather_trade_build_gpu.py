"""Speed of Gather-Trade-Build on a GPU without training: random legal play, including observations, views and masks.

A step of all environment copies, including the sampling of actions, is replayed as one CUDA graph (``graph``) or
executed as separate calls (``eager``). Time is measured with CUDA events after a warm-up, with a checksum over all
outputs. Target: 3 million environment steps per second with 4 workers on one H200-class GPU; the speed with 100 workers
is reported too. Run: ``make benchmark-gpu``. Without a GPU, ``--device cpu --tiny`` runs everything except the graphs
and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from _record import record
from gather_trade_build_speed import Play
from torch import Tensor

from econsim.acceleration import Mode, accelerate

COPIES = {4: (4096, 16384, 65536), 100: (512, 2048, 4096)}
FEW = {4: (16384,), 100: (2048,)}
TINY = {4: (8,), 100: (2,)}
WARM_UP = 10


def measure(workers: int, copies: int, mode: Mode, steps: int, device: str) -> dict[str, Any]:
    """Return the speed over ``steps`` steps of ``copies`` environment copies, the peak memory and a checksum."""
    play = Play(workers, copies, device=device)
    example = (play.state, torch.zeros((), device=device))
    advance = accelerate(_adding(play), example, mode)
    state, total = example
    for _ in range(WARM_UP):
        state, total = advance(state, total)
    seconds, (state, total) = _timed(lambda: _repeat(advance, state, total, steps), device)
    row = {"env_steps_per_second": round(steps * copies / seconds), "checksum": float(total)}
    if device != "cpu":
        row["peak_memory_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
        torch.cuda.reset_peak_memory_stats()
    return row


def _adding(play: Play) -> Callable[[Any, Tensor], tuple[Any, Tensor]]:
    def advance(state: Any, total: Tensor) -> tuple[Any, Tensor]:
        state, step_sum = play.one_step(state)
        return state, total + step_sum

    return advance


def _repeat(advance: Callable[..., Any], state: Any, total: Tensor, steps: int) -> Any:
    for _ in range(steps):
        state, total = advance(state, total)
    return state, total


def _timed(call: Callable[[], Any], device: str) -> tuple[float, Any]:
    """Return the seconds measured by the device's own clock, and the result of the call."""
    if device == "cpu":
        start = time.perf_counter()
        result = call()
        return time.perf_counter() - start, result
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    begin.record()
    result = call()
    end.record()
    torch.cuda.synchronize()
    return begin.elapsed_time(end) / 1000.0, result


def main() -> int:
    """Measure every number of environment copies that fits into memory, and record the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"], help="device (default cuda)")
    parser.add_argument("--steps", type=int, default=300, help="steps to time (default 300)")
    parser.add_argument(
        "--few", action="store_true", help="one number of copies each: every number is compiled anew, for a minute"
    )
    parser.add_argument(
        "--tiny", action="store_true", help="a trial with few environment copies and steps, which writes nothing"
    )
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("gather_trade_build_gpu: no CUDA device found; use --device cpu --tiny", file=sys.stderr)
        return 2
    modes: tuple[Mode, ...] = ("eager", "graph") if options.device == "cuda" else ("eager",)
    result: dict[str, Any] = {}
    for workers, several in (TINY if options.tiny else FEW if options.few else COPIES).items():
        for copies in several:
            for mode in modes:
                label = f"workers_{workers}_copies_{copies}_{mode}"
                try:
                    row = measure(workers, copies, mode, 3 if options.tiny else options.steps, options.device)
                except torch.cuda.OutOfMemoryError:
                    row = {"out_of_memory": True}
                    torch.cuda.empty_cache()
                result[label] = row
                print(label, row, flush=True)
    if not options.tiny:
        result["device"] = torch.cuda.get_device_name() if options.device == "cuda" else "cpu"
        record("gather_trade_build_gpu", result, 0)
    return 0


if __name__ == "__main__":
    with torch.no_grad():
        sys.exit(main())
