"""Assets of families in a summary extract of the Survey of Consumer Finances, with and without survey weights.

Run: ``python benchmarks/consumer_finances.py FILE``, with the extract of 2022 of the Federal Reserve, or the copy of it
in the programs of ``legacy_taxai.py``, which lacks four families.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import numpy as np
from _record import record

from econsim.households.consumer_finances import read_families
from econsim.households.families import FACTS, families_of, typical_families


def rounded(facts: Any) -> dict[str, float]:
    """Return statistics to the digits that are stated."""
    values = asdict(facts)
    return {"mean": round(values.pop("mean")), **{name: round(value, 4) for name, value in values.items()}}


def main(file: str) -> None:
    """Record the statistics of the file, and those of the distribution that stands in for it."""
    families = read_families(file, "file")
    equal = np.ones(len(families.assets))
    unweighted = families_of(families.assets, equal, families.assets, families.mean_income)
    result = {
        "rows": len(equal),
        "weighted": rounded(families.facts()),
        "unweighted": rounded(unweighted.facts()),
        "mean_income": round(families.mean_income),
        "published": {name: asdict(facts) for name, facts in FACTS.items()},
        "fitted": rounded(typical_families().facts()),
    }
    record("consumer_finances", result)


if __name__ == "__main__":
    main(sys.argv[1])
