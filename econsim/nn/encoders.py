"""Encoders: networks that map a player's observation (features, view, memory) to a vector that an output head reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor, nn

from econsim import random
from econsim.game import Observation, Role, tensors, tree_map
from econsim.nn.architecture import Architecture
from econsim.nn.layers import ACTIVATIONS, HIDDEN_GAIN, as_product, convolution, dense, linear, orthogonal, with_shared
from econsim.nn.symbols import Symbols

__all__ = ["ConvolutionalEncoder", "Encoder", "Seen"]

FLAG_VALUES = 2
ONESELF, OTHER = 1, 2  # values of a label: the viewer, and the first of all others
MOST_SYMBOLS = torch.iinfo(torch.int16).max
MOST_INDICATORS = 16  # of a label; embedding more values is faster than a convolution of their indicators


@tensors
class Seen:
    """The part of an observation that networks read; leading axes ``[...]`` are ``[B, N]``, or rows of a batch.

    features: ``[..., F]`` float32. view: ``[..., C, h, w]`` small integers, or ``[..., Q, h, w]`` the symbols of its
    tiles, where kernels read them (:mod:`econsim.nn.symbols`). action_mask: ``[..., A]`` bool.
    shared: float32, features common to all players, without an axis of players: ``[B, G]`` in play. For the rows of a
    batch it is ``[P, G]``, and row ``i`` observed the entry ``shared_row[i]`` (int64 ``[...]``; ``None`` in play).
    joint: float32 ``[B, J]`` or ``[P, J]``, what all players of the environment copy observe, arranged as ``shared``;
    ``None`` unless the network has a centralised critic.
    """

    features: Tensor
    view: Tensor | None = None
    action_mask: Tensor | None = None
    shared: Tensor | None = None
    shared_row: Tensor | None = None
    joint: Tensor | None = None

    @classmethod
    def of(cls, observation: Observation, view: Tensor | None = None, joint: Tensor | None = None) -> Seen:
        """Return the part of an observation that a network reads, with what it reads of the view, and a joint one."""
        features = observation.features.flatten(2).float()
        shared = None if observation.shared is None else observation.shared.float()
        return cls(features, view, observation.action_mask, shared, joint=joint)

    @property
    def for_critic(self) -> Seen:
        """What the critic reads: the joint observation, where there is one, in the place of the shared features."""
        return self if self.joint is None else replace(self, shared=self.joint, joint=None)

    @property
    def moments(self) -> int:
        """Number of rows of ``shared`` and ``joint``; 0 without them."""
        return next((len(rows) for rows in (self.shared, self.joint) if rows is not None), 0)

    def for_each(self, of_shared: Tensor) -> Tensor:
        """Return values that belong to the rows of ``shared``, arranged so that they broadcast over the players."""
        if self.shared_row is None:
            return of_shared[:, None]
        return of_shared.index_select(0, self.shared_row.flatten()).view(*self.shared_row.shape, -1)

    def with_rows(self) -> Seen:
        """Return steps ``[T, B, ...]`` in the form of a batch: shared rows ``[T * B, ...]`` and row numbers."""
        if not self.moments:
            return self
        moments = self.features.shape[:-2]
        rows = torch.arange(moments.numel(), device=self.features.device).view(*moments, 1)
        shared, joint = (None if each is None else each.flatten(0, -2) for each in (self.shared, self.joint))
        return replace(self, shared=shared, joint=joint, shared_row=rows.expand(self.features.shape[:-1]))

    def moved_on(self, rows: int) -> Seen:
        """Return this with its row numbers increased by ``rows``, the number of shared rows placed before its own."""
        return self if self.shared_row is None else replace(self, shared_row=self.shared_row + rows)

    def of_each(self, function: Callable[[Tensor], Tensor]) -> Seen:
        """Apply ``function`` to every tensor with an axis of rows, that is, to all but ``shared`` and ``joint``."""
        rows: Seen = tree_map(function, replace(self, shared=None, joint=None))
        return replace(rows, shared=self.shared, joint=self.joint)


class ConvolutionalEncoder(nn.Module):
    """Convolutions over a view; flags are used as they are, labels are embedded."""

    def __init__(self, role: Role, make: Architecture, key: Tensor) -> None:
        super().__init__()
        counts = role.view_counts or (FLAG_VALUES,) * role.view[0]
        self.view = role.view[1:]
        self.flags = [channel for channel, count in enumerate(counts) if count <= FLAG_VALUES]
        self.labels = [channel for channel, count in enumerate(counts) if count > FLAG_VALUES]
        keys = [random.fold(key, f"label {channel}") for channel in self.labels]
        self.tables = nn.ParameterList(
            nn.Parameter(random.normal(table_key, 0, "weights", (counts[channel], make.embedding))[0])
            for table_key, channel in zip(keys, self.labels, strict=True)
            if make.embedding
        )
        self.layers, self.size = self._layers(role, make, key)
        self.counts = tuple(count if make.embedding else min(count, OTHER + 1) for count in counts)
        self.symbols: Symbols | None = None

    def use_kernels(self, allowed: bool) -> None:
        """Let kernels compute the first convolution from the symbols of tiles, or torch from the planes of the view."""
        if allowed == (self.symbols is not None):
            return
        convolutions = [
            (layer.kernel_size[0], layer.stride[0]) for layer in self.layers if isinstance(layer, nn.Conv2d)
        ]
        symbols = Symbols(self.counts, self.view, convolutions[:2]) if allowed else None
        self.symbols = None if symbols is None or symbols.count > MOST_SYMBOLS else symbols
        if self.symbols is not None:
            contents = self.symbols.contents()
            every = [(label,) * len(table) for label, table in zip(self.labels, self.tables, strict=False)]
            channels = [*self.flags, *(chain(*every) if every else self.labels * 2)]
            planes = self.planes(contents.clamp(min=0), indicators=True) * (contents[:, channels] >= 0)
            is_first = torch.arange(self.symbols.count) < self.symbols.sizes[0]
            self.of_symbols = torch.cat([planes.flatten(1), is_first.float()[:, None]], 1)

    def read(self, view: Tensor) -> Tensor:
        """Return what the encoder reads of views ``[..., C, h, w]``: the symbols of their tiles, or the views."""
        return view if self.symbols is None else self.symbols.of(view)

    def forward(self, view: Tensor) -> Tensor:
        """Return ``[M, D]`` for views ``[M, C, h, w]``, or for their symbols ``[M, Q, h, w]``; see :meth:`read`."""
        if self.symbols is not None:
            return self._of_symbols(view, self.symbols)
        first, indicators = self._first, self._reads_indicators
        planes, filters = self.planes(view, indicators), self.filters(indicators)
        hidden = nn.functional.conv2d(planes, filters, first.bias, first.stride)
        for layer in list(self.layers)[1:]:
            if isinstance(layer, nn.Conv2d) and torch.is_grad_enabled():
                hidden = as_product(layer, hidden)
            else:
                hidden = layer(hidden)
        return hidden.flatten(1)

    def _of_symbols(self, named: Tensor, symbols: Symbols) -> Tensor:
        """Return ``[M, D]`` for symbols: the first convolution by a kernel, the second as a product."""
        last, activation, *following = self.layers
        with torch.autocast("cpu", enabled=False):  # nothing is multiplied per row, so that rounding would save no time
            sums = symbols.convolved(named, self.of_symbols, self.filters(indicators=True), self._first.bias)
        hidden: Tensor = activation(sums)
        if following:
            last, activation, *following = following
            weight: Tensor = last.weight.permute(0, 2, 3, 1)  # type: ignore[operator]
            weight = nn.functional.pad(weight, (0, hidden.shape[-1] - weight.shape[-1]))
            hidden = activation(nn.functional.linear(hidden.flatten(3), weight.flatten(1), last.bias))  # type: ignore[arg-type]
        hidden = hidden[..., : last.out_channels].permute(0, 3, 1, 2)
        for layer in following:
            hidden = layer(hidden)
        return hidden.flatten(1)

    def planes(self, view: Tensor, indicators: bool) -> Tensor:
        """Return the input of the first convolution, float ``[M, C', h, w]``: with labels embedded or as indicators."""
        flags, labels = view[:, _slice(self.flags)], view[:, _slice(self.labels)]
        # Integer arithmetic, because comparisons of small integers are not vectorised on CPUs, and concatenated before
        # the conversion, because floats would take four times the memory bandwidth.
        if not len(self.tables):
            self_or_other = labels.clamp(max=OTHER)
            return torch.cat([flags, self_or_other & ONESELF, self_or_other >> 1], 1).float()
        pairs = zip(torch.split(labels, 1, 1), self.tables, strict=True)
        if indicators:
            return torch.cat([flags, *(_indicators(label, len(table)) for label, table in pairs)], 1).float()
        embedded = (nn.functional.embedding(label[:, 0].long(), table).permute(0, 3, 1, 2) for label, table in pairs)
        return torch.cat([flags.float(), *embedded], 1)

    def filters(self, indicators: bool) -> Tensor:
        """Return the weights ``[O, C', k, k]`` with which the first convolution reads :meth:`planes`.

        A convolution of embedded labels equals a convolution of their indicators whose weights are the products of the
        weights and the tables. Planes of indicators need no gradient, which would take most of the time on a CPU.
        """
        weight = self._first.weight
        if not (indicators and len(self.tables)):
            return weight
        of_flags, *of_labels = torch.split(weight, [len(self.flags), *(table.shape[1] for table in self.tables)], 1)
        pairs = zip(of_labels, self.tables, strict=True)
        return torch.cat([of_flags, *(torch.einsum("oekl,ve->ovkl", part, table) for part, table in pairs)], 1)

    @property
    def _reads_indicators(self) -> bool:
        """Whether planes are indicators of embedded labels: only to learn, since to play, fewer planes are faster."""
        few = all(len(table) <= MOST_INDICATORS for table in self.tables)
        return len(self.tables) > 0 and few and torch.is_grad_enabled()

    @property
    def _first(self) -> nn.Conv2d:
        first: nn.Conv2d = self.layers[0]  # type: ignore[assignment]
        return first

    def _layers(self, role: Role, make: Architecture, key: Tensor) -> tuple[nn.Sequential, int]:
        _, height, width = role.view
        channels = len(self.flags) + (make.embedding or 2) * len(self.labels)
        layers: list[nn.Module] = []
        for number, layer in enumerate(make.convolutions):
            layer_key = random.fold(key, f"convolution {number}")
            layers.append(convolution(channels, layer.channels, layer.kernel, layer.stride, layer_key))
            layers.append(ACTIVATIONS[make.activation]())
            channels = layer.channels
            height, width = ((side - layer.kernel) // layer.stride + 1 for side in (height, width))
        return nn.Sequential(*layers), channels * height * width


class Encoder(nn.Module):
    """Encoder: convolutions over the view, dense layers, an optional layer normalisation and an optional LSTM.

    ``size`` is the length ``D`` of the encoding; a memory is ``[..., 2 * recurrent]``: LSTM output and cell state.
    ``joint`` is the size of the joint observation that it reads in the place of the role's shared features.
    """

    def __init__(self, role: Role, make: Architecture, key: Tensor, joint: int | None = None) -> None:
        super().__init__()
        shared = len(role.shared_features) if joint is None else joint
        looks = bool(make.convolutions and role.view)
        self.sight = ConvolutionalEncoder(role, make, random.fold(key, "sight")) if looks else None
        inputs = role.observation.size + (self.sight.size if self.sight is not None else 0)
        self.shared = self._of_shared(shared, make, random.fold(key, "shared"))
        inputs += shared if self.shared is None else 0
        self.dense = dense((inputs, *make.hidden), make.activation, random.fold(key, "dense"))
        width = make.hidden[-1] if make.hidden else inputs
        self.norm = nn.LayerNorm(width) if make.layer_norm else nn.Identity()
        self.recurrent = Recurrent(width, make.recurrent, random.fold(key, "recurrent")) if make.recurrent else None
        self.size = make.recurrent or width

    def forward(self, seen: Seen, memory: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the encoding ``[..., D]`` and the next memory for one step."""
        encoded = self.taken_in(seen)
        if self.recurrent is None or memory is None:
            return encoded, None
        memory = self.recurrent(encoded, memory)
        return memory[..., : self.size], memory

    def over_time(self, seen: Seen, memory: Tensor, starts: Tensor) -> Tensor:
        """Return the encodings ``[S, L, D]`` of sequences of ``L`` steps.

        Args:
            seen: ``[S, L, ...]``.
            memory: memory before the first step, ``[S, 2 * recurrent]``.
            starts: ``[S, L]`` bool, steps before which the memory is reset to zero.
        """
        assert self.recurrent is not None
        # Unbound rather than indexed, because the gradient of an index is as large as all steps together.
        inputs, continues = self.recurrent.of_input(self.taken_in(seen)), (~starts).to(memory.dtype)
        outputs = []
        for of_step, goes_on in zip(inputs.unbind(1), continues[..., None].unbind(1), strict=True):
            memory = self.recurrent.after(of_step, memory * goes_on)
            outputs.append(memory[..., : self.size])
        return torch.stack(outputs, 1)

    def taken_in(self, seen: Seen) -> Tensor:
        """Return the output of the layers before the recurrent layer, ``[..., D]``."""
        features, encoded, of_shared = seen.features, None, None
        if self.sight is not None:
            assert seen.view is not None
            view = self.sight(seen.view.flatten(0, seen.view.ndim - 4))
            encoded = view.view(*features.shape[:-1], -1).to(features)
        if self.shared is not None and seen.shared is not None:
            of_shared = seen.for_each(self.shared(seen.shared))
        if not len(self.dense):
            shared = None if seen.shared is None else seen.for_each(seen.shared).expand(*features.shape[:-1], -1)
            parts = (features, encoded, shared)
            return self._normed(torch.cat([part for part in parts if part is not None], -1))
        return self._normed(with_shared(self.dense, features, of_shared, encoded))

    def _normed(self, encoding: Tensor) -> Tensor:
        normed: Tensor = self.norm(encoding)
        return normed

    def _of_shared(self, entries: int, make: Architecture, key: Tensor) -> nn.Linear | None:
        """Return the part of the first dense layer that reads shared features; ``None`` without dense layers."""
        return linear(entries, make.hidden[0], HIDDEN_GAIN, key, bias=False) if entries and make.hidden else None


class Recurrent(nn.Module):
    """An LSTM (Hochreiter and Schmidhuber 1997) whose memory is one vector, the output followed by the cell state."""

    def __init__(self, inputs: int, width: int, key: Tensor) -> None:
        super().__init__()
        self.width = width
        self.of_input = linear(inputs, 4 * width, 1.0, random.fold(key, "input"))
        gates = [orthogonal(width, width, random.fold(key, gate)) for gate in range(4)]
        self.of_memory = nn.Parameter(torch.cat(gates).float())

    def forward(self, inputs: Tensor, memory: Tensor) -> Tensor:
        """Return the next memory ``[..., 2 * width]``."""
        return self.after(self.of_input(inputs), memory)

    def after(self, of_input: Tensor, memory: Tensor) -> Tensor:
        """Return the next memory ``[..., 2 * width]`` for inputs to the gates ``of_input`` ``[..., 4 * width]``."""
        output, cell = torch.split(memory, self.width, -1)
        gates = of_input + output @ self.of_memory.T
        input_gate, forget_gate, new, output_gate = gates.chunk(4, -1)
        # The constant 1 is a forget-gate bias, so that an untrained network forgets little (Jozefowicz et al. 2015).
        cell = torch.sigmoid(forget_gate + 1.0) * cell + torch.sigmoid(input_gate) * torch.tanh(new)
        return torch.cat([torch.sigmoid(output_gate) * torch.tanh(cell), cell], -1).to(memory.dtype)


def _indicators(label: Tensor, values: int) -> Tensor:
    """Return for labels ``[M, 1, h, w]`` which of ``values`` values each has, 0 or 1, ``[M, V, h, w]``."""
    every = torch.arange(values, device=label.device).to(label.dtype)
    return 1 - (label ^ every[:, None, None]).clamp(max=1)


def _slice(channels: list[int]) -> slice | list[int]:
    """Return consecutive channels as a slice, because indexing with a slice makes no copy."""
    consecutive = list(range(channels[0], channels[0] + len(channels))) if channels else []
    return slice(consecutive[0], consecutive[-1] + 1) if consecutive and consecutive == channels else channels
