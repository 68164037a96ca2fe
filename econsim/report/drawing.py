"""Conversion of figures to PNG on white, to SVG files, and to SVG elements that follow the colours of a page."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from econsim.analysis.canvas import INK, LINES, SERIES
from econsim.report.crowding import fit_texts
from econsim.report.narrow import lay_out_narrowly

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from econsim.report.figures import Captioned

__all__ = ["VARIABLES", "Drawn", "drawn", "png", "settle_layout", "svg", "svg_file"]

_TEXT_AS_TEXT: Any = {"svg.fonttype": "none"}
VARIABLES = {INK: "--ink", LINES: "--lines", **{color: f"--series-{i + 1}" for i, color in enumerate(SERIES)}}
"""The CSS variable of each colour of the plots."""
_IDENTIFIER = re.compile(r'\sid="([^"]+)"')
_REFERRED = re.compile(r'(?:url\(#|href="#)([^)"]+)')
_FONT = re.compile(r"font: ([^;\"]*?)(\d+(?:\.\d+)?px)[^;\"]*")
_FAMILY = re.compile(r"font-family: [^;\"]*")  # newer versions of matplotlib write the parts of a font separately


class Drawn(NamedTuple):
    """A figure as SVG file, as SVG file for screens as narrow as a phone, and as PNG where that was requested."""

    item: Captioned
    png: bytes | None
    wide: str
    narrow: str


def drawn(item: Captioned, with_png: bool = True) -> Drawn:
    """Return a figure as files, optionally without PNG; afterwards the figure itself is laid out for a phone.

    A figure whose labels alone are as wide as a phone has the wide layout there too.
    """
    settle_layout(item.figure)
    wide, picture = svg_file(item.figure, item.name), png(item.figure) if with_png else None
    lay_out_narrowly(item.figure)
    with warnings.catch_warnings(record=True) as problems:
        warnings.filterwarnings("always", "constrained_layout not applied")
        settle_layout(item.figure)
    narrow = _with_other_identifiers(wide) if problems else svg_file(item.figure, f"{item.name}, narrow")
    return Drawn(item, picture, wide, narrow)


def _with_other_identifiers(file: str) -> str:
    """Return an SVG file that can be on a page beside the original, which refers to its parts by identifiers."""
    return re.sub(r'(\sid="|url\(#|href="#)', r"\1narrow-", file)


def settle_layout(figure: Figure) -> None:
    """Lay the figure out once, with its texts, and keep the layout, which otherwise is computed again for each file."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)
    fit_texts(figure)


def png(figure: Figure) -> bytes:
    """Return the figure as PNG on white, at 200 dots per inch."""
    target, alpha = io.BytesIO(), figure.patch.get_alpha()
    figure.patch.set_alpha(1.0)  # figures have a transparent background
    figure.savefig(target, format="png", dpi=200, facecolor="white", metadata={"Software": None})
    figure.patch.set_alpha(alpha)
    return target.getvalue()


def svg_file(figure: Figure, name: str) -> str:
    """Return the figure as an SVG file for papers and slides, with text as text rather than outlines.

    Args:
        figure: a figure in the colours of the plots.
        name: a name that makes its identifiers unique among the figures of a page.
    """
    from matplotlib import rc_context

    target = io.StringIO()
    with rc_context({**_TEXT_AS_TEXT, "svg.hashsalt": name}):
        # The resolution affects only raster images within the figure.
        figure.savefig(target, format="svg", dpi=200, transparent=True, metadata={"Date": None, "Creator": None})
    return target.getvalue()


def svg(file: str, alternative: str) -> str:
    """Return an SVG file as an ``<svg>`` element whose colours are CSS variables of the page.

    Args:
        file: the result of :func:`svg_file`.
        alternative: the alternative text, for readers who cannot see the figure.
    """
    text = file[file.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for color, variable in VARIABLES.items():
        text = text.replace(color, f"var({variable})")
    text = _FAMILY.sub("font-family: var(--font)", _FONT.sub(r"font: \1\2 var(--font)", text))
    return _described(_without_idle_identifiers(text), alternative)


def _without_idle_identifiers(text: str) -> str:
    used = set(_REFERRED.findall(text))
    return _IDENTIFIER.sub(lambda match: match.group(0) if match.group(1) in used else "", text)


def _described(text: str, alternative: str) -> str:
    opening = text.index(">") + 1
    head = re.sub(r'\s(?:width|height|xmlns:xlink|version)="[^"]*"', "", text[:opening])
    head = head.replace("<svg", f'<svg role="img" aria-label={quoteattr(alternative)}', 1)
    return f"{head}<title>{escape(alternative)}</title>{text[opening:].replace('xlink:href', 'href')}"
