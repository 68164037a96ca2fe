"""Persona generation: a model writes a text about each person once, to a file that ``population.texts`` can name.

Example::

    people = econsim.load("one_step", ...).economy.parameters.population.build().people(random.keys(42, 1), 100)
    write_portraits(people.texts(), service, Path("portraits.csv"))
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from econsim.llm.characters import whole_characters
from econsim.llm.questions import Question
from econsim.llm.replies import Words
from econsim.populations.personas.texts import PERSON, TEXT, read_texts
from econsim.storage.files import write_text

if TYPE_CHECKING:
    from econsim.llm.service import Service

__all__ = ["Written", "write_portraits"]

PURPOSE = "portrait"
LONGEST = 800  # characters
_TASK = (
    "You describe one person who works, in the second person and in two or three sentences: who they are, their work"
    " and career, what they earn and how they live on it, how they think about money and risk. Keep every fact and"
    " every number that you are given; add no other number, no name, and nothing about taxes or politics."
    ' Answer with a JSON object {"portrait": "..."}.'
)


@dataclass(frozen=True)
class Written:
    """Result: number of texts already in the file, number of new texts, and people whose answers could not be used."""

    kept: int
    written: int
    failed: tuple[str, ...]


def write_portraits(people: Iterable[str], service: Service, file: Path) -> Written:
    """Query the model for a text about each person who is not in the file yet, and add the texts to the file.

    Args:
        people: the description of each person by the template; identical descriptions share one text.
        service: the service to which questions are sent.
        file: a CSV file with the columns ``person`` and ``text``; it is created if it does not exist, and rewritten
            as a whole.

    Raises:
        UserError: the file has other columns, or the service stopped with an error.
    """
    earlier = dict(read_texts(file)) if file.exists() else {}
    new = [person for person in dict.fromkeys(people) if person not in earlier]
    form = Words(PURPOSE, LONGEST)
    answers = service.ask([Question(_TASK, person, form, PURPOSE) for person in new])
    written = {person: answer.value for person, answer in zip(new, answers, strict=True) if answer.value is not None}
    _write(file, earlier | written)
    return Written(len(earlier), len(written), tuple(person for person in new if person not in written))


def _write(file: Path, texts: Mapping[str, str]) -> None:
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow((PERSON, TEXT))
    writer.writerows(texts.items())
    write_text(file, whole_characters(table.getvalue()))
