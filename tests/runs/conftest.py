"""Toy kinds and scenarios for the tests of runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from econsim import kinds
from econsim.scenario import Scenario, load

TRAINED = """
# Apples and one tax rate.
econsim: 1
name: orchard
economy: {kind: orchard}
agents: {worker: {kind: mind}}
planner: {kind: mind, label: trained}
baselines: {free: {kind: free_market}, half: {kind: flat, rate: 0.5}, best: {kind: tuned}}
training: {kind: walk}
evaluation: {workers: {kind: best_response}, floor: free, ceiling: best}
seed: 7
seeds: 2
"""
"""Two training seeds, a fitted baseline, learned and exact workers."""


@pytest.fixture(autouse=True)
def _toys() -> None:
    kinds.add_plugin(str(Path(__file__).parent / "run_toys"))


@pytest.fixture
def scenario(tmp_path: Path) -> Callable[..., Scenario]:
    """Make a scenario from text, with overrides."""

    def make(text: str = TRAINED, **overrides: object) -> Scenario:
        path = tmp_path / "orchard.yaml"
        path.write_text(text)
        return load(path, overrides)

    return make
