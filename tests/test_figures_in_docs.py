"""Figures in the README, the documentation and the change log are those of the committed results of benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def result(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))["result"]
    return content


def two_level() -> dict[str, str]:
    found = result("two_level")
    low, high = found["seven_brackets"]["gap_closed_95_percent_interval"]
    shares = {name: f"{100 * found[f'{name}_brackets']['gap_closed_mean']:.1f} %" for name in ("three", "seven")}
    return {**shares, "low": f"{100 * low:.1f}", "high": f"{100 * high:.1f}"}


def overhead() -> dict[str, str]:
    found = result("llm_overhead")
    named = {name.split()[0]: found[name]["cpu_milliseconds_a_call"] for name in found}
    digits = {"recording": 2, "strict": 2, "litellm": 1, "openai": 1}
    return {name: f"{named[name]:.{count}f}" for name, count in digits.items()}


def adaptive() -> dict[str, str]:
    found = result("adaptive_choice")
    return {name: f"{100 * found[name]['coverage']:.1f} %" for name in ("held_out", "naive")}


SENTENCES = {
    "README.md": (
        two_level,
        "the learned planner closes {seven} of the welfare gap between the free market and the searched optimum (95 %"
        " interval {low} to {high})",
    ),
    "docs/leaders.md": (two_level, "two-level training closes {seven} and {three} in one to two CPU minutes"),
    "CHANGELOG.md": (two_level, "closes {three} of the welfare gap with three brackets and {seven} with seven"),
    "docs/sweeps.md": (adaptive, "held-out intervals cover the truth in {held_out}, the naive ones in {naive}"),
    "docs/language_models.md": (
        overhead,
        "One call takes {recording} ms of CPU time in econsim at 64 concurrent calls, including store and ledger, and"
        " {strict} ms in a replay; litellm takes {litellm} ms and the openai client {openai} ms",
    ),
}


@pytest.mark.parametrize("page", SENTENCES)
def test_a_page_states_the_figures_of_the_results(page: str) -> None:
    figures, sentence = SENTENCES[page]
    text = " ".join((ROOT / page).read_text("utf-8").split())
    assert sentence.format(**figures()) in text
