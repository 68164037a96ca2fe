"""Builds Foundation's environment; imported by the scripts that the peer's own interpreter runs, never by econsim."""

from __future__ import annotations

from typing import Any

import numpy

numpy.int = int  # type: ignore[attr-defined]  # the alias that numpy 1.24 took away and Foundation still reads

from ai_economist import foundation  # type: ignore[import-not-found]  # noqa: E402


def build(settings: dict[str, Any]) -> Any:
    """Return the environment that ``_foundation_configuration.configuration`` describes, not yet reset."""
    return foundation.make_env_instance(**settings)
