"""Codes of the Census Bureau's public-use microdata (PUMS), 2018 and later."""

from __future__ import annotations

from bisect import bisect_right

from econsim.populations.personas.census_tables import tables

__all__ = ["OCCUPATION_CODES", "education_of", "occupation_of", "sex_of"]

OCCUPATION_CODES = "OCCP"
_HIGHEST_SCHOOL = (15, 17, 20, 21, 24)  # SCHL: grade 12, no diploma; GED; associate; bachelor; doctorate
_FIRST_OCCUPATION = (
    10, 500, 1005, 1305, 1600, 2001, 2100, 2205, 2600, 3000, 3601, 3700, 4000, 4200, 4330, 4700, 5000, 6005, 6200, 7000,
    7700, 9005, 9510, 9800,
)  # fmt: skip
"""OCCP: first code of each of the 23 occupation groups of the tables, in order, then of military occupations."""


def sex_of(code: str) -> int | None:
    """Return the index of a code of SEX among women and men; ``None`` for an invalid code."""
    return {"1": 1, "2": 0}.get(code)


def education_of(code: str) -> int | None:
    """Return the education level of a code of SCHL; ``None`` for an invalid code."""
    if not code.isdecimal() or not 1 <= int(code) <= _HIGHEST_SCHOOL[-1]:
        return None
    return next(level for level, last in enumerate(_HIGHEST_SCHOOL) if int(code) <= last)


def occupation_of(code: str) -> str | None:
    """Return the occupation group of a code of OCCP, empty for none or military; ``None`` for an invalid code."""
    if code in ("", "N"):
        return ""
    if not code.isdecimal() or not _FIRST_OCCUPATION[0] <= int(code) <= 9999:
        return None
    group = bisect_right(_FIRST_OCCUPATION, int(code)) - 1
    names = tables().occupations
    return names[group] if group < len(names) else ""
