"""Years of TaxAI's program per CPU-second, run by ``bewley_speed.py`` in its folder: HOUSEHOLDS, SECONDS, RESULT."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from _legacy_program import program, replace_imports


def main(households: int, seconds: float, output: Path) -> None:
    """Play random actions for about as many CPU-seconds and write the speed."""
    torch.set_num_threads(1)
    replace_imports()
    economy, draw = program("taxai_2024", "gdp", 0, households), np.random.default_rng(0)
    economy.reset()
    years, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        action = {"government": draw.uniform(-1, 1, 5), "Household": draw.uniform(-1, 1, (households, 2))}
        if economy.step(action)[4]:
            economy.reset()
        years += 1
    output.write_text(json.dumps(years / (time.process_time() - start)))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
