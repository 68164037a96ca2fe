"""The sizes and the make of a neural mind, as a scenario writes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from econsim.parameters import Model

__all__ = ["Architecture", "Convolution"]


class Convolution(Model):
    """One convolutional layer over a player's view, without padding."""

    channels: PositiveInt
    """Filters."""
    kernel: PositiveInt = 3
    """Side of a filter, in tiles."""
    stride: PositiveInt = 2
    """Tiles from one place of a filter to the next."""


class Architecture(Model):
    """What a policy tower and a value tower are made of."""

    hidden: tuple[PositiveInt, ...] = (64, 64)
    """Width of each dense layer of a tower."""
    activation: Literal["tanh", "relu"] = "tanh"
    """What follows each dense layer and each convolution."""
    convolutions: tuple[Convolution, ...] = ()
    """Layers that look at the player's view, where the game has one; none: the mind does not see it."""
    embedding: int = Field(default=4, ge=0, le=64)
    """Numbers learned for each label in the view (whose house, which worker); 0: only oneself and others differ."""
    layer_norm: bool = False
    """Normalise what the dense layers return (Ba, Kiros and Hinton 2016)."""
    recurrent: PositiveInt | None = None
    """Width of an LSTM after the dense layers; none: the mind has no memory."""
    shared_towers: bool = False
    """Policy and value read off one tower instead of one each."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the products inside towers (autocast); heads, losses and weights stay float32. bfloat16 is faster on GPUs and
    newer CPUs with wide layers, and rounds what towers return to about three digits."""
    normalise_values: bool = False
    """Learn values in units of their running mean and standard deviation (van Hasselt et al. 2016, PopArt)."""
