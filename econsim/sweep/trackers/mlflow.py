"""MLflow tracker: one MLflow run per run, in the experiment ``econsim`` at the address in ``MLFLOW_TRACKING_URI``.

The 2026 releases of mlflow require an older pyarrow than econsim; install the reduced package instead:
``pip install mlflow-skinny``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from econsim.errors import UserError
from econsim.parameters import Model

__all__ = ["Mlflow", "Parameters"]


class Parameters(Model):
    """No parameters: MLflow is configured by its own environment variables."""


class Mlflow:
    """Logs runs to an MLflow server."""

    def __init__(self, parameters: Parameters) -> None:
        try:
            self._mlflow: Any = import_module("mlflow")
        except ImportError:
            raise UserError("--track mlflow needs MLflow; install it with: pip install mlflow-skinny") from None
        self._mlflow.set_experiment("econsim")

    def start(self, folder: Path, run: str, levels: Mapping[str, Any]) -> None:
        """Start a run with its levels as parameters."""
        self._mlflow.start_run(run_name=run)
        self._mlflow.log_params({key: str(value)[:500] for key, value in levels.items()})

    def log(self, name: str, value: float, step: int) -> None:
        """Log one value."""
        self._mlflow.log_metric(name, value, step=step)

    def finish(self) -> None:
        """End the run."""
        self._mlflow.end_run()
