"""Pool of environments, each standing at a point of some episode, from which any point can be continued.

An environment is not a value as the state of a game is. A point of an episode is therefore given by the seed and the
actions so far: an environment that stands there is used, otherwise one is reset with the seed and the actions are
repeated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NamedTuple

from econsim.errors import UserError
from econsim.interop._turns import Driver, Moment, driver_of

Source = Any
"""An environment, a function without arguments that returns one, or a list of equal environments."""
Moves = Callable[[str], Any]
"""Returns the action of an agent in one step."""
_PER_COPY = 2
"""Environments per environment copy: while one episode goes on, the first state of the next may be asked for."""


class Point(NamedTuple):
    """A point of an episode: the seed, the number of steps, and a number that stands for the actions so far."""

    seed: int
    time: int
    digest: int


@dataclass(eq=False)
class _Standing:
    """An environment, the point at which it stands, and when it was last used."""

    driver: Driver
    point: Point
    used: int


class EnvironmentPool:
    """Environments of a source, of which more are made as larger batches need them."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._given = list(source) if isinstance(source, (list, tuple)) else None
        self._standing: list[_Standing] = []
        self._at: defaultdict[Point, list[_Standing]] = defaultdict(list)
        self._uses = 0
        self._next: Driver | None = None

    @property
    def environment(self) -> Any:
        """An environment of the source, for its names and spaces."""
        if self._next is None:
            self._next = self._made()
        return self._next.environment

    def reset(self, seed: int, copies: int) -> Moment:
        """Start an episode in an environment that is free; a batch has ``copies`` of them."""
        point = Point(seed, 0, 0)
        driver = self._free(copies)
        driver.reset(seed)
        return self._stand(driver, point)

    def step(
        self, point: Point, digest: int, moves: Moves, past: Callable[[], Iterable[Moves]], copies: int
    ) -> tuple[Moment | None, Moment]:
        """Continue from a point by one step.

        Args:
            point: the point.
            digest: the number that stands for the actions, those of this step included.
            moves: the actions of this step.
            past: returns the actions of all steps before, which are repeated where no environment stands at the point.
            copies: the number of environment copies of the batch.

        Returns:
            What the environment showed at the point where the actions had to be repeated, else ``None``; and what it
            shows after the step.
        """
        before = None
        if point in self._at:
            driver = self._leave(self._at[point][-1])
        else:
            driver = self._free(copies)
            before = driver.reset(point.seed)
            for earlier in past():
                before = driver.step(earlier)
        driver.step(moves)
        return before, self._stand(driver, Point(point.seed, point.time + 1, digest))

    def _stand(self, driver: Driver, point: Point) -> Moment:
        self._uses += 1
        standing = _Standing(driver, point, self._uses)
        self._standing.append(standing)
        self._at[point].append(standing)
        return driver.moment

    def _leave(self, standing: _Standing) -> Driver:
        self._standing.remove(standing)
        self._at[standing.point].remove(standing)
        if not self._at[standing.point]:
            del self._at[standing.point]
        return standing.driver

    def _free(self, copies: int) -> Driver:
        """Return a new environment, or one that is not needed: of a finished episode, or the one unused for longest."""
        if self._given is not None and copies > len(self._given):
            raise UserError(
                f"from_pettingzoo: {copies} environment copies are played at once, but {len(self._given)} environments"
                " are given; give at least as many, or a function that makes them"
            )
        most = len(self._given) if self._given is not None else _PER_COPY * copies
        if len(self._standing) < most:
            return self._made()
        return self._leave(min(self._standing, key=lambda standing: (not standing.driver.moment.over, standing.used)))

    def _made(self) -> Driver:
        if self._next is not None:
            driver, self._next = self._next, None
            return driver
        if self._given is not None:
            return driver_of(self._given[len(self._standing)])
        if callable(self._source):
            return driver_of(self._source())
        return driver_of(self._copied() if self._standing else self._source)

    def _copied(self) -> Any:
        try:
            return deepcopy(self._source)
        except Exception as error:  # whatever the environment holds may refuse in its own way
            raise UserError(
                f"from_pettingzoo: {self._source} cannot be copied ({type(error).__name__}: {error}); give a function"
                " that makes an environment instead, as in from_pettingzoo(lambda: make_environment())"
            ) from error
