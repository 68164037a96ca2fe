"""Construction of Foundation's environment, for the scripts that run in Foundation's own Python environment."""

from __future__ import annotations

from typing import Any

import numpy

numpy.int = int  # type: ignore[attr-defined]  # an alias that numpy 1.24 removed and Foundation uses

from ai_economist import foundation  # type: ignore[import-not-found]  # noqa: E402


def build(settings: dict[str, Any]) -> Any:
    """Return the environment described by ``_foundation_configuration.configuration``, before its first reset."""
    return foundation.make_env_instance(**settings)
