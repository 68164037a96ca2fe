"""Speed of random play on a GPU: steps that are replayed as CUDA graphs or executed as separate calls."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch
from _record import record
from torch import Tensor

from econsim.acceleration import Mode, accelerate

WARM_UP = 10
SEED = 0


class Played(Protocol):
    """Play of a batch of environment copies."""

    state: Any

    def one_step(self, state: Any) -> tuple[Any, Tensor]:
        """Return the state after a step and a sum over all outputs."""


def measure(play: Played, copies: int, mode: Mode, steps: int, device: str) -> dict[str, Any]:
    """Return the speed over ``steps`` steps, the peak memory and a checksum; time is that of the device's own clock."""
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


def _adding(play: Played) -> Callable[[Any, Tensor], tuple[Any, Tensor]]:
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


Sizes = Mapping[int, Sequence[int]]
"""Numbers of environment copies by the number of players."""


def command(
    name: str,
    players: str,
    description: str | None,
    make: Callable[[int, int, str], Played],
    sizes: Mapping[str, Sizes],
) -> int:
    """Measure every number of environment copies that fits into memory, and record the results; return the exit code.

    Args:
        name: of the script and its result.
        players: what players are called in labels.
        description: of the script.
        make: returns play for a number of players, of copies, and a device.
        sizes: of batches: ``all``, ``few`` and ``tiny``.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
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
        print(f"{name}: no CUDA device found; use --device cpu --tiny", file=sys.stderr)
        return 2
    modes: tuple[Mode, ...] = ("eager", "graph") if options.device == "cuda" else ("eager",)
    result: dict[str, Any] = {}
    for count, several in sizes["tiny" if options.tiny else "few" if options.few else "all"].items():
        for copies in several:
            for mode in modes:
                label = f"{players}_{count}_copies_{copies}_{mode}"
                try:
                    play = make(count, copies, options.device)
                    row = measure(play, copies, mode, 3 if options.tiny else options.steps, options.device)
                    row[f"{players}_steps_per_second"] = row["env_steps_per_second"] * count
                except torch.cuda.OutOfMemoryError:
                    row = {"out_of_memory": True}
                    torch.cuda.empty_cache()
                result[label] = row
                print(label, row, flush=True)
    if not options.tiny:
        result["device"] = torch.cuda.get_device_name() if options.device == "cuda" else "cpu"
        record(name, result, SEED)
    return 0
