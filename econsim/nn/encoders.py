"""Towers: what a player sees (numbers, a picture, what it remembers) becomes a row of numbers for a head to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from econsim import random
from econsim.game import Observation, Role, tensors, tree_map
from econsim.nn.architecture import Architecture
from econsim.nn.layers import ACTIVATIONS, HIDDEN_GAIN, convolution, dense, linear, orthogonal, with_shared

__all__ = ["ConvolutionalEncoder", "Encoder", "Seen"]

ONESELF, FLAG_VALUES = 1, 2


@tensors
class Seen:
    """What minds read of an observation; leading axes ``[...]`` are ``[B, N]``, or rows of a batch.

    features: ``[..., F]`` float32. view: ``[..., C, h, w]`` small integers. action_mask: ``[..., A]`` bool.
    shared: float32, what players share, without an axis of players: ``[B, G]`` in play. In rows of a batch ``[P, G]``,
    of which row ``i`` saw the one at ``shared_row[i]`` (int64 ``[...]``; ``None`` in play).
    """

    features: Tensor
    view: Tensor | None = None
    action_mask: Tensor | None = None
    shared: Tensor | None = None
    shared_row: Tensor | None = None

    @classmethod
    def of(cls, observation: Observation, with_view: bool) -> Seen:
        """Return what a mind reads; the view only where it looks at it."""
        features = observation.features.flatten(2).float()
        shared = None if observation.shared is None else observation.shared.float()
        return cls(features, observation.view if with_view else None, observation.action_mask, shared)

    def for_each(self, of_shared: Tensor) -> Tensor:
        """Return values of what players share, one a row of ``shared``, for each player: ready to be broadcast."""
        if self.shared_row is None:
            return of_shared[:, None]
        return of_shared.index_select(0, self.shared_row.flatten()).view(*self.shared_row.shape, -1)

    def with_rows(self) -> Seen:
        """Return moments ``[T, B, ...]`` as a batch has them: shared rows ``[T * B, G]``, and each player's row."""
        if self.shared is None:
            return self
        moments = self.features.shape[:-2]
        rows = torch.arange(moments.numel(), device=self.shared.device).view(*moments, 1)
        players = rows.expand(self.features.shape[:-1])
        return replace(self, shared=self.shared.flatten(0, -2), shared_row=players)

    def moved_on(self, rows: int) -> Seen:
        """Return this with ``rows`` other rows of ``shared`` ahead of its own."""
        return self if self.shared_row is None else replace(self, shared_row=self.shared_row + rows)

    def of_each(self, function: Callable[[Tensor], Tensor]) -> Seen:
        """Return this with ``function`` of every tensor that has an axis of rows, all but ``shared``."""
        rows: Seen = tree_map(function, replace(self, shared=None))
        return replace(rows, shared=self.shared)


class ConvolutionalEncoder(nn.Module):
    """Convolutions over a view. Flags enter as they are, labels as learned numbers."""

    def __init__(self, role: Role, make: Architecture, key: Tensor) -> None:
        super().__init__()
        counts = role.view_counts or (FLAG_VALUES,) * role.view[0]
        self.flags = [channel for channel, count in enumerate(counts) if count <= FLAG_VALUES]
        self.labels = [channel for channel, count in enumerate(counts) if count > FLAG_VALUES]
        drawn = [random.fold(key, f"label {channel}") for channel in self.labels]
        self.tables = nn.ParameterList(
            nn.Parameter(random.normal(each, 0, "weights", (counts[channel], make.embedding))[0])
            for each, channel in zip(drawn, self.labels, strict=True)
            if make.embedding
        )
        self.layers, self.size = self._layers(role, make, key)

    def forward(self, view: Tensor) -> Tensor:
        """Return ``[M, D]`` for views ``[M, C, h, w]``."""
        flat: Tensor = self.layers(self.planes(view)).flatten(1)
        return flat

    def planes(self, view: Tensor) -> Tensor:
        """Return what the first filter sees, float ``[M, C', h, w]``."""
        flags, labels = view[:, _slice(self.flags)], view[:, _slice(self.labels)]
        if not len(self.tables):
            # Put together as small integers: floats are four times the bytes to move.
            small = (flags, (labels == ONESELF).to(view.dtype), (labels > ONESELF).to(view.dtype))
            return torch.cat(small, 1).float()
        pairs = zip(labels.unbind(1), self.tables, strict=True)
        named = (nn.functional.embedding(label.long(), table).permute(0, 3, 1, 2) for label, table in pairs)
        return torch.cat([flags.float(), *named], 1)

    def _layers(self, role: Role, make: Architecture, key: Tensor) -> tuple[nn.Sequential, int]:
        _, height, width = role.view
        channels = len(self.flags) + (make.embedding or 2) * len(self.labels)
        layers: list[nn.Module] = []
        for place, each in enumerate(make.convolutions):
            drawn = random.fold(key, f"convolution {place}")
            layers.append(convolution(channels, each.channels, each.kernel, each.stride, drawn))
            layers.append(ACTIVATIONS[make.activation]())
            channels = each.channels
            height, width = ((side - each.kernel) // each.stride + 1 for side in (height, width))
        return nn.Sequential(*layers), channels * height * width


class Encoder(nn.Module):
    """A view through convolutions, beside the features through dense layers, normalised, then remembered.

    ``size`` is the length ``D`` of what it returns; a memory is ``[..., 2 * recurrent]``: LSTM output and cell.
    """

    def __init__(self, role: Role, make: Architecture, key: Tensor) -> None:
        super().__init__()
        looks = bool(make.convolutions and role.view)
        self.sight = ConvolutionalEncoder(role, make, random.fold(key, "sight")) if looks else None
        inputs = role.observation.size + (self.sight.size if self.sight is not None else 0)
        self.shared = self._of_shared(len(role.shared_features), make, random.fold(key, "shared"))
        inputs += len(role.shared_features) if self.shared is None else 0
        self.dense = dense((inputs, *make.hidden), make.activation, random.fold(key, "dense"))
        width = make.hidden[-1] if make.hidden else inputs
        self.norm = nn.LayerNorm(width) if make.layer_norm else nn.Identity()
        self.recurrent = Recurrent(width, make.recurrent, random.fold(key, "recurrent")) if make.recurrent else None
        self.size = make.recurrent or width

    def forward(self, seen: Seen, memory: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return ``[..., D]`` and the next memory for one moment of play."""
        taken = self.taken_in(seen)
        if self.recurrent is None or memory is None:
            return taken, None
        memory = self.recurrent(taken, memory)
        return memory[..., : self.size], memory

    def over_time(self, seen: Seen, memory: Tensor, starts: Tensor) -> Tensor:
        """Return ``[S, L, D]`` for sequences of ``L`` moments.

        Args:
            seen: ``[S, L, ...]``.
            memory: before the first moment, ``[S, 2 * recurrent]``.
            starts: ``[S, L]`` bool, moments before which the memory is cleared.
        """
        assert self.recurrent is not None
        taken, kept = self.taken_in(seen), (~starts).to(memory.dtype)
        outputs = []
        for moment in range(taken.shape[1]):
            memory = self.recurrent(taken[:, moment], memory * kept[:, moment, None])
            outputs.append(memory[..., : self.size])
        return torch.stack(outputs, 1)

    def taken_in(self, seen: Seen) -> Tensor:
        """Return what the layers before the memory make of it, ``[..., D]``."""
        features = seen.features
        if self.sight is not None:
            assert seen.view is not None
            looked = self.sight(seen.view.flatten(0, seen.view.ndim - 4))
            features = torch.cat([features, looked.view(*features.shape[:-1], -1).to(features)], -1)
        of_shared = None
        if seen.shared is not None and self.shared is not None:
            of_shared = seen.for_each(self.shared(seen.shared))
        elif seen.shared is not None:
            features = torch.cat([features, seen.for_each(seen.shared).expand(*features.shape[:-1], -1)], -1)
        normed: Tensor = self.norm(with_shared(self.dense, features, of_shared))
        return normed

    def _of_shared(self, entries: int, make: Architecture, key: Tensor) -> nn.Linear | None:
        """Return the part of the first dense layer that reads what players share; none where no layer is dense."""
        return linear(entries, make.hidden[0], HIDDEN_GAIN, key, bias=False) if entries and make.hidden else None


class Recurrent(nn.Module):
    """An LSTM (Hochreiter and Schmidhuber 1997) whose memory is one row of numbers: output, then cell."""

    def __init__(self, inputs: int, width: int, key: Tensor) -> None:
        super().__init__()
        self.width = width
        self.of_input = linear(inputs, 4 * width, 1.0, random.fold(key, "input"))
        gates = [orthogonal(width, width, random.fold(key, gate)) for gate in range(4)]
        self.of_memory = nn.Parameter(torch.cat(gates).float())

    def forward(self, taken: Tensor, memory: Tensor) -> Tensor:
        """Return the next memory ``[..., 2 * width]``."""
        output, cell = torch.split(memory, self.width, -1)
        gates = self.of_input(taken) + output @ self.of_memory.T
        enter, forget, new, leave = gates.chunk(4, -1)
        # The constant 1 lets a new memory forget little (Jozefowicz et al. 2015).
        cell = torch.sigmoid(forget + 1.0) * cell + torch.sigmoid(enter) * torch.tanh(new)
        return torch.cat([torch.sigmoid(leave) * torch.tanh(cell), cell], -1).to(memory.dtype)


def _slice(channels: list[int]) -> slice | list[int]:
    """Return consecutive channels as a slice, which is taken without a copy."""
    run = list(range(channels[0], channels[0] + len(channels))) if channels else []
    return slice(run[0], run[-1] + 1) if run and run == channels else channels
