"""Blocks of a page about a game: a title, a table whose cells can mark best responses, a figure, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from econsim.report.figures import Captioned

__all__ = ["Block", "Cell", "Part", "plain"]


class Part(NamedTuple):
    """A number of a cell, and whether it is the payoff of a best response."""

    text: str
    best: bool = False


class Cell(NamedTuple):
    """A cell of a table: its numbers, and whether the profile of options is an equilibrium."""

    parts: tuple[Part, ...]
    equilibrium: bool = False


@dataclass(frozen=True)
class Block:
    """A section of the page.

    Attributes:
        title: the heading.
        header: titles of the columns; empty for a block without a table.
        rows: the label of each row and its cells.
        notes: sentences below the table and the figure.
        figure: the figure, or ``None``.
        style: how the table is set: ``numbers``, ``matrix`` (centred cells), or ``prose`` (words, which are broken into
            lines).
    """

    title: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, tuple[Cell, ...]], ...] = ()
    notes: tuple[str, ...] = ()
    figure: Captioned | None = None
    style: Literal["numbers", "matrix", "prose"] = "numbers"


def plain(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    """Return rows of texts as rows of a block, whose first text is the label."""
    return tuple((label, tuple(Cell((Part(text),)) for text in texts)) for label, *texts in rows)
