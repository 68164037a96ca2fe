"""TensorBoard tracker: event files in the folder ``tensorboard/`` of the sweep, with one folder per run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from econsim.errors import UserError
from econsim.parameters import Model

__all__ = ["Parameters", "Tensorboard"]


class Parameters(Model):
    """No parameters."""


class Tensorboard:
    """Writes event files; view them with ``tensorboard --logdir SWEEP/tensorboard``."""

    def __init__(self, parameters: Parameters) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise UserError(
                "--track tensorboard needs TensorBoard; install it with: pip install 'econsim[track]'"
            ) from None
        self._writer_of: Any = SummaryWriter
        self._writer: Any = None

    def start(self, folder: Path, run: str, levels: Mapping[str, Any]) -> None:
        """Open the event file of a run."""
        self._writer = self._writer_of(str(folder / "tensorboard" / run))
        self._writer.add_text("levels", json.dumps(dict(levels)))

    def log(self, name: str, value: float, step: int) -> None:
        """Log one value."""
        self._writer.add_scalar(name, value, step)

    def finish(self) -> None:
        """Close the file."""
        self._writer.close()
