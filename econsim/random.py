"""Counter-based random numbers: a draw depends on (key, step, stream, position) only, not on earlier draws.

Each environment copy has a key; ``uniform(key, step, "arrivals", (N,))`` returns ``[B, N]``. Copy 7 alone therefore has
the same draws as copy 7 of 10,000, a resumed run has the same draws as an uninterrupted one, and two policies under one
key meet the same shocks. The bits are integers, equal on CPU and GPU; ``uniform`` is equal bit for bit too, while
``normal`` may differ in the last digit because devices round logarithms differently.

The generator is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, constants of Stafford's variant 13), applied
once to each of key, step and stream, and to every position; tests check uniformity, serial correlation, the correlation
of neighbouring positions, and avalanche.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Step = int | Tensor
Shape = tuple[int, ...]

_GOLDEN = -7046029254386353131  # 0x9E3779B97F4A7C15 as a signed integer
_MIX_1 = -4658895280553007687  # 0xBF58476D1CE4E5B9
_MIX_2 = -7723592293110705685  # 0x94D049BB133111EB
_ALL = (1 << 64) - 1
_GOLDEN_WORD, _MIX_WORD_1, _MIX_WORD_2 = (np.uint64(number & _ALL) for number in (_GOLDEN, _MIX_1, _MIX_2))
_AT_ONCE = 1 << 16  # positions whose draws and intermediate results fit into the cache of a CPU
Words = npt.NDArray[np.uint64]
Writer = Callable[[Tensor, Step, int, Tensor], None]
_DIGITS = {torch.int64: 64, torch.float32: 24, torch.float64: 53}


def draw_with(writer: Writer) -> None:
    """Let a function make the draws of this process on the CPU from now on: the same numbers, in less time.

    Compiled graphs and GPUs draw as before.

    Args:
        writer: :func:`econsim.kernels.drawing.write_draws`.
    """
    global _write_draws
    _write_draws = writer


def keys(seed: int, count: int, device: torch.device | str = "cpu") -> Tensor:
    """Return one key per environment copy, ``[count]`` int64; key ``i`` depends on ``seed`` and ``i`` only."""
    index = torch.arange(count, dtype=torch.int64, device=device)
    return _absorb(_mix(torch.full_like(index, seed) * _GOLDEN + _GOLDEN), index)


def held_out_seeds(purpose: str, count: int, spacing: int = 1) -> list[int]:
    """Return seeds set aside for evaluations that no choice has seen: large ones, which nobody chooses by hand.

    Keys of different seeds are different, since :func:`keys` maps seeds to states one to one.

    Args:
        purpose: the evaluation; another purpose has other seeds, except with a probability below 1e-15.
        count: the number of seeds.
        spacing: the number of seeds, counted upwards from each, that belong to it; at most 10,000.
    """
    digest = hashlib.blake2b(purpose.encode(), digest_size=8).digest()
    # From 2^52 on, and below 2^53, so that the seeds are exact in JSON; users count theirs from zero.
    first = (1 << 52) + (int.from_bytes(digest, "little") >> 13)
    return [first + index * spacing for index in range(count)]


def fold(key: Tensor, data: Step | str) -> Tensor:
    """Return new keys that depend on ``key`` and on ``data`` (a number, one number per copy ``[B]``, or a name)."""
    return _absorb(key, stream_number(data) if isinstance(data, str) else data)


def bits(key: Tensor, step: Step, stream: str, shape: Shape = ()) -> Tensor:
    """Return 64 random bits per position as int64, ``[B, *shape]``.

    Args:
        key: ``[B]`` int64.
        step: the time of the draw, a number or ``[B]``.
        stream: the name of the draw's purpose; draws of different streams are independent.
        shape: positions within a copy. The draw at position ``i`` does not depend on the number of positions.
    """
    return _draws(key, step, stream, shape, torch.int64)


def uniform(key: Tensor, step: Step, stream: str, shape: Shape = (), dtype: torch.dtype = torch.float32) -> Tensor:
    """Return numbers uniform on [0, 1), ``[B, *shape]``: 24 random bits for float32, 53 for float64."""
    return _draws(key, step, stream, shape, dtype)


def normal(key: Tensor, step: Step, stream: str, shape: Shape = (), dtype: torch.dtype = torch.float32) -> Tensor:
    """Return standard normal numbers, ``[B, *shape]`` (Box and Muller 1958)."""
    radius = uniform(key, step, stream, shape, dtype)
    angle = uniform(key, step, stream + "/angle", shape, dtype)
    return (-2.0 * torch.log1p(-radius)).sqrt() * torch.cos(2.0 * math.pi * angle)


def gumbel(key: Tensor, step: Step, stream: str, shape: Shape = ()) -> Tensor:
    """Return standard Gumbel numbers, ``[B, *shape]``; the arg-max of logits plus these is a categorical draw."""
    inner = uniform(key, step, stream, shape, torch.float64)
    # 2**-54 is half the smallest step of the uniform draw, so that a draw of zero stays finite.
    return (-torch.log(-torch.log(inner + 2.0**-54))).float()


def categorical(key: Tensor, step: Step, stream: str, logits: Tensor) -> Tensor:
    """Return indices drawn with probabilities ``softmax(logits)``; ``logits`` ``[B, ..., A]`` gives ``[B, ...]``."""
    noise = gumbel(key, step, stream, tuple(logits.shape[1:]))
    return (logits + noise).argmax(-1)


def permutation(key: Tensor, step: Step, stream: str, count: int) -> Tensor:
    """Return one random permutation of ``0 .. count - 1`` per copy, ``[B, count]`` int64."""
    return bits(key, step, stream, (count,)).argsort(dim=-1, stable=True)


def integers(key: Tensor, step: Step, stream: str, high: int, shape: Shape = ()) -> Tensor:
    """Return integers uniform on ``0 .. high - 1``, ``[B, *shape]`` int64 (bias below ``high * 2**-53``)."""
    return (_draws(key, step, stream, shape, torch.float64) * high).long()


def stream_number(name: str) -> int:
    """Return the number that stands for a stream of draws, a signed 64-bit hash of its name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little", signed=True)


# The effect of torch.compiler.assume_constant_result, which would import the whole compiler and take seconds.
stream_number._dynamo_marked_constant = True  # type: ignore[attr-defined]


def _draws(key: Tensor, step: Step, stream: str, shape: Shape, dtype: torch.dtype) -> Tensor:
    """Return the bits at all positions, or the uniform numbers that they stand for in a floating-point type.

    Shape ``[B, *shape]``.
    """
    if key.device.type == "cpu" and not torch.compiler.is_compiling():
        written = torch.empty((key.shape[0], *shape), dtype=dtype)
        _write_draws(key, step if isinstance(step, Tensor) else _signed(step), stream_number(stream), written)
        return written
    state = _absorb(_absorb(key, step), stream_number(stream))[:, None]
    positions = torch.arange(math.prod(shape), dtype=torch.int64, device=key.device)
    return _converted(_absorb(state, positions), dtype).reshape(key.shape[0], *shape)


def _write_by_arrays(key: Tensor, step: Step, stream: int, drawn: Tensor) -> None:
    """Write draws as :func:`econsim.kernels.drawing.write_draws` does, a range of positions at a time."""
    state = _absorb_words(_absorb_words(key.numpy().view(np.uint64), step), stream)[:, None] * _GOLDEN_WORD
    rows = drawn.view(len(key), math.prod(drawn.shape[1:])).numpy()
    digits = _DIGITS[drawn.dtype]
    for first in range(0, rows.shape[1], _AT_ONCE):
        last = min(first + _AT_ONCE, rows.shape[1])
        words = _mix_words(state ^ _mixed_positions(first, last))
        if digits == 64:
            rows[:, first:last] = words.view(np.int64)
        else:
            words >>= np.uint64(64 - digits)
            np.multiply(words.view(np.int64), 2.0**-digits, out=rows[:, first:last], casting="same_kind")


@lru_cache(16)
def _mixed_positions(first: int, last: int) -> Words:
    return _mix_words(np.arange(first, last, dtype=np.uint64) + _GOLDEN_WORD)


def _converted(drawn: Tensor, dtype: torch.dtype) -> Tensor:
    digits = _DIGITS[dtype]
    return drawn if digits == 64 else _shift_right(drawn, 64 - digits).to(dtype) * 2.0**-digits


def _absorb(state: Tensor, data: Step) -> Tensor:
    if state.device.type != "cpu":
        return _absorb_by_tensors(state, data)
    if torch.compiler.is_compiling():
        # Products wrap around beyond 64 bits. A C++ compiler may assume that signed integers do not overflow, and its
        # code then gives wrong draws.
        opaque: Tensor = _absorb_tensor(state, data) if isinstance(data, Tensor) else _absorb_number(state, data)
        return opaque
    return torch.from_numpy(_absorb_words(state.numpy().view(np.uint64), data).view(np.int64))


def _absorb_by_tensors(state: Tensor, data: Step) -> Tensor:
    mixed = _mix(data.long() + _GOLDEN) if isinstance(data, Tensor) else _mix_number(data + _GOLDEN)
    return _mix(state * _GOLDEN ^ mixed)


def _absorb_words(state: Words, data: Step) -> Words:
    """Return :func:`_absorb` by arrays, whose operations on a CPU take a quarter of the time of torch's."""
    words = state * _GOLDEN_WORD
    if isinstance(data, Tensor):
        return _mix_words(words ^ _mix_words(np.atleast_1d(data.long().numpy()).view(np.uint64) + _GOLDEN_WORD))
    return _mix_words(words ^ np.uint64(_mix_number(data + _GOLDEN) & _ALL))


@torch.library.custom_op("econsim::absorb_tensor", mutates_args=())
def _absorb_tensor(state: Tensor, data: Tensor) -> Tensor:
    return _absorb(state, data)


@torch.library.custom_op("econsim::absorb_number", mutates_args=())
def _absorb_number(state: Tensor, data: int) -> Tensor:
    return _absorb(state, data)


@_absorb_tensor.register_fake
def _(state: Tensor, data: Tensor) -> Tensor:
    return torch.empty_like(state + data)


@_absorb_number.register_fake
def _(state: Tensor, data: int) -> Tensor:
    return torch.empty_like(state)


def _mix(x: Tensor) -> Tensor:
    x = (x ^ _shift_right(x, 30)) * _MIX_1
    x = (x ^ _shift_right(x, 27)) * _MIX_2
    return x ^ _shift_right(x, 31)


def _mix_words(x: Words) -> Words:
    """Return :func:`_mix` of words, which are overwritten."""
    for count, factor in ((np.uint64(30), _MIX_WORD_1), (np.uint64(27), _MIX_WORD_2)):
        x ^= x >> count
        x *= factor
    x ^= x >> np.uint64(31)
    return x


def _mix_number(x: int) -> int:
    """Return :func:`_mix` of one number, which is then a constant of a graph instead of a tensor from the host."""
    x &= _ALL
    x = ((x ^ x >> 30) * _MIX_1) & _ALL
    x = ((x ^ x >> 27) * _MIX_2) & _ALL
    return _signed(x ^ x >> 31)


def _signed(x: int) -> int:
    """Return the signed number with the last 64 bits of ``x``."""
    x &= _ALL
    return x - (x >> 63 << 64)


def _shift_right(x: Tensor, count: int) -> Tensor:
    # torch shifts signed integers arithmetically; the mask clears the repeated sign bits.
    return (x >> count) & ((1 << (64 - count)) - 1)


_write_draws: Writer = _write_by_arrays
