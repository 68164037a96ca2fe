"""Fits that are interrupted at any moment continue from their checkpoints to the same numbers, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from memory_recorder import Interrupted, MemoryRecorder

from econsim import kinds
from econsim.economies.gather_trade_build import GatherTradeBuild
from econsim.economies.one_step import OneStep
from econsim.errors import RunError
from econsim.game import Agent, Game
from econsim.leader_evaluation import values_of
from econsim.rl import checkpoint_schedule
from econsim.storage.states import load_state, save_state

SEED = 5
FITS: dict[str, tuple[str, dict[str, Any]]] = {
    "cma_es": ("search", {"method": "cma_es", "starts": 2, "generations": 3}),
    "both": ("search", {"method": "both", "starts": 1, "generations": 2, "finest_step": 0.5}),
    "bayesian": ("search", {"method": "bayesian", "starts": 2, "candidates": 12, "batch": 2}),
    "saez": ("saez", {"iterations": 6, "elasticity": "estimated"}),
    "hypergradient": ("hypergradient", {"starts": 2, "iterations": 15}),
    "saez_buffer": ("saez_buffer", {"fewest": 10, "buffer": 20, "copies": 2, "rounds": 3}),
    "elected": ("elected", {"candidates": 2, "starts": 2, "schedule": "flat"}),
}


class Disk(MemoryRecorder):
    """A recorder that stores checkpoints as a run does, and stops the fit at an event of a given number."""

    def __init__(self, folder: Path, stop_at: int | None = None) -> None:
        super().__init__()
        self.folder, self.stop_at, self.events = folder, stop_at, 0
        self.stored: tuple[int, int] | None = None

    def _event(self) -> None:
        self.events += 1
        if self.events == self.stop_at:
            raise Interrupted

    def log(self, name: str, value: float, *, step: int, role: str = "") -> None:
        super().log(name, value, step=step, role=role)
        self._event()

    def progress(self, done: int, total: int, message: str = "") -> None:
        assert 0 <= done <= total
        self._event()

    def checkpoint(self, step: int, state: Mapping[str, Any]) -> None:
        assert self.stored is None or step > self.stored[0]
        self.state, self.stored = deepcopy(dict(state)), (step, len(self.rows))
        self._event()

    def restore(self) -> tuple[int, dict[str, Any]] | None:
        del self.rows[self.stored[1] if self.stored else 0 :]  # later rows are not in the tables of a run
        if self.stored is None:
            return None
        save_state(self.folder, self.state)
        return self.stored[0], load_state(self.folder)


def setting(name: str) -> tuple[Game[Any], Any, dict[str, Agent]]:
    """Return a game, a planner and the agents of a fit."""
    kind, given = FITS[name]
    if name == "saez_buffer":
        game: Game[Any] = built("economies", "gather_trade_build", horizon=20, components=["build", "gather", TAX])
        worker = built("agents", "elastic_rule", untaxed_hours=100.0)
    else:
        game, worker = built("economies", "one_step", workers=3, hours_step=None), built("agents", "best_response")
    assert isinstance(game, (OneStep, GatherTradeBuild))
    return game, built("planners", kind, **given), {"worker": worker}


TAX = {"kind": "tax", "period": 5}


def built(room: str, name: str, **parameters: Any) -> Any:
    kind = kinds.load(room, name)
    return kind.build(kind.parameters.model_validate(parameters))


def fit(name: str, recorder: MemoryRecorder) -> dict[str, torch.Tensor]:
    game, planner, agents = setting(name)
    planner.fit(game, game.roles["planner"], agents | {"planner": planner}, SEED, recorder)
    state: dict[str, torch.Tensor] = planner.state_dict()
    return state


@pytest.fixture(autouse=True)
def a_checkpoint_after_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_schedule, "MINUTES", 0.0)


@pytest.mark.parametrize("name", FITS)
def test_an_interrupted_fit_continues_to_the_same_bits(tmp_path: Path, name: str) -> None:
    whole = Disk(tmp_path / "whole")
    expected = fit(name, whole)
    for share in (0.3, 0.9):
        cut = Disk(tmp_path / str(share), max(1, int(share * whole.events)))
        for _ in range(2):  # the second process is interrupted too
            with pytest.raises(Interrupted):
                fit(name, cut)
            cut.stop_at = cut.events + 2
        cut.stop_at = None
        resumed = fit(name, cut)
        assert cut.rows == whole.rows
        assert resumed.keys() == expected.keys()
        assert all(torch.equal(resumed[key], expected[key]) for key in expected)
    assert cut.stored == whole.stored


def test_a_resumed_search_does_not_evaluate_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = [0]

    def counted(*given: Any, **more: Any) -> torch.Tensor:
        played[0] += 1
        return values_of(*given, **more)

    monkeypatch.setattr("econsim.planners.search.values_of", counted)
    fit("cma_es", Disk(tmp_path / "whole"))
    whole = played[0]
    cut = Disk(tmp_path / "cut", 20)
    with pytest.raises(Interrupted):
        fit("cma_es", cut)
    cut.stop_at = None
    fit("cma_es", cut)
    assert played[0] == 2 * whole


def test_results_are_not_taken_for_those_of_other_candidates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = Disk(tmp_path / "cut", 20)
    with pytest.raises(Interrupted):
        fit("cma_es", cut)
    cut.stop_at = None
    monkeypatch.setitem(FITS, "cma_es", ("search", {**FITS["cma_es"][1], "first_step": 0.2500001}))
    with pytest.raises(RunError, match=r"other candidates than before .*delete the folders step-\* of this fit"):
        fit("cma_es", cut)
