"""The figure of the AI Economist's comparison of taxes: published scores, means of seeds, and each seed.

Run: ``python benchmarks/tax_comparison_figure.py`` (a second), after ``gather_trade_build_two_level.py`` has recorded
``gather_trade_build_same_rates``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from _record import RESULTS
from matplotlib.figure import Figure

IMAGE = Path(__file__).parents[1] / "docs" / "images" / "tax_comparison.png"
RESULT = "gather_trade_build_same_rates"
TITLES = {"free_market": "free market", "us_federal": "US federal", "saez": "Saez's formula"}  # any other is learned


def draw(result: dict[str, Any]) -> Figure:
    """Return bars of equality times productivity by tax system, with a circle for each seed."""
    figure = Figure(figsize=(7.2, 3.1), layout="constrained")
    axes, published, policies = figure.subplots(), result["published"], result["policies"]
    found = [policy["equality_times_productivity"] for policy in policies.values()]
    theirs = [published.get(label, published["planner"]) for label in policies]
    rows = range(len(policies))
    axes.barh([row - 0.19 for row in rows], theirs, 0.36, color="#8f9aa6", label="published")
    mean = f"econsim, mean of {len(result['seeds'])} seeds"
    axes.barh([row + 0.19 for row in rows], found, 0.36, color="#0068a8", label=mean)
    scores = [(score, row + 0.19) for row, policy in enumerate(policies.values()) for score in policy["by_seed"]]
    circles = {"color": "white", "markeredgecolor": "#1d2733", "markersize": 5}
    axes.plot(*zip(*scores, strict=True), "o", label="econsim, each seed", clip_on=False, **circles)
    axes.set_yticks(rows, [TITLES.get(label, "learned planner") for label in policies])
    axes.invert_yaxis()
    axes.set_xlabel("equality x productivity, coin")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=9)
    return figure


if __name__ == "__main__":
    figure = draw(json.loads((RESULTS / f"{RESULT}.json").read_text("utf-8"))["result"])
    figure.savefig(IMAGE, dpi=150, facecolor="white")
