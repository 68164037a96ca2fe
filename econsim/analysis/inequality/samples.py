"""Weighted samples: amounts, and the number of people that each represents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from econsim.errors import UserError

__all__ = ["Floats", "arrays", "checked", "sample"]

Floats = NDArray[np.float64]


def arrays(amount: Any, people: Any = None) -> tuple[Floats, Floats]:
    """Return amounts and the number of people that each represents, ``[N]`` float64 each, from arrays or tensors."""
    values = np.asarray(amount, dtype=np.float64)
    return values, np.ones_like(values) if people is None else np.asarray(people, dtype=np.float64)


def checked(amount: Any, people: Any = None, name: str = "amount") -> tuple[Floats, Floats]:
    """Return amounts and how many people each represents, ``[N]`` float64 each, with entries of weight zero.

    Raises:
        UserError: not one finite number per person, or weights that are negative or have no positive sum.
    """
    values, mass = arrays(amount, people)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise UserError(f"{name}: expected one finite number per person, found {_described(values)}")
    if mass.shape != values.shape or not np.isfinite(mass).all() or (mass < 0).any() or mass.sum() <= 0:
        raise UserError(f"people: expected a non-negative weight for each of {len(values)} entries of {name}")
    return values, mass


def sample(amount: Any, people: Any = None, name: str = "amount") -> tuple[Floats, Floats]:
    """Return amounts ``[N]`` and shares of the population ``[N]`` that sum to one, without entries of weight zero.

    Raises:
        UserError: as :func:`checked`.
    """
    values, mass = checked(amount, people, name)
    counted = mass > 0
    return values[counted], mass[counted] / mass.sum()


def _described(values: Floats) -> str:
    if values.ndim != 1 or not len(values):
        return f"an array of shape {list(values.shape)}"
    return f"{int((~np.isfinite(values)).sum())} that are not"
