"""Layers whose initial weights are functions of a random key, never of torch's global generator."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from econsim import random

__all__ = ["ACTIVATIONS", "HIDDEN_GAIN", "as_product", "convolution", "dense", "linear", "orthogonal", "with_shared"]

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)

HIDDEN_GAIN = math.sqrt(2.0)
MOST_WASTE = 4  # multiplications of a product for each multiplication of the convolution that it replaces
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}


class _Linear(nn.Linear):
    """A linear layer whose weights are not drawn from torch's global generator."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are: :func:`_initialised` sets them."""


class _Convolution(nn.Conv2d):
    """A convolution whose weights are not drawn from torch's global generator."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are: :func:`_initialised` sets them."""


def dense(sizes: Sequence[int], activation: str, key: Tensor) -> nn.Sequential:
    """Return linear layers of ``sizes``, each followed by the activation; weights orthogonal, biases zero.

    The gain of sqrt(2) is that of Andrychowicz et al. (2021), "What matters for on-policy deep actor-critic methods?".
    """
    layers: list[nn.Module] = []
    for number, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        layers += [linear(inputs, outputs, HIDDEN_GAIN, random.fold(key, number)), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers)


def with_shared(
    layers: Iterable[nn.Module], features: Tensor, of_shared: Tensor | None, encoded: Tensor | None = None
) -> Tensor:
    """Apply dense layers to the features ``[..., F]`` of players and to features that all players share.

    ``of_shared`` ``[..., H]`` is a linear map of the shared features, added to the output of the first layer. This is
    equivalent to one first layer that reads both, without a tensor that repeats the shared features for each player.
    ``encoded`` ``[..., E]`` are further inputs of the first layer, after the features. They are multiplied apart, since
    they need a gradient and features do not.
    """
    first, *following = layers
    hidden: Tensor
    if encoded is None:
        hidden = first(features)
    else:
        weight, width = first.weight, features.shape[-1]
        hidden = nn.functional.linear(features, weight[:, :width], first.bias)  # type: ignore[index, arg-type]
        hidden = hidden + nn.functional.linear(encoded, weight[:, width:])  # type: ignore[index]
    if of_shared is not None:
        hidden = hidden + of_shared
    for layer in following:
        hidden = layer(hidden)
    return hidden


def linear(inputs: int, outputs: int, gain: float, key: Tensor, bias: bool = True) -> nn.Linear:
    """Return a linear layer with orthogonal weights times ``gain``, and with biases of zero or without biases."""
    return _initialised(_Linear(inputs, outputs, bias), gain, key)


def convolution(inputs: int, outputs: int, kernel: int, stride: int, key: Tensor) -> nn.Conv2d:
    """Return a convolution without padding; the flattened weights of its filters are orthogonal."""
    return _initialised(_Convolution(inputs, outputs, kernel, stride), HIDDEN_GAIN, key)


def as_product(layer: nn.Conv2d, images: Tensor) -> Tensor:
    """Apply a convolution without padding to images ``[M, C, h, w]``, if they are small as a product with a matrix.

    On a CPU, the gradient of a strided convolution with respect to its input takes five to twelve times as long per
    multiplication as that of a matrix product. The matrix holds the responses of the filters to unit images.
    """
    size, filter_size = images[0].numel(), layer.weight[0].numel()
    if size > MOST_WASTE * filter_size:
        return layer(images)  # type: ignore[no-any-return]
    units = torch.eye(size, dtype=layer.weight.dtype, device=images.device).view(size, *images.shape[1:])
    responses = nn.functional.conv2d(units, layer.weight, stride=layer.stride)
    bias = layer.bias.repeat_interleave(responses[0, 0].numel())  # type: ignore[union-attr]
    return torch.addmm(bias, images.flatten(1), responses.flatten(1)).view(-1, *responses.shape[1:])


def orthogonal(rows: int, columns: int, key: Tensor) -> Tensor:
    """Draw a matrix with orthonormal rows or columns, uniform over all such matrices (Saxe et al. 2014)."""
    drawn = random.normal(key, 0, "weights", (max(rows, columns), min(rows, columns)), torch.float64)[0]
    basis, triangle = torch.linalg.qr(drawn)
    orthonormal: Tensor = basis * triangle.diagonal().sign()
    return orthonormal if rows >= columns else orthonormal.T


def _initialised(layer: Layer, gain: float, key: Tensor) -> Layer:
    with torch.no_grad():
        flat = orthogonal(layer.weight.shape[0], layer.weight[0].numel(), key)
        layer.weight.copy_(gain * flat.reshape(layer.weight.shape))
        if layer.bias is not None:
            layer.bias.zero_()
    return layer
