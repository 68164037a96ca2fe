"""Weights & Biases: one run each, in the project ``econsim``, as ``WANDB_API_KEY`` and ``WANDB_MODE`` say."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from econsim.errors import UserError
from econsim.parameters import Model

__all__ = ["Parameters", "Wandb"]


class Parameters(Model):
    """Weights & Biases is set up by its own environment variables."""


class Wandb:
    """Tells Weights & Biases; the runs of one sweep are a group."""

    def __init__(self, parameters: Parameters) -> None:
        try:
            self._wandb: Any = import_module("wandb")
        except ImportError:
            raise UserError("--track wandb needs it; install it with: pip install wandb") from None
        self._run: Any = None

    def start(self, folder: Path, run: str, levels: Mapping[str, Any]) -> None:
        """Begin a run, its levels as configuration."""
        self._run = self._wandb.init(
            project="econsim", group=folder.resolve().name, name=run, config=dict(levels), dir=str(folder), reinit=True
        )

    def log(self, name: str, value: float, step: int) -> None:
        """Note one number; steps of different numbers need not be in order."""
        self._run.log({name: value, f"{name}/step": step})

    def finish(self) -> None:
        """End the run."""
        self._run.finish()
