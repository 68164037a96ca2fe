"""Constants that kernels keep from call to call, and the tensors that they read."""

from __future__ import annotations

import copy
import pickle
from types import SimpleNamespace
from typing import Any

import torch

from econsim.kernels.constants import KeptConstants, can_be_read


def make(game: Any, copies: int) -> list[int]:
    return [copies]


def game_of(dtype: torch.dtype = torch.float32) -> Any:
    return SimpleNamespace(dtype=dtype, parameters={"rate": torch.tensor(0.1)})


def test_constants_are_made_again_for_another_batch_precision_or_parameter() -> None:
    kept: KeptConstants[Any, list[int]] = KeptConstants(make)
    game = game_of()
    first = kept.of(game, 3)
    assert kept.of(game, 3) is first
    double = SimpleNamespace(dtype=torch.float64, parameters=game.parameters)
    other = SimpleNamespace(dtype=game.dtype, parameters=dict(game.parameters))
    made = [kept.of(double, 3), kept.of(other, 3), kept.of(other, 4)]
    assert len({id(each) for each in [first, *made]}) == 4
    assert made[-1] == [4]


def test_a_copy_makes_its_own_constants() -> None:
    kept: KeptConstants[Any, list[int]] = KeptConstants(make)
    game = game_of()
    first = kept.of(game, 3)
    for other in (pickle.loads(pickle.dumps(kept)), copy.deepcopy(kept)):
        assert other.of(game, 3) == first
        assert other.of(game, 3) is not first


def test_tensors_are_not_read_where_gradients_are_taken() -> None:
    game, plain, followed = game_of(), torch.ones(2), torch.ones(2, requires_grad=True)
    assert can_be_read(game, plain)
    assert not can_be_read(game, plain, followed)
    with torch.no_grad():
        assert can_be_read(game, plain, followed)
    game.parameters["rate"].requires_grad_()
    assert not can_be_read(game, plain)
    assert not can_be_read(game, torch.ones(2, device="meta"))
