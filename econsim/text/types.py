"""Types of the text interface: actions and masks of one player as plain numbers."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["KEY", "Action", "Mask"]

KEY = "action"
"""The key of the JSON object of an answer."""
Action = tuple[float, ...]
"""One player's action."""
Mask = Sequence[bool] | None
"""Which options are legal, those of several choices one after another; ``None``: all."""
