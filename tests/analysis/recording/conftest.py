"""A small episode made by hand: three steps, two people, two goods, tax periods of two steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from econsim.analysis.recording import Recording

STAGE: dict[str, Any] = {
    "horizon": 4, "height": 3, "width": 4, "unit": "coin", "goods": ["stone", "wood"], "workers": ["worker"] * 2,
    "planners": ["planner"], "taxed_by": [0, 0], "highest_price": 10, "period": 2, "thresholds": [0.0, 10.0],
}  # fmt: skip


def frames() -> dict[str, Any]:
    owner = np.zeros((5, 3, 4), dtype=np.uint8)
    owner[2:, 1, 2] = 2
    return {
        "ground": np.array([[[0, 1, 2, 3], [0, 0, 0, 0], [0, 0, 0, 0]]], dtype=np.uint8),
        "stock": np.array([[[0, 0, 1, 1], [0] * 4, [0] * 4]], dtype=np.uint8),
        "owner": owner,
        "row": np.array([[0, 2]], dtype=np.int16),
        "column": np.array([[0, 3], [0, 3], [0, 3], [1, 3], [2, 3]], dtype=np.int16),
        "coin": np.array([[0, 0], [0, 20], [4, 16], [4, 16], [1, 19]], dtype=np.float32),
        "pay": np.array([[11.0, 22.0]], dtype=np.float32),
        "traded": np.array([[0, 0], [0, 0], [0, 0], [2, 0], [3, 1]], dtype=np.int32),
        "turnover": np.array([[0, 0], [0, 0], [0, 0], [6, 0], [12, 2]], dtype=np.int32),
        "rates": np.array([[[0.0, 0.0]], [[0.1, 0.7]], [[0.1, 0.7]], [[0.5, 0.5]], [[0.5, 0.5]]], dtype=np.float32),
        "taxed_income": np.array([[0, 0], [0, 0], [0, 20], [0, 20], [-3, 23]], dtype=np.float32),
        "tax": np.array([[0, 0], [0, 0], [0, 8], [0, 8], [0, 8]], dtype=np.float32),
        "rebate": np.array([[0, 0], [0, 0], [4, 4], [4, 4], [4, 4]], dtype=np.float32),
    }


@pytest.fixture
def recording() -> Recording:
    return Recording(STAGE, frames())
