"""Gymnasium spaces as features and actions of a role; a space that does not fit is refused with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from econsim.errors import UserError
from econsim.game import Box, Discrete, MultiDiscrete, Space
from econsim.interop._spaces import Array, spaces

MASK = "action_mask"
_MOST_ENTRIES = 100_000
_LARGE, _UNBOUNDED = 10.0, 1e6
"""Bounds of observations in between are divided out, so that features are of order one; larger ones are no bounds."""


@dataclass(frozen=True)
class Features:
    """The vector of an observation: discrete parts as indicators, the mask of actions left out.

    space: the space of the observation without its mask. names: of the entries. low, high: bounds of the entries.
    scale: by which entries are divided, 1 where bounds are small or missing.
    """

    space: spaces.Space[Any]
    masked: bool
    names: tuple[str, ...]
    low: Array
    high: Array
    scale: Array

    @classmethod
    def of(cls, space: spaces.Space[Any], who: str, scaled: bool = True) -> Features:
        """Return the features of an observation space; ``who`` names the agent in errors.

        Entries are divided by large bounds where ``scaled``.

        Raises:
            UserError: the space, or a part of it, has no fixed number of numeric entries.
        """
        rest, masked = _without_mask(space)
        parts = list(_entries(rest, "observation", f"{who}: observation space"))
        low, high = (np.concatenate([part[side] for part in parts]) if parts else np.zeros(0) for side in (1, 2))
        reach = np.maximum(np.abs(low), np.abs(high))
        scale = np.where(scaled & (reach > _LARGE) & (reach <= _UNBOUNDED), reach, 1.0)
        low, high = (
            np.where(np.abs(side) > _UNBOUNDED, np.copysign(np.inf, side), side) / scale for side in (low, high)
        )
        return cls(rest, masked, tuple(name for part in parts for name in part[0]), low, high, scale)

    @property
    def bounds(self) -> Box:
        """The space of the features."""
        return Box(float(self.low.min(initial=0.0)), float(self.high.max(initial=1.0)), (len(self.names),))

    @property
    def units(self) -> tuple[str, ...]:
        """The units of the features: the number by which an entry is divided."""
        return tuple("" if scale == 1 else f"multiples of {scale:g}" for scale in self.scale)

    def read(self, observation: Any, who: str) -> tuple[Array, Any]:
        """Return the entries ``[F]``, not yet divided, and the mask in the observation (``None`` without).

        Raises:
            UserError: the observation does not fit its space, or is not finite.
        """
        mask = observation.get(MASK) if self.masked else None
        if self.masked:
            plain = {name: part for name, part in observation.items() if name != MASK}
            observation = plain if isinstance(self.space, spaces.Dict) else next(iter(plain.values()))
        try:
            vector = np.asarray(spaces.utils.flatten(self.space, observation), dtype=np.float64)
        except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
            raise UserError(f"{who}: observation {observation!r} is not in its space {self.space}") from error
        if vector.size != len(self.names) or not np.isfinite(vector).all():
            problem = f"{vector.size} entries" if vector.size != len(self.names) else "an entry that is not finite"
            raise UserError(f"{who}: observation with {problem}, which its space {self.space} does not allow")
        return vector, mask


@dataclass(frozen=True)
class Actions:
    """The actions of an agent: the space as a role has it, and the way back to an action of the environment."""

    external: spaces.Space[Any]
    space: Space
    labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, space: spaces.Space[Any], who: str) -> Actions:
        """Return the actions of an action space; ``who`` names the agent in errors.

        Raises:
            UserError: the space is neither a box with finite bounds nor made of choices.
        """
        where = f"{who}: action space {space}"
        if isinstance(space, spaces.Box):
            return cls(space, _box(space, where))
        choices = list(_choices(space, "", where))
        counts = tuple(count for _, count in choices)
        if not counts or sum(counts) > _MOST_ENTRIES:
            raise UserError(f"{where} has {sum(counts):,} options; expected 1 to {_MOST_ENTRIES:,}")
        if isinstance(space, spaces.Discrete):
            return cls(space, Discrete(counts[0]))
        composed = isinstance(space, (spaces.Dict, spaces.Tuple))
        return cls(space, MultiDiscrete(counts), tuple(name.strip() for name, _ in choices) if composed else ())

    @property
    def unit(self) -> str:
        """What the numbers of a box mean whose entries have different bounds."""
        rescaled = isinstance(self.external, spaces.Box) and not _is_uniform(self.external)
        return "from -1, the lowest value, to 1, the highest" if rescaled else ""

    @property
    def size(self) -> int:
        """The number ``D`` of numbers in one action."""
        return max(1, prod(self.space.shape))

    def external_action(self, numbers: Array) -> Any:
        """Return the environment's form of an action ``[D]``."""
        if isinstance(self.external, spaces.Box):
            return self._real(self.external, numbers)
        return _composed(self.external, iter(int(number) for number in numbers))

    def mask(self, mask: Any, who: str) -> Array:
        """Return a mask of legal options, bool ``[A]``, given as an array or as arrays per choice; ``None``: all legal.

        Raises:
            UserError: the mask has another number of entries, or allows no option of some choice.
        """
        assert not isinstance(self.space, Box)
        size = self.space.mask_size
        if mask is None:
            return np.ones(size, dtype=bool)
        parts = _flattened(mask)
        legal: Array = np.concatenate(parts).astype(bool) if parts else np.zeros(0, dtype=bool)
        if legal.size != size:
            raise UserError(f"{who}: the action mask has {legal.size} entries; expected {size}, one per option")
        return legal

    def has_options(self, mask: Array) -> bool:
        """Return whether a mask ``[A]`` allows at least one option of each choice."""
        counts = [self.space.count] if isinstance(self.space, Discrete) else getattr(self.space, "counts", ())
        return all(part.any() for part in np.split(mask, np.cumsum(counts)[:-1]))

    def _real(self, box: spaces.Box, numbers: Array) -> Array:
        values = numbers.reshape(box.shape)
        if not _is_uniform(box):
            low, high = box.low.astype(np.float64), box.high.astype(np.float64)
            values = low + (values + 1) / 2 * (high - low)
        if np.issubdtype(box.low.dtype, np.integer):
            values = np.rint(values)
        return np.clip(values.astype(box.dtype), box.low, box.high)


def _without_mask(space: spaces.Space[Any]) -> tuple[spaces.Space[Any], bool]:
    """Return the space of an observation without its mask, and whether it has one."""
    if not isinstance(space, spaces.Dict) or MASK not in space.spaces:
        return space, False
    rest = {name: part for name, part in space.spaces.items() if name != MASK}
    return (next(iter(rest.values())) if len(rest) == 1 else spaces.Dict(rest)), True


def _entries(space: spaces.Space[Any], name: str, where: str) -> Iterator[tuple[list[str], Array, Array]]:
    """Yield names, lower and upper bounds of the entries of a space, in the order of gymnasium's ``flatten``."""
    match space:
        case spaces.Box():
            yield _indexed(name, space.shape), _flat(space.low), _flat(space.high)
        case spaces.Discrete():
            _check_size(int(space.n), where, space)
            first = int(space.start)
            yield _indicators([f"{name} is {first + option}" for option in range(int(space.n))])
        case spaces.MultiDiscrete():
            _check_size(int(space.nvec.sum()), where, space)
            places = zip(_indexed(name, space.shape), space.nvec.flat, space.start.flat, strict=True)
            yield _indicators([f"{of} is {first + option}" for of, count, first in places for option in range(count)])
        case spaces.MultiBinary():
            yield _indicators(_indexed(name, space.shape))
        case spaces.Dict():
            for key, part in space.spaces.items():
                yield from _entries(part, key if name == "observation" else f"{name}.{key}", where)
        case spaces.Tuple():
            for index, part in enumerate(space.spaces):
                yield from _entries(part, f"{name}[{index}]", where)
        case _:
            raise UserError(
                f"{where} {space}: a {type(space).__name__} space has no fixed number of numeric entries, which"
                " features need; wrap the environment so that it returns Box, Discrete, MultiDiscrete, MultiBinary, or"
                " Dict or Tuple of these"
            )


def _check_size(entries: int, where: str, space: spaces.Space[Any]) -> None:
    if entries > _MOST_ENTRIES:
        raise UserError(f"{where} {space}: {entries:,} possible values, each of which would be a feature of its own")


def _indicators(names: Sequence[str]) -> tuple[list[str], Array, Array]:
    return list(names), np.zeros(len(names)), np.ones(len(names))


def _indexed(name: str, shape: Sequence[int]) -> list[str]:
    if prod(shape) == 1:
        return [name]
    return [f"{name}[{','.join(map(str, index))}]" for index in np.ndindex(*shape)]


def _flat(bound: Array) -> Array:
    return np.asarray(bound, dtype=np.float64).ravel()


def _box(space: spaces.Box, where: str) -> Box:
    if not (np.isfinite(space.low).all() and np.isfinite(space.high).all()):
        raise UserError(
            f"{where} has no finite bounds, which real-valued actions need; wrap the environment to set some"
        )
    if _is_uniform(space):
        return Box(float(space.low.flat[0]), float(space.high.flat[0]), space.shape)
    return Box(-1.0, 1.0, space.shape)


def _is_uniform(space: spaces.Box) -> bool:
    return bool((space.low == space.low.flat[0]).all() and (space.high == space.high.flat[0]).all())


def _choices(space: spaces.Space[Any], name: str, where: str) -> Iterator[tuple[str, int]]:
    """Yield the name and the number of options of each choice."""
    match space:
        case spaces.Discrete():
            yield name, int(space.n)
        case spaces.MultiDiscrete():
            yield from zip(_indexed(name, space.shape), map(int, space.nvec.flat), strict=True)
        case spaces.MultiBinary():
            yield from ((of, 2) for of in _indexed(name, space.shape))
        case spaces.Dict():
            for key, part in space.spaces.items():
                yield from _choices(part, f"{name} {key}", where)
        case spaces.Tuple():
            for index, part in enumerate(space.spaces):
                yield from _choices(part, f"{name} {index}", where)
        case spaces.Box():
            raise UserError(
                f"{where} mixes choices and real numbers; wrap the environment so that it has only one kind"
            )
        case _:
            raise UserError(
                f"{where}: a {type(space).__name__} space is neither a set of choices nor a box; wrap the environment"
                " so that it takes Discrete, MultiDiscrete, MultiBinary, Box, or Dict or Tuple of choices"
            )


def _composed(space: spaces.Space[Any], numbers: Iterator[int]) -> Any:
    """Return an action of a space of choices from the indices of its options, in the order of :func:`_choices`."""
    match space:
        case spaces.Discrete():
            return next(numbers) + int(space.start)
        case spaces.MultiDiscrete():
            indices = np.array([next(numbers) for _ in range(space.nvec.size)], dtype=space.dtype)
            return indices.reshape(space.shape) + space.start
        case spaces.MultiBinary():
            return np.array([next(numbers) for _ in range(prod(space.shape))], dtype=space.dtype).reshape(space.shape)
        case spaces.Dict():
            return {key: _composed(part, numbers) for key, part in space.spaces.items()}
    return tuple(_composed(part, numbers) for part in space.spaces)  # type: ignore[attr-defined]


def _flattened(mask: Any) -> list[Array]:
    """Return the arrays of a mask that may be nested like the action space."""
    if isinstance(mask, dict):
        mask = tuple(mask.values())
    if isinstance(mask, tuple):
        return [array for part in mask for array in _flattened(part)]
    return [np.ravel(np.asarray(mask))]
