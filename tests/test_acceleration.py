"""Acceleration gives what plain calls give, and says so where it cannot work."""

from __future__ import annotations

import platform
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from econsim import acceleration, random
from econsim.acceleration import Mode, accelerate, keep_memory
from econsim.economies.gather_trade_build import GatherTradeBuild, Parameters
from econsim.economies.gather_trade_build.world import State
from econsim.errors import EconsimWarning, UserError
from econsim.game import leaves

Advance = Callable[[State, Tensor], tuple[State, Tensor, Tensor]]


def advance_of(game: GatherTradeBuild, idle: Tensor) -> Advance:
    def advance(state: State, actions: Tensor) -> tuple[State, Tensor, Tensor]:
        transition = game.step(state, {"worker": actions, "planner": idle})
        return transition.state, game.observe(transition.state)["worker"].features, transition.rewards["worker"]

    return advance


def test_a_cpu_plays_as_it_is() -> None:
    def double(x: Tensor) -> Tensor:
        return 2 * x

    assert accelerate(double, (torch.ones(2),)) is double
    assert accelerate(double, (torch.ones(2),), mode="eager") is double


def test_a_cuda_graph_needs_a_gpu() -> None:
    with pytest.raises(UserError, match="use mode compile instead"):
        accelerate(torch.neg, (torch.ones(2),), mode="graph")


def test_a_compiled_function_gives_the_same() -> None:
    def smooth(state: dict[str, Tensor], noise: Tensor) -> dict[str, Tensor]:
        return {name: (value + noise).tanh() for name, value in state.items()}

    arguments = ({"a": torch.linspace(0, 1, 7)}, torch.tensor(0.5))
    compiled = accelerate(smooth, arguments, mode="compile")
    assert torch.allclose(compiled(*arguments)["a"], smooth(*arguments)["a"], atol=1e-6)  # fused float32
    assert compiled is not smooth


def test_keeping_memory_is_a_matter_of_the_c_library() -> None:
    assert keep_memory() == (platform.libc_ver()[0] == "glibc")


def test_what_cannot_be_compiled_plays_on_with_a_warning() -> None:
    def looks(x: Tensor) -> Tensor:
        return x if float(x.sum()) > 0 else -x

    with pytest.warns(EconsimWarning, match="continuing without compilation"):
        assert accelerate(looks, (torch.ones(2),), mode="compile") is looks


def test_a_compiled_economy_draws_what_the_plain_one_draws() -> None:
    """Draws multiply beyond 64 bits, which C++ leaves undefined: fused with a view, whole copies once drew wrongly."""
    game = GatherTradeBuild(Parameters())

    def stock_and_view(state: State, actions: Tensor) -> tuple[State, Tensor]:
        following = game.step(state, {"worker": actions, "planner": idle}).state
        view = game.observe(following)["worker"].view
        assert view is not None
        return following, view

    idle = torch.zeros((8, 1, 7), dtype=torch.int64)
    state, key = game.reset(random.keys(0, 8)), random.keys(1, 8)
    fast = accelerate(stock_and_view, (state, torch.zeros((8, 4), dtype=torch.int64)), mode="compile")
    for time in range(10):
        mask = game.observe(state)["worker"].action_mask
        assert mask is not None
        actions = random.categorical(key, time, "actions", torch.zeros(mask.shape).masked_fill(~mask, -torch.inf))
        (plain, view), (quick, quick_view) = stock_and_view(state, actions), fast(state, actions)
        assert torch.equal(view, quick_view)
        assert torch.equal(plain.world.stock, quick.world.stock)
        assert torch.equal(plain.world.position, quick.world.position)
        state = plain


def test_what_cannot_be_a_graph_plays_on_with_a_warning_but_not_without_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(error: RuntimeError) -> Callable[..., None]:
        def refuse(function: object, example: object) -> None:
            raise error

        return refuse

    monkeypatch.setattr(acceleration, "_CudaGraph", refusing(RuntimeError("operation not permitted when capturing")))
    with pytest.warns(EconsimWarning, match="without a CUDA graph: operation not permitted"):
        assert acceleration._captured(torch.neg, (torch.ones(2),)) is torch.neg
    monkeypatch.setattr(acceleration, "_CudaGraph", refusing(torch.OutOfMemoryError("out of memory")))
    with pytest.raises(torch.OutOfMemoryError):
        acceleration._captured(torch.neg, (torch.ones(2),))


@pytest.mark.gpu
@pytest.mark.parametrize("mode", ["compile", "graph"])
def test_a_gpu_replays_the_whole_economy(mode: Mode) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    game = GatherTradeBuild(Parameters()).to(device="cuda")
    assert isinstance(game, GatherTradeBuild)
    idle = torch.zeros((8, 1, 7), dtype=torch.int64, device="cuda")
    plain, state = advance_of(game, idle), game.reset(random.keys(0, 8, "cuda"))
    actions = [torch.randint(0, 50, (8, 4), device="cuda") for _ in range(60)]
    fast, same = accelerate(plain, (state, actions[0]), mode), state
    for entry in actions:
        state, features, rewards = plain(state, entry)
        same, quick_features, quick_rewards = fast(same, entry)
        assert torch.allclose(features, quick_features, atol=1e-5)
        assert torch.allclose(rewards, quick_rewards, atol=1e-4)  # differences of utilities of some hundred, float32
    for (name, value), other in zip(leaves(state).items(), leaves(same).values(), strict=True):
        assert torch.allclose(value.double(), other.double(), atol=1e-3), name
