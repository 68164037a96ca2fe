"""Architecture of a policy network, as written in a scenario."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from econsim.parameters import Model

__all__ = ["Architecture", "Convolution"]


class Convolution(Model):
    """One convolutional layer over a player's view, without padding."""

    channels: PositiveInt
    """Number of filters."""
    kernel: PositiveInt = 3
    """Side length of a filter in tiles."""
    stride: PositiveInt = 2
    """Stride of the filters in tiles."""


class Architecture(Model):
    """Architecture of the encoders of policy and value function."""

    hidden: tuple[PositiveInt, ...] = (64, 64)
    """Width of each dense layer."""
    activation: Literal["tanh", "relu"] = "tanh"
    """Activation function after each dense layer and each convolution."""
    convolutions: tuple[Convolution, ...] = ()
    """Convolutional layers over the player's view, if the game has one; empty: the network does not read the view."""
    embedding: int = Field(default=4, ge=0, le=64)
    """Size of the embedding of each label in the view (the owner of a house, the worker on a tile); 0: labels only
    distinguish the player itself from others."""
    layer_norm: bool = False
    """Apply layer normalisation to the output of the dense layers (Ba, Kiros and Hinton 2016)."""
    recurrent: PositiveInt | None = None
    """Width of an LSTM after the dense layers; none: the network has no memory."""
    shared_towers: bool = False
    """Use one encoder for policy and value function instead of one for each."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Precision of the matrix products in the encoders (autocast); heads, losses and weights are always float32.
    bfloat16 is faster for wide layers on GPUs and recent CPUs; it rounds the outputs of encoders to about three
    digits."""
    normalise_values: bool = False
    """Normalise values by their running mean and standard deviation (PopArt; van Hasselt et al. 2016)."""
