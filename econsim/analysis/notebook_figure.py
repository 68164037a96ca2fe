"""Matplotlib figures that notebooks display on a white background without importing pyplot."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure

_DOTS_AN_INCH = 120


class NotebookFigure(Figure):
    """A figure that a notebook displays as an image rather than by its name."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, bytes]:
        """Return the image on white, since lines are dark and the background of the notebook may be dark too."""
        target, opacity = io.BytesIO(), self.patch.get_alpha()
        self.patch.set_alpha(1.0)
        self.savefig(target, format="png", dpi=_DOTS_AN_INCH, facecolor="white")
        self.patch.set_alpha(opacity)
        return {"image/png": target.getvalue()}
