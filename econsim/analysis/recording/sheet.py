"""The contact sheet: the map at a few moments of an episode, from its start to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from econsim.analysis.canvas import LEGEND, new_figure, write_title
from econsim.analysis.recording._people import groups_of
from econsim.analysis.recording.map_picture import MapPicture, check_map
from econsim.analysis.recording.record import Recording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["contact_sheet", "sheet_moments"]

_PICTURES, _ROWS, _PANEL_HEIGHT = 8, 2, 2.1
_PIXELS, _FEW = 480, 12


def contact_sheet(recording: Recording) -> Figure:
    """Return eight maps of an episode with houses and people in their colours, and pay per house below.

    Raises:
        UserError: the episode has no map.
    """
    check_map(recording)
    shown = sheet_moments(recording)
    crowded = len(recording.stage["workers"]) > _FEW
    picture = MapPicture(
        recording, max(4, _PIXELS // max(recording.at("ground", 0).shape)), disc=1.2 if crowded else 1.8
    )
    figure, panels = new_figure(len(shown), _ROWS if len(shown) > 1 else 1, _PANEL_HEIGHT)
    for axes, time in zip(panels, shown, strict=True):
        axes.imshow(picture.draw(time), interpolation="antialiased")
        axes.set_axis_off()
        write_title(axes, "start" if time == 0 else f"step {time:,}")
    _write_key(figure, recording)
    return figure


def sheet_moments(recording: Recording, count: int = _PICTURES) -> list[int]:
    """Return up to ``count`` moments: the first, the last, and ends of tax periods (or any moments) between them."""
    last = len(recording) - 1
    moments = sorted({0, *recording.period_ends(), last})
    if len(moments) < count:
        moments = list(range(last + 1))
    places = np.linspace(0, len(moments) - 1, min(count, len(moments))).round().astype(int)
    return [moments[place] for place in places]


def _write_key(figure: Figure, recording: Recording) -> None:
    from matplotlib.lines import Line2D

    groups = groups_of(recording)
    handles = [
        Line2D([], [], color=color, marker="o", linestyle="", label=label)
        for color, label in zip(groups.colors, groups.described(recording), strict=True)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)), **LEGEND)
