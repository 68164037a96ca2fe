"""Scenarios: YAML reading, composition from named files and overrides, and the frozen scenario model.

Names are imported when they are first used, so that listing scenarios does not import the model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from econsim.scenario.loading import game_choice, load, with_overrides
    from econsim.scenario.model import Evaluation, Headline, Scenario

__all__ = ["Evaluation", "Headline", "Scenario", "game_choice", "load", "with_overrides"]

_LOADING = ("game_choice", "load", "with_overrides")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'econsim.scenario' has no attribute {name!r}")
    return getattr(import_module(f"econsim.scenario.{'loading' if name in _LOADING else 'model'}"), name)
