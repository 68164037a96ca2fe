"""Wealth of US households in the Survey of Consumer Finances, with its weights.

Needs a CSV file of the summary extract of 2022 (columns WGT, NETWORTH, INCOME, LIQ), which the Board of Governors of
the Federal Reserve System publishes with the survey; it is not part of this repository.

Run: ``python benchmarks/wealth_facts.py FILE.csv``. Writes ``results/wealth_facts.json``, which a test compares with
``econsim.households.facts``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

from econsim.households.facts import HALF_A_MONTH
from econsim.households.statistics import gini, top_share

RESULT = Path(__file__).parent / "results" / "wealth_facts.json"


def main(path: str) -> None:
    """Write the statistics of the file ``path``."""
    families = pd.read_csv(path)
    wealth, weight = families["NETWORTH"].to_numpy(float), families["WGT"].to_numpy(float)
    people, half_a_month = weight / weight.sum(), HALF_A_MONTH * families["INCOME"].to_numpy(float)
    found = {
        "Gini": gini(wealth, people),
        "share of the top 1 %": top_share(wealth, people, 0.01),
        "share of the top 10 %": top_share(wealth, people, 0.1),
        "share of the bottom 50 %": 1 - top_share(wealth, people, 0.5),
        "hand to mouth, by net worth": float(people[wealth <= half_a_month].sum()),
        "hand to mouth, by liquid assets": float(people[families["LIQ"].to_numpy(float) <= half_a_month].sum()),
    }
    RESULT.write_text(json.dumps({name: round(value, 4) for name, value in found.items()}, indent=1) + "\n")
    print(RESULT.read_text())


if __name__ == "__main__":
    main(sys.argv[1])
