"""Weights & Biases tracker: one W&B run per run, in the project ``econsim``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from econsim.errors import UserError
from econsim.parameters import Model

__all__ = ["Parameters", "Wandb"]


class Parameters(Model):
    """No parameters: Weights & Biases is configured by ``WANDB_API_KEY``, ``WANDB_MODE`` and similar variables."""


class Wandb:
    """Logs runs to Weights & Biases; the runs of one sweep form a group."""

    def __init__(self, parameters: Parameters) -> None:
        try:
            self._wandb: Any = import_module("wandb")
        except ImportError:
            raise UserError("--track wandb needs Weights & Biases; install it with: pip install wandb") from None
        self._run: Any = None

    def start(self, folder: Path, run: str, levels: Mapping[str, Any]) -> None:
        """Start a run with its levels as configuration."""
        self._run = self._wandb.init(
            project="econsim", group=folder.resolve().name, name=run, config=dict(levels), dir=str(folder), reinit=True
        )

    def log(self, name: str, value: float, step: int) -> None:
        """Log one value; steps need not increase from one metric to the next."""
        self._run.log({name: value, f"{name}/step": step})

    def finish(self) -> None:
        """End the run."""
        self._run.finish()
