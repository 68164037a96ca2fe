"""Descriptions of people in two or three sentences in the second person, identical for identical people.

Statements beyond the facts follow from them by these rules, which are conventions and not empirical findings:

- career, by age: at the start (under 25), building up (under 35), in the middle (under 50), late (50 and over);
- means, by income rank among all workers: below 20, 40, 60, 80 and 95 per cent, and above;
- attitude to risk, by points: one point each for an age under 35, a bachelor's or higher degree, and a rank of 80 per
  cent or more; minus one point each for an age of 50 or more and a rank under 20 per cent. A person with fewer than
  zero points is careful, with zero or one takes some risks, and with two or more takes risks readily. (Surveys find
  that willingness to take risks decreases with age and increases with education and income: Dohmen et al. 2011, Journal
  of the European Economic Association 9(3).)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from econsim.errors import UserError
from econsim.storage.csv_reader import read_csv

__all__ = ["PERSON", "TEXT", "Facts", "Written", "text_of"]

PERSON, TEXT = "person", "text"
"""Columns of a file of descriptions: the template's text of a person, and the text that replaces it."""

_DEGREES = {
    "less_than_high_school": "without a high-school diploma",
    "high_school": "with a high-school diploma",
    "some_college_or_associate": "with some college education",
    "bachelor": "with a bachelor's degree",
    "graduate_or_professional": "with a graduate degree",
}
_HIGHER = ("bachelor", "graduate_or_professional")
_NOUNS = {"women": "woman", "men": "man"}
_UNITS = {"USD": "US dollars"}
_CAREERS = ((25, 35, 50), ("at the start of", "building up", "in the middle of", "late in"))
_MEANS = (
    (0.2, 0.4, 0.6, 0.8, 0.95),
    (
        "money is short and every bit of take-home pay counts",
        "you get by and can put little aside",
        "you live on a middling income",
        "you live comfortably and can put something aside",
        "you are well off",
        "you are among the best paid",
    ),
)
_RISKS = ((0, 2), ("careful, and avoid risks", "level-headed, and take some risks", "bold, and take risks readily"))


class Facts(NamedTuple):
    """Attributes of one person, as in the columns of ``People``; ``None`` if unknown."""

    age: int | None
    sex: str | None
    education: str | None
    occupation: str | None
    income: float
    rank: float
    unit: str


class Written:
    """Descriptions from a file, keyed by the template's text of a person.

    Raises:
        UserError: the file cannot be read, or a column ``person`` or ``text`` is missing.
    """

    def __init__(self, file: str | Path) -> None:
        """Read the file."""
        self._file = file
        self._texts = read_texts(Path(file))

    def instead_of(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the descriptions that replace the template's ``texts``.

        Raises:
            UserError: the file has no description of a person.
        """
        try:
            return tuple([self._texts[text] for text in texts])
        except KeyError as error:
            raise UserError(
                f"population.texts: {self._file} has no text for the person {error.args[0]!r};"
                f" generate the file with econsim.llm.persona_generation.write_portraits"
            ) from None


def read_texts(file: Path) -> Mapping[str, str]:
    """Return the texts of a file by person; raises ``UserError`` for an unreadable file or a missing column."""
    table = read_csv(file, "population.texts")
    if not {PERSON, TEXT} <= table.columns.keys():
        raise UserError(f"population.texts: expected the columns {PERSON} and {TEXT} in {file}")
    return dict(zip(table.column(PERSON), table.column(TEXT), strict=True))


def text_of(person: Facts) -> str:
    """Return the template's description of a person."""
    means = _among(_MEANS, person.rank)
    unit = _UNITS.get(person.unit, person.unit)
    share = min(max(round(100 * person.rank), 1), 99)
    return (
        f"You are {_identity(person)}{_work(person)}."
        f" At 40 hours a week you would earn about {_rounded(person.income)} {unit} a year, more than {share} in 100"
        f" people who work; {means}. You are {_among(_RISKS, _boldness(person))}."
    )


def _identity(person: Facts) -> str:
    noun = _NOUNS.get(person.sex or "", "person")
    age = "" if person.age is None else f"{person.age}-year-old "
    # Eight, eleven, eighteen and the eighties start with a vowel sound.
    article = "an" if age.startswith("8") or age.startswith(("11-", "18-")) else "a"
    degree = f" {_DEGREES[person.education]}" if person.education else ""
    return f"{article} {age}{noun}{degree}"


def _work(person: Facts) -> str:
    job = f", working in {person.occupation}" if person.occupation else ""
    return job if person.age is None else f"{job}, {_among(_CAREERS, person.age)} your career"


def _boldness(person: Facts) -> int:
    age = 40 if person.age is None else person.age
    gains = (age < 35) + (person.education in _HIGHER) + (person.rank >= 0.8)
    return gains - (age >= 50) - (person.rank < 0.2)


def _among(scale: tuple[tuple[float, ...], tuple[str, ...]], value: float) -> str:
    bounds, words = scale
    return words[bisect_right(bounds, value)]


def _rounded(income: float) -> str:
    """Return an income with two significant digits."""
    return f"{float(f'{income:.2g}'):,.12g}"
