"""Kernels of the legacy economies: the same years and observations as by tensors, in all versions and tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from econsim import random
from econsim.economies.legacy_taxai import LegacyTaxai, Parameters
from econsim.kernels import numba_version

pytestmark = pytest.mark.skipif(numba_version() is None, reason="numba is not installed")
CASES = (
    *(("taxai_2023", task) for task in ("gdp", "social_welfare")),
    *(("taxai_2024", task) for task in ("gini", "gdp_gini")),
    *(("smfg", task) for task in ("gdp", "gini", "social_welfare")),
)


def _economy(version: str, task: str = "gdp", households: int = 31, **others: Any) -> LegacyTaxai:
    chosen: dict[str, Any] = {"version": version, "task": task, "households": households}
    game = LegacyTaxai(Parameters(**chosen, **others)).to(dtype=torch.float64)
    assert isinstance(game, LegacyTaxai)
    return game


def _choices(key: torch.Tensor, step: int, households: int) -> dict[str, torch.Tensor]:
    drawn = random.uniform(key, step, "household", (households, 2), torch.float64)
    government = random.uniform(key, step, "government", (1, 5), torch.float64)
    return {"household": 0.6 + 0.5 * drawn, "government": government * torch.tensor([1.2, 1.2, 1.2, 1.2, 0.2])}


def _assert_same(one: Any, other: Any) -> None:
    """Check equality: of flags and times exactly, of amounts to rounding, which differences of large sums add up."""
    assert vars(one).keys() == vars(other).keys()
    for name, tensor in vars(one).items():
        if name == "last":
            _assert_same(tensor, getattr(other, name))
        elif tensor.is_floating_point():
            torch.testing.assert_close(getattr(other, name), tensor, rtol=1e-9, atol=1e-9, msg=name)
        else:
            assert torch.equal(getattr(other, name), tensor), name


@pytest.mark.parametrize(("version", "task"), CASES)
def test_kernels_and_tensors_live_the_same_years(version: str, task: str) -> None:
    game, keys = _economy(version, task, periods=4), random.keys(3, 6)
    game = game.with_parameters(interest_rate=torch.linspace(0.02, 0.05, 6, dtype=torch.float64))  # type: ignore[assignment]
    kernels, state = game.on_kernels(), game.reset(keys)
    superstar = state.superstar.clone()
    superstar[:, ::7] = True  # who remain or cease to be, with draws of all kinds
    state = replace(state, superstar=superstar, over=torch.arange(6) == 2)
    for step in range(4):
        actions = _choices(keys, step, 31)
        one, other = game.step(state, actions), kernels.step(state, actions)
        _assert_same(one.state, other.state)
        assert torch.equal(one.truncated, other.truncated)
        assert torch.equal(one.terminated, other.terminated)
        for role, reward in one.rewards.items():
            torch.testing.assert_close(other.rewards[role], reward, rtol=1e-9, atol=1e-9)
        state = one.state
        seen, by_kernels = game.observe(state), kernels.observe(state)
        for role, observation in seen.items():
            torch.testing.assert_close(by_kernels[role].features, observation.features, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(by_kernels["household"].shared, seen["household"].shared, rtol=1e-9, atol=1e-9)
    assert not bool(state.over.all())


def test_people_of_equal_income_are_ranked_as_by_tensors() -> None:
    game = _economy("smfg", households=23)
    state = game.reset(random.keys(1, 3))
    income = torch.tensor([5.0, 1.0, 3.0]).double().repeat(8)[:23].expand(3, 23).contiguous()
    state = replace(state, last=replace(state.last, income=income))
    expected, by_kernels = game.observe(state)["household"].shared, game.on_kernels().observe(state)["household"].shared
    torch.testing.assert_close(by_kernels, expected, rtol=1e-12, atol=0.0)


def test_gradients_are_taken_by_tensors() -> None:
    game = _economy("taxai_2024")
    kernels, keys = game.on_kernels(), random.keys(0, 1)
    actions = {name: each.requires_grad_() for name, each in _choices(keys, 0, 31).items()}
    for played in (game, kernels):
        played.step(played.reset(keys), actions).rewards["household"].sum().backward()
    gradient = actions["household"].grad
    assert gradient is not None
    assert bool((gradient != 0).any())
