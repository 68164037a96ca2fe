"""The counter-based generator: uniform, independent along every coordinate, and a function of its coordinates only.

Seeds are fixed, so no test can fail by chance; limits are 4 standard errors or a p-value of 1e-4 unless said otherwise.
"""

from __future__ import annotations

import math

import pytest
import torch
from scipy import stats

from econsim import random

KEY = random.keys(0, 1)
GOLDEN_BITS = [[912678008581301323, -5786831664738250876]]
COUNT = 200_000


def _flat(sample: torch.Tensor) -> torch.Tensor:
    return sample.double().flatten()


def _correlation(left: torch.Tensor, right: torch.Tensor) -> float:
    return float(torch.corrcoef(torch.stack([_flat(left), _flat(right)]))[0, 1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_uniform_passes_kolmogorov_smirnov(dtype: torch.dtype) -> None:
    sample = random.uniform(KEY, 3, "test", (COUNT,), dtype)
    assert sample.dtype == dtype
    assert sample.min() >= 0
    assert sample.max() < 1
    assert stats.kstest(_flat(sample).numpy(), "uniform").pvalue > 1e-4


@pytest.mark.parametrize("along", ["position", "step", "key", "stream"])
def test_uniform_over_each_coordinate(along: str) -> None:
    count = 4_000
    samples = {
        "position": lambda: random.uniform(KEY, 0, "test", (count,)),
        "step": lambda: torch.stack([random.uniform(KEY, step, "test") for step in range(count)]),
        "key": lambda: random.uniform(random.keys(0, count), 0, "test"),
        "stream": lambda: torch.stack([random.uniform(KEY, 0, f"stream {place}") for place in range(count)]),
    }
    counts = torch.histc(_flat(samples[along]()).float(), bins=64, min=0, max=1)
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4


@pytest.mark.parametrize("lag", [1, 2, 7, 64, 1024])
def test_no_correlation_at_a_lag(lag: int) -> None:
    sample = random.uniform(KEY, 0, "test", (COUNT,))[0]
    assert abs(_correlation(sample[:-lag], sample[lag:])) < 4 / math.sqrt(COUNT - lag)


def test_no_correlation_between_neighbours_in_key_step_stream_or_seed() -> None:
    keys = random.keys(0, 2)
    first = random.uniform(keys[:1], 5, "test", (COUNT,))
    neighbours = [
        random.uniform(keys[1:], 5, "test", (COUNT,)),
        random.uniform(keys[:1], 6, "test", (COUNT,)),
        random.uniform(keys[:1], 5, "tesu", (COUNT,)),
        random.uniform(random.keys(1, 1), 5, "test", (COUNT,)),
        random.uniform(random.fold(keys[:1], 1), 5, "test", (COUNT,)),
    ]
    assert [round(_correlation(first, other), 9) for other in neighbours if _tied(first, other)] == []


def _tied(left: torch.Tensor, right: torch.Tensor) -> bool:
    return abs(_correlation(left, right)) >= 4 / math.sqrt(COUNT)


def test_pairs_fill_the_square() -> None:
    sample = random.uniform(KEY, 0, "test", (2 * COUNT,))[0].reshape(-1, 2)
    cells = (sample * 32).long()
    counts = torch.bincount(cells[:, 0] * 32 + cells[:, 1], minlength=1024)
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4


def _ones(difference: torch.Tensor) -> torch.Tensor:
    return torch.stack([(difference >> place) & 1 for place in range(64)]).sum(0).double()


@pytest.mark.parametrize("flipped", ["key", "step", "position"])
def test_one_flipped_bit_changes_half_of_the_output(flipped: str) -> None:
    keys = random.keys(1, 512)
    before = random.bits(keys, 0, "test", (1,))[:, 0]
    for place in (0, 1, 5, 8, 40 if flipped != "position" else 11):
        after = {
            "key": lambda: random.bits(keys ^ (1 << place), 0, "test", (1,))[:, 0],  # noqa: B023  # called at once
            "step": lambda: random.bits(keys, 1 << place, "test", (1,))[:, 0],  # noqa: B023
            "position": lambda: random.bits(keys, 0, "test", ((1 << place) + 1,))[:, -1],  # noqa: B023
        }[flipped]()
        changed = _ones(before ^ after)
        # Binomial(64, 1/2) has standard deviation 4: the mean of 512 has 0.18, and none leaves 32 by 6 of them.
        assert changed.mean() == pytest.approx(32, abs=0.8)
        assert 8 <= changed.min() <= changed.max() <= 56


def test_each_output_bit_is_a_fair_coin() -> None:
    sample = random.bits(KEY, 0, "test", (COUNT,))[0]
    shares = torch.stack([((sample >> place) & 1).double().mean() for place in range(64)])
    # 64 coins at once: five standard errors of 1/2/sqrt(COUNT).
    assert (shares - 0.5).abs().max() < 5 * 0.5 / math.sqrt(COUNT)


def test_no_collisions_among_keys_and_bits() -> None:
    assert random.keys(0, COUNT).unique().numel() == COUNT
    assert random.bits(KEY, 0, "test", (COUNT,)).unique().numel() == COUNT


@pytest.mark.parametrize("row", [0, 3, 999])
def test_a_copy_alone_draws_what_it_draws_in_a_batch(row: int) -> None:
    keys = random.keys(5, 1000)
    assert torch.equal(random.keys(5, row + 1)[row], keys[row])
    for draw in (random.uniform, random.normal):
        assert torch.equal(draw(keys[row : row + 1], 2, "test", (33,)), draw(keys, 2, "test", (33,))[row : row + 1])
    whole = random.permutation(keys, 2, "test", 17)
    assert torch.equal(random.permutation(keys[row : row + 1], 2, "test", 17)[0], whole[row])


def test_a_position_does_not_depend_on_how_many_there_are() -> None:
    assert torch.equal(random.bits(KEY, 1, "test", (10,)), random.bits(KEY, 1, "test", (1000,))[:, :10])
    assert torch.equal(random.bits(KEY, 1, "test", (5, 4)).flatten(), random.bits(KEY, 1, "test", (20,)).flatten())


def test_draws_of_many_positions_are_those_of_each_position() -> None:
    keys, many = random.keys(3, 2), 150_003  # more positions than are drawn at once, and no multiple of them
    by_column = {
        "bits": (random.bits(keys, 1, "test", (many,)), random.bits(keys, 1, "test", (many // 3, 3)).flatten(1)),
        "integers": (
            random.integers(keys, 1, "test", 77, (many,)),
            (random.uniform(keys, 1, "test", (many,), torch.float64) * 77).long(),
        ),
    }
    for whole, same in by_column.values():
        assert torch.equal(whole, same)
    state = random.fold(random.fold(keys, 1), "test")  # bits are the state with the position absorbed
    for position in (0, 65_535, 65_536, 150_000):
        assert torch.equal(random.bits(keys, 1, "test", (many,))[:, position], random.fold(state, position))


def test_a_step_for_each_copy_is_the_same_as_a_number() -> None:
    keys = random.keys(0, 3)
    each = random.uniform(keys, torch.tensor([4, 5, 6]), "test", (8,))
    for row, step in enumerate((4, 5, 6)):
        assert torch.equal(each[row], random.uniform(keys, step, "test", (8,))[row])


def test_golden_bits() -> None:
    # Written once; a change here changes the result of every run.
    assert random.bits(random.keys(42, 1), 7, "test", (2,)).tolist() == GOLDEN_BITS


def test_normal_moments_and_law() -> None:
    sample = _flat(random.normal(KEY, 0, "test", (COUNT,), torch.float64))
    error = 1 / math.sqrt(COUNT)
    assert sample.mean() == pytest.approx(0, abs=4 * error)
    assert sample.var() == pytest.approx(1, abs=4 * math.sqrt(2) * error)
    assert (sample**3).mean() == pytest.approx(0, abs=4 * math.sqrt(15) * error)
    assert (sample**4).mean() == pytest.approx(3, abs=4 * math.sqrt(96) * error)
    assert stats.kstest(sample.numpy(), "norm").pvalue > 1e-4


def test_gumbel_is_finite_and_has_its_law() -> None:
    sample = random.gumbel(KEY, 0, "test", (COUNT,))
    assert torch.isfinite(sample).all()
    assert stats.kstest(_flat(sample).numpy(), "gumbel_r").pvalue > 1e-4


def test_categorical_frequencies_are_the_softmax() -> None:
    logits = torch.tensor([0.5, -1.0, 2.0, -torch.inf])
    draws = random.categorical(KEY, 0, "test", logits.expand(1, COUNT, 4))
    observed = torch.bincount(draws.flatten(), minlength=4)
    assert observed[3] == 0
    expected = logits.softmax(0)[:3].double() * COUNT
    assert stats.chisquare(observed[:3].double().numpy(), expected.numpy()).pvalue > 1e-4


def test_permutations_are_valid_and_equally_likely() -> None:
    draws = random.permutation(random.keys(0, 24_000), 0, "test", 4)
    assert torch.equal(draws.sort(-1).values, torch.arange(4).expand(24_000, 4))
    counts = torch.bincount((draws * torch.tensor([64, 16, 4, 1])).sum(-1))
    assert (counts > 0).sum() == 24
    assert stats.chisquare(counts[counts > 0].numpy()).pvalue > 1e-4


def test_integers_are_uniform_and_in_range() -> None:
    draws = random.integers(KEY, 0, "test", 10, (COUNT,))
    assert draws.dtype == torch.int64
    assert stats.chisquare(torch.bincount(draws.flatten(), minlength=10).numpy()).pvalue > 1e-4
    assert draws.max() == 9


def test_fold_depends_on_the_key_and_on_the_data() -> None:
    keys = random.keys(0, 3)
    folded = torch.cat([random.fold(keys, data) for data in (0, 1, "0", "name", torch.tensor([7, 8, 9]))])
    assert folded.unique().numel() == 15
    assert torch.equal(random.fold(keys, "name"), random.fold(keys, "name"))


@pytest.mark.parametrize("data", [0, -3, 1 << 63, torch.tensor(5), torch.tensor([7, -8, 9])])
def test_words_of_a_cpu_are_those_of_tensors(data: int | torch.Tensor) -> None:
    keys = random.keys(0, 3)
    assert torch.equal(random._absorb(keys, data), random._absorb_by_tensors(keys, data))
    bits = random._absorb_by_tensors(random._absorb_by_tensors(keys, data), random.stream_number("test"))
    bits = random._absorb_by_tensors(bits[:, None], torch.arange(70_000))  # more than are drawn at once
    assert torch.equal(random.bits(keys, data, "test", (70_000,)), bits)
    for dtype in (torch.float32, torch.float64):
        assert torch.equal(random.uniform(keys, data, "test", (70_000,), dtype), random._converted(bits, dtype))


@pytest.mark.gpu
def test_bits_and_uniforms_are_equal_on_a_device() -> None:
    here, there = random.keys(3, 64), random.keys(3, 64, "cuda")
    assert torch.equal(here, there.cpu())
    assert torch.equal(random.bits(here, 1, "test", (99,)), random.bits(there, 1, "test", (99,)).cpu())
    assert torch.equal(random.uniform(here, 1, "test", (99,)), random.uniform(there, 1, "test", (99,)).cpu())
    near = random.normal(there, 1, "test", (99,)).cpu()
    assert torch.allclose(random.normal(here, 1, "test", (99,)), near, rtol=1e-5, atol=1e-6)
