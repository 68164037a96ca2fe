"""Types of the text interface: actions and masks of one player as plain numbers."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["KEY", "Action", "Mask"]

KEY = "action"
"""The key of the action in the JSON object of a reply."""
Action = tuple[float, ...]
"""One player's action as numbers."""
Mask = Sequence[bool] | None
"""Whether each option is legal, with the options of several choices concatenated; ``None`` if all are legal."""
