"""Codes of the Census Bureau's public-use microdata (PUMS), 2018 and later."""

from __future__ import annotations

import re
from bisect import bisect_right

from econsim.populations.personas.census_tables import tables
from econsim.populations.personas.people import UNKNOWN

__all__ = ["NOT_APPLICABLE", "OCCUPATION_CODES", "education_of", "number_of", "occupation_of", "sex_of"]

OCCUPATION_CODES = "OCCP"
NOT_APPLICABLE = -1
_CODE = re.compile(r"-1(\.0*)?|\d+(\.0*)?")
_HIGHEST_SCHOOL = (15, 17, 20, 21, 24)  # SCHL: grade 12, no diploma; GED; associate; bachelor; doctorate
_FIRST_OCCUPATION = (
    10, 500, 1005, 1305, 1600, 2001, 2100, 2205, 2600, 3000, 3601, 3700, 4000, 4200, 4330, 4700, 5000, 6005, 6200, 7000,
    7700, 9005, 9510, 9800,
)  # fmt: skip
"""OCCP: first code of each of the 23 occupation groups of the tables, in order, then of military occupations."""
_LAST_OCCUPATION = 9999


def number_of(code: str) -> int | None:
    """Return a code as a number, also as pandas writes it (``21.0``); ``None`` for other text.

    In all columns that are read here, ``N``, a run of ``b`` and, in the Census API, -1 mean that the question does not
    apply; they are returned as -1.
    """
    if code == "N" or (code and not code.strip("b")):
        return NOT_APPLICABLE
    return int(float(code)) if _CODE.fullmatch(code) else None


def sex_of(code: str) -> int | None:
    """Return the index of a code of SEX among women and men; ``None`` for an invalid code."""
    return {1: 1, 2: 0}.get(number_of(code) or 0)


def education_of(code: str) -> int | None:
    """Return the education level of a code of SCHL, ``UNKNOWN`` for small children; ``None`` for an invalid code."""
    number = number_of(code)
    if number in (NOT_APPLICABLE, 0):
        return UNKNOWN
    if number is None or not 1 <= number <= _HIGHEST_SCHOOL[-1]:
        return None
    return next(level for level, last in enumerate(_HIGHEST_SCHOOL) if number <= last)


def occupation_of(code: str) -> str | None:
    """Return the occupation group of a code of OCCP, empty for none or military; ``None`` for an invalid code."""
    number = NOT_APPLICABLE if code == "" else number_of(code)
    if number is None or number > _LAST_OCCUPATION:
        return None
    group = bisect_right(_FIRST_OCCUPATION, number) - 1  # codes below the first, such as 0009, mean no occupation
    names = tables().occupations
    return names[group] if 0 <= group < len(names) else ""
