"""Figures of human behaviour, published or of the user, and the distance of a population's answers from them.

The table ``published.csv`` holds the figures of meta-analyses, each with its source. Its column ``checked`` says where
the number was confirmed: in the abstract of the source, in a text that quotes it, or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from econsim.analysis.statistics import EQUAL, Interval, mean_interval
from econsim.errors import UserError
from econsim.storage.csv_reader import CsvTable, is_blank, read_csv

__all__ = ["CLOSE", "HumanDistance", "HumanFigure", "distance_from", "distance_of", "published_figures", "read_figures"]

CLOSE = 0.05
"""The largest absolute difference that counts as none, unless a figure has a ``margin`` of its own."""
Verdict = Literal["close", "above", "below", "no verdict"]
_COLUMNS = ("quantity", "value", "source")
_TEXTS = ("source", "unit", "sample", "doi", "checked")
_OPTIONAL = (*_TEXTS[1:], "margin")


@dataclass(frozen=True)
class HumanFigure:
    """A mean of human answers or choices.

    ``checked``: where the number was confirmed, ``abstract``, ``secondary``, ``no``, or ``user`` for a user's own.
    ``margin``: the largest absolute difference that counts as none, in the unit of the value.
    """

    quantity: str
    value: float
    source: str
    unit: str = ""
    sample: str = ""
    doi: str = ""
    checked: str = "user"
    margin: float = CLOSE


@dataclass(frozen=True)
class HumanDistance:
    """The distance of a population from a human figure.

    ``difference``: the population's value less the human one, with its 95 % interval over the people of the population;
    the error of the human figure itself is not contained, since the meta-analyses state none for their means.
    ``verdict``: ``above`` or ``below`` if the whole interval is beyond the margin on that side, ``close`` if it is
    within it, ``no verdict`` otherwise. Of several values that are all equal the value itself decides.
    """

    figure: HumanFigure
    value: float
    difference: Interval
    verdict: Verdict


def published_figures() -> dict[str, HumanFigure]:
    """Return the figures of published meta-analyses by quantity."""
    return _figures(read_csv(files("econsim.analysis.human_figures").joinpath("published.csv"), "humans"))


def read_figures(path: Path) -> dict[str, HumanFigure]:
    """Return the figures of a CSV file by quantity.

    Columns: ``quantity``, ``value`` and ``source``; optional ``unit``, ``sample``, ``doi``, ``checked`` and ``margin``.

    Raises:
        UserError: the file cannot be read, or a line is wrong; the message names it.
    """
    return _figures(read_csv(path, "--humans"))


def distance_from(figure: HumanFigure, values: Sequence[float]) -> HumanDistance:
    """Return the distance of people's answers from a human figure.

    The interval of the mean is bootstrap-t or Student's, as :func:`econsim.analysis.statistics.mean_interval` chooses.

    Args:
        figure: the human figure.
        values: one value per person, or per choice, in the unit of the figure.

    Raises:
        UserError: there are no values.
    """
    if not values:
        raise UserError(f"{figure.quantity}: there are no answers to compare")
    mean = math.fsum(values) / len(values)
    difference = mean_interval([value - figure.value for value in values])
    return HumanDistance(figure, mean, difference, _verdict(difference, figure.margin))


def distance_of(figure: HumanFigure, value: Interval) -> HumanDistance:
    """Return the distance of an estimate that has an interval of its own, such as an elasticity."""
    low, high = (None if end is None else end - figure.value for end in (value.low, value.high))
    difference = Interval(value.mean - figure.value, low, high, value.count, value.method)
    return HumanDistance(figure, value.mean, difference, _verdict(difference, figure.margin))


def _verdict(difference: Interval, margin: float) -> Verdict:
    """Return what an interval of a difference says; see :class:`HumanDistance`."""
    low, high = difference.low, difference.high
    if difference.method == EQUAL:
        low = high = difference.mean
    if low is None or high is None:
        return "no verdict"
    if low > margin:
        return "above"
    if high < -margin:
        return "below"
    return "close" if -margin <= low and high <= margin else "no verdict"


def _figures(table: CsvTable) -> dict[str, HumanFigure]:
    unknown = [column for column in table.columns if column not in (*_COLUMNS, *_OPTIONAL)]
    if unknown:
        known = ", ".join((*_COLUMNS, *_OPTIONAL))
        raise UserError(f"{table.name}: unknown column {unknown[0]!r}; the columns are {known}")
    if not len(table):
        raise UserError(f"{table.name}: there is no figure; expected rows with the columns {', '.join(_COLUMNS)}")
    names, values = table.column("quantity"), table.numbers("value")
    margins = table.numbers("margin", "a number of at least 0", _is_margin, CLOSE) if "margin" in table.columns else []
    figures: dict[str, HumanFigure] = {}
    for row, name in enumerate(names):
        for column in ("quantity", "source"):
            if is_blank(table.column(column)[row]):
                raise table.mistake(row, column, "a text")
        if name in figures:
            raise table.mistake(row, "quantity", "each quantity once")
        texts = {key: table.columns[key][row] for key in _TEXTS if key in table.columns}
        figures[name] = HumanFigure(name, values[row], margin=margins[row] if margins else CLOSE, **texts)
    return figures


def _is_margin(value: float) -> bool:
    return math.isfinite(value) and value >= 0
