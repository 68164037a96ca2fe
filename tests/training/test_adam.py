"""The optimiser has the numbers of torch's own to the last bit, and continues from stored moments."""

from __future__ import annotations

import torch
from torch import Tensor

from econsim import random
from econsim.rl.adam import Adam

KEY = random.keys(3, 1)
SHAPES = ((4, 3), (5,), (2, 2))


def parameters() -> list[Tensor]:
    return [random.normal(KEY, 0, f"parameter {i}", shape)[0].requires_grad_() for i, shape in enumerate(SHAPES)]


def give_gradients(of: list[Tensor], step: int) -> None:
    """Give gradients, except to the last parameter before the third step."""
    for index, parameter in enumerate(of[: 2 if step < 2 else 3]):
        parameter.grad = random.normal(KEY, step, f"gradient {index}", tuple(parameter.shape))[0]


def test_steps_are_those_of_torch_to_the_last_bit() -> None:
    ours, theirs = parameters(), parameters()
    own, peer = Adam(ours, eps=1e-5), torch.optim.Adam(theirs, eps=1e-5, fused=True)
    for step in range(6):
        give_gradients(ours, step)
        give_gradients(theirs, step)
        own.step(0.01 / (1 + step))
        peer.param_groups[0]["lr"] = 0.01 / (1 + step)
        peer.step()
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True)), f"step {step}"
        own.zero_grad()
        peer.zero_grad()
        assert all(parameter.grad is None for parameter in ours)
    assert not torch.equal(ours[2], parameters()[2])


def test_it_continues_from_stored_moments() -> None:
    whole, resumed = parameters(), parameters()
    own, before = Adam(whole, eps=1e-5), Adam(resumed, eps=1e-5)
    for step in range(4):
        for optimiser, of in ((own, whole), (before, resumed)):
            give_gradients(of, step)
            optimiser.step(0.01)
            optimiser.zero_grad()
        if step == 1:
            after = Adam(resumed, eps=1e-5)
            after.restore(before.stored())
            before = after
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))
