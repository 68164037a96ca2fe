"""Wealth of US households, beside which statistics of an economy are shown.

Net worth in the Survey of Consumer Finances 2022 (Board of Governors of the Federal Reserve System), with its weights:
computed from the summary extract by ``benchmarks/wealth_facts.py``. A household lives hand to mouth if it has at most
half of a month's income (Kaplan, Violante and Weidner 2014). By net worth these are the poor; by liquid assets also the
wealthy, whose assets are not liquid.
"""

from __future__ import annotations

__all__ = ["HALF_A_MONTH", "US_WEALTH"]

HALF_A_MONTH = 1 / 24
"""Of a year's income."""

US_WEALTH = {
    "Gini": 0.8298,
    "share of the top 1 %": 0.3509,
    "share of the top 10 %": 0.7336,
    "share of the bottom 50 %": 0.0220,
    "hand to mouth, by net worth": 0.1096,
    "hand to mouth, by liquid assets": 0.3163,
}
"""Statistics by name."""
