"""A matplotlib figure that a notebook shows, on white, without pyplot being imported."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure

_DOTS_AN_INCH = 120


class NotebookFigure(Figure):
    """A figure whose own picture is what a notebook shows; else it would show the figure's name alone."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, bytes]:
        """Return the picture on white: ink is dark, and notebooks may be dark as well."""
        target, own = io.BytesIO(), self.patch.get_alpha()
        self.patch.set_alpha(1.0)
        self.savefig(target, format="png", dpi=_DOTS_AN_INCH, facecolor="white")
        self.patch.set_alpha(own)
        return {"image/png": target.getvalue()}
