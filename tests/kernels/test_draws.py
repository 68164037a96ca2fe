"""Random draws in kernels equal those on tensors bit for bit; slices and threads do not change what a kernel writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from econsim import random
from econsim.kernels.allocation import addresses_of, like
from econsim.kernels.compiling import entry, row_at
from econsim.kernels.drawing import write_draws
from econsim.kernels.draws import bits_at, integer_below, state_of, stream, uniform_at, uniform_at_53
from econsim.kernels.threads import SMALLEST_SLICE, over_copies

ARRIVALS = stream("arrivals")


@entry
def draw(first: int, last: int, key: Any, steps: Any, bits: Any, numbers: Any) -> None:
    """Draw five positions per environment copy; ``bits`` is the address of ``[B, 5]`` int64."""
    written = row_at(bits, 0, (key.size, 5), np.int64)
    for b in range(first, last):
        state = state_of(key[b], steps[b], ARRIVALS)
        for position in range(5):
            written[b, position] = np.int64(bits_at(state, position))
            numbers[0, b, position] = uniform_at(state, position)
            numbers[1, b, position] = uniform_at_53(state, position)
            numbers[2, b, position] = integer_below(state, position, 10)


def drawn(copies: int) -> tuple[torch.Tensor, torch.Tensor]:
    keys, bits = random.keys(7, copies), torch.zeros((copies, 5), dtype=torch.int64)
    numbers = np.zeros((3, copies, 5))
    over_copies(draw, copies, keys.numpy(), np.arange(copies) * 31, bits.data_ptr(), numbers)
    return bits, torch.from_numpy(numbers)


def test_draws_in_kernels_are_those_on_tensors() -> None:
    bits, numbers = drawn(50)
    keys, steps = random.keys(7, 50), torch.arange(50) * 31
    assert torch.equal(bits, random.bits(keys, steps, "arrivals", (5,)))
    assert torch.equal(numbers[0], random.uniform(keys, steps, "arrivals", (5,)).double())
    assert torch.equal(numbers[1], random.uniform(keys, steps, "arrivals", (5,), torch.float64))
    assert torch.equal(numbers[2].long(), random.integers(keys, steps, "arrivals", 10, (5,)))
    assert numbers[2].unique().numel() == 10


@pytest.mark.parametrize("copies", [0, 1, 40])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (4, 50)])
def test_tensors_drawn_by_kernels_are_those_drawn_by_arrays(
    copies: int, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = random.keys(3, copies)
    steps: list[int | torch.Tensor] = [-5, (1 << 63) + 5, torch.arange(copies, dtype=torch.int32) * 7, torch.tensor(9)]

    def drawn() -> list[torch.Tensor]:
        every: list[torch.Tensor] = []
        for step in steps:
            every += [
                random.bits(keys, step, "arrivals", shape),
                random.uniform(keys, step, "arrivals", shape),
                random.uniform(keys, step, "arrivals", shape, torch.float64),
                random.normal(keys, step, "arrivals", shape),
                random.integers(keys, step, "arrivals", 7, shape),
            ]
        return every

    monkeypatch.setattr(random, "_write_draws", random._write_by_arrays)
    by_arrays = drawn()
    monkeypatch.setattr(random, "_write_draws", write_draws)
    by_kernels = drawn()
    assert [each.dtype for each in by_kernels] == [each.dtype for each in by_arrays]
    assert all(torch.equal(*pair) for pair in zip(by_kernels, by_arrays, strict=True))


def test_threads_do_not_change_results() -> None:
    copies = 3 * SMALLEST_SLICE + 1
    alone = drawn(copies)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with ThreadPoolExecutor(2) as pool:  # two runs in one process, each with three threads
            both = list(pool.map(drawn, [copies, copies]))
    finally:
        torch.set_num_threads(before)
    for bits, numbers in both:
        assert torch.equal(bits, alone[0])
        assert torch.equal(numbers, alone[1])


def test_new_tensors_have_the_shape_and_type_of_others_and_memory_of_their_own() -> None:
    tensors = [torch.zeros(4, 2), torch.zeros(4, 3, dtype=torch.int32), torch.ones(4, 2)]
    new = like(tensors)
    assert [(each.shape, each.dtype) for each in new] == [(each.shape, each.dtype) for each in tensors]
    assert all(each.is_contiguous() for each in new)
    assert len({each.data_ptr() for each in [*new, *tensors]}) == 6
    assert addresses_of([*tensors, torch.zeros(0)]).tolist() == [*(tensor.data_ptr() for tensor in tensors), 0]


def test_a_kernel_is_compiled_again_when_a_module_beside_it_changes(tmp_path: Path) -> None:
    from importlib.util import module_from_spec, spec_from_file_location

    def answer() -> int:
        spec = spec_from_file_location("kernel_of_test", tmp_path / "entry_module.py")
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return int(module.answer())

    (tmp_path / "entry_module.py").write_text(
        "import pathlib\nfrom econsim.kernels.compiling import entry\n"
        "VALUE = int(pathlib.Path(__file__).with_name('rule.py').read_text()[2:])\n"
        "@entry\ndef answer():\n    return VALUE\n"
    )
    (tmp_path / "rule.py").write_text("# 1")
    assert [answer(), answer()] == [1, 1]
    assert list((tmp_path / "__pycache__").glob("*.nbi"))
    (tmp_path / "rule.py").write_text("# 2")
    assert answer() == 2
