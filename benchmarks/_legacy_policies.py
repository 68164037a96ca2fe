"""Constant policies of ``legacy_taxai.py``: shares for saving and hours, and shares of the highest instruments.

``stated``: what was measured with the published programs before, at 100 households and three seeds.
"""

from __future__ import annotations

from typing import Any

_MOST, _LEAST = [1.0, 1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]


def _policy(words: str, household: list[float], government: list[float], **stated: float) -> dict[str, Any]:
    return {"policy": words, "household": household, "government": government, "stated": stated}


POLICIES = {
    "taxai_2023": [
        _policy("lowest taxes, save 0.5, work 0.5", [0.0, 0.5], _LEAST, years=1, output=4.09e6, utility=9.7),
        _policy("highest taxes, save 0.5, work 0.5", [0.0, 0.5], _MOST, years=300, output=1.66e7, utility=2692),
        _policy("highest taxes, save 0.97, work 0.5", [0.94, 0.5], _MOST, years=300, output=1.79e7, utility=1896),
        _policy("highest taxes, save 0.995, work 0.95", [1.0, 0.95], _MOST, years=300, output=3.40e7, utility=-7561),
        _policy("lowest taxes, save 0.97, work 0.95", [0.94, 0.95], _LEAST, years=53, output=1.92e7, utility=-1083),
    ],
    "taxai_2024": [
        _policy("highest taxes, save 0.995, work 0.95", [1.0, 0.95], _MOST, years=300, output=7.07e6),
    ],
    "smfg": [
        _policy("highest taxes, save 0.99, work 0.99", [1.0, 1.0], _MOST, years=300, output=1.05e13, returned=3412),
        _policy("lowest taxes, save 0.99, work 0.99", [1.0, 1.0], _LEAST, years=300, output=9.7e12, returned=3367),
        _policy("lowest taxes, save 0.95, work 0.5", [0.95, 0.5], _LEAST),
        _policy("lowest taxes, save 0.9, work 0.5", [0.9, 0.5], _LEAST),
    ],
}
