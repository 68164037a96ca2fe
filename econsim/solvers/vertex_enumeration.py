"""Vertex enumeration: all Nash equilibria of a two-player game, as the connected components of their extreme points.

A pair of vertices of the two best-response polytopes is an extreme equilibrium if every option of every player is
unplayed in it or a best response. All equilibria are mixtures of extreme ones: a set of extreme equilibria that have
all their strategies in common with each other spans a convex set of equilibria, and such sets that meet form a
component. In a game that is not degenerate, every component is a single point, and their number is odd.

Sources: Mangasarian (1964); Avis, Rosenberg, Savani and von Stengel (2010), *Enumeration of Nash equilibria for
two-player games*, sections 2 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, Literal

import numpy as np

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.learning import Solution, SolverProgress
from econsim.parameters import Model
from econsim.solvers._polytopes import Floats, Labels, vertices
from econsim.solvers._tables import Equilibria, Mixes, positive, solution, two_player_table
from econsim.solvers.lemke_howson import one_equilibrium

__all__ = ["Parameters", "VertexEnumeration", "all_equilibria", "risk_dominant"]

REFERENCES = (
    "@article{avis2010enumeration, title={Enumeration of Nash equilibria for two-player games}, author={Avis, David "
    "and Rosenberg, Gabriel D. and Savani, Rahul and von Stengel, Bernhard}, journal={Economic Theory}, volume={42}, "
    "number={1}, pages={9--37}, year={2010}}",
)
MOST_VERTICES = 60_000
"""The largest number of vertices of one polytope: about a minute. Random games of 14 by 14 have up to 50,000."""


class Parameters(Model):
    """Parameters of vertex enumeration."""

    select: Literal["highest_total", "lowest_total", "most_mixed"] = "highest_total"
    """The equilibrium that the agents play: that with the highest or the lowest sum of payoffs, or with the highest
    entropy of strategies."""


class VertexEnumeration:
    """Solver that finds all equilibria of a two-player game."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def solve(
        self,
        game: Game[Any],
        fixed: Mapping[str, Agent],
        time_limit: float | None = None,
        progress: SolverProgress | None = None,
    ) -> Solution:
        """Return all extreme equilibria as profiles; see :class:`~econsim.learning.Solver`.

        If the time limit is reached first, the only profile is the equilibrium that the Lemke-Howson algorithm finds.

        Raises:
            UserError: the game does not have two players, its payoffs cannot be enumerated, an agent is fixed, or the
                game has more than ``MOST_VERTICES`` vertices.
        """
        table = two_player_table(game, fixed, "vertex_enumeration")
        deadline = None if time_limit is None else monotonic() + time_limit
        try:
            found = all_equilibria(table, deadline)
        except TimeoutError:
            one = one_equilibrium(table)
            assert one is not None  # there is no deadline
            note = "The time limit was reached; this is one equilibrium, found by the Lemke-Howson algorithm."
            return solution(game, [one], notes=[note])
        chosen = self._chosen(table, found.mixes)
        notes = [*_notes(found), *_risk_note(game, table)]
        return solution(game, found.mixes, chosen, found.components, notes=notes)

    def _chosen(self, table: Floats, mixes: Sequence[Mixes]) -> int:
        if self.parameters.select == "most_mixed":
            return int(np.argmax([sum(map(_entropy, pair)) for pair in mixes]))
        totals = [row @ table.sum(0) @ column for row, column in mixes]
        return int(np.argmax(totals) if self.parameters.select == "highest_total" else np.argmin(totals))


def all_equilibria(table: Floats, deadline: float | None = None) -> Equilibria:
    """Return all extreme equilibria of a two-player game.

    Args:
        table: payoffs ``[2, R, C]`` of both players.
        deadline: on the clock of :func:`time.monotonic`.

    Raises:
        TimeoutError: the deadline has passed.
        UserError: the game has more than ``MOST_VERTICES`` vertices.
    """
    rows, columns = table.shape[1:]

    def check(count: int) -> None:
        if deadline is not None and monotonic() > deadline:
            raise TimeoutError
        if count > MOST_VERTICES:
            raise UserError(
                f"vertex_enumeration: this game of {rows} by {columns} options has more than {MOST_VERTICES:,} "
                "vertices; use the solver lemke_howson, which finds one equilibrium"
            )

    first, first_labels = vertices(positive(table[1].T), check)
    second, second_labels = vertices(positive(table[0]), check)
    second_labels = np.roll(second_labels, rows, axis=1)  # options of the first player first, as in ``first_labels``
    ends = _complementary(first_labels, second_labels)
    mixes = [(_mix(first[at]), _mix(second[to])) for at, to in ends]
    order = sorted(range(len(mixes)), key=lambda number: _support_first(mixes[number]))
    components = _components([ends[number] for number in order])
    degenerate = bool((first_labels.sum(1) > rows).any() or (second_labels.sum(1) > columns).any())
    return Equilibria([mixes[number] for number in order], components, degenerate)


def risk_dominant(table: Floats) -> tuple[int, int] | None:
    """Return the options of the risk-dominant equilibrium of a two-by-two game; ``None`` where there is none.

    Of two strict pure equilibria, it is the one with the larger product of both players' losses from deviating alone.

    Args:
        table: payoffs ``[2, 2, 2]`` of both players.

    Source: Harsanyi and Selten (1988), *A General Theory of Equilibrium Selection in Games*, section 3.9.
    """
    products = {}
    for row in (0, 1):
        for column in (0, 1):
            losses = (
                table[0, row, column] - table[0, 1 - row, column],
                table[1, row, column] - table[1, row, 1 - column],
            )
            if min(losses) > 0:
                products[row, column] = float(losses[0] * losses[1])
    if len(products) != 2 or len(set(products.values())) == 1:
        return None
    return max(products, key=lambda options: products[options])


def _risk_note(game: Game[Any], table: Floats) -> list[str]:
    options = risk_dominant(table) if table.shape[1:] == (2, 2) else None
    if options is None:
        return []
    labels = [
        role.action_labels[option] if role.action_labels else str(option)
        for role, option in zip(game.roles.values(), options, strict=True)
    ]
    return [f"Risk-dominant equilibrium: {', '.join(labels)}."]


def _complementary(first: Labels, second: Labels) -> list[tuple[int, int]]:
    """Return the pairs of vertices that have all labels between them, without the pair in which nobody plays."""
    # A product of single precision may set flags for lanes of a register that lie beyond the matrix.
    with np.errstate(invalid="ignore"):
        missing = (~first).astype(np.float32) @ (~second).astype(np.float32).T
    pairs = np.argwhere(missing < 0.5)
    # The vertices of the pair in which nobody plays are the first of both polytopes.
    return [(int(at), int(to)) for at, to in pairs if at != 0 and to != 0]


def _components(ends: Sequence[tuple[int, int]]) -> list[int]:
    """Return the component of each pair: pairs with a vertex in common belong together."""
    component = list(range(len(ends)))
    for side in (0, 1):
        first_with: dict[int, int] = {}
        for number, pair in enumerate(ends):
            one, other = component[first_with.setdefault(pair[side], number)], component[number]
            if one != other:
                component = [one if each == other else each for each in component]
    numbers: dict[int, int] = {}
    return [numbers.setdefault(each, len(numbers) + 1) for each in component]


def _support_first(mixes: Mixes) -> tuple[Any, ...]:
    """Return the key that sorts equilibria by the number of options in their support, then by which they are."""
    played = [tuple((~(mix > 0)).tolist()) for mix in mixes]
    return (sum(int((mix > 0).sum()) for mix in mixes), *played)


def _mix(weights: Floats) -> Floats:
    shares: Floats = weights / weights.sum()
    return shares


def _entropy(mix: Floats) -> float:
    played = mix[mix > 0]
    return float(-(played * np.log(played)).sum())


def _notes(found: Equilibria) -> list[str]:
    if not found.degenerate:
        return ["The game is not degenerate: these are all equilibria."]
    count = max(found.components)
    text = f"The game is degenerate: its equilibria form {count} component{'s' * (count > 1)}"
    if count == len(found.mixes):
        return [f"{text}, each a single point."]
    return [f"{text}; those of one component can be mixed with each other."]
