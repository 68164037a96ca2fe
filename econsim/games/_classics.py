"""Classic two-player games: options and payoffs of small textbook games by name.

Payoffs are nested lists with one axis per player, in the order of the players: ``payoffs["row"][i][j]`` is the payoff
of ``row`` when ``row`` chooses option ``i`` and ``column`` chooses option ``j``.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Classic(NamedTuple):
    """Classic game: the options, which are the same for every player, and each player's payoffs."""

    options: tuple[str, ...]
    payoffs: dict[str, Any]


CLASSICS = {
    "matching_pennies": Classic(("heads", "tails"), {"row": [[1, -1], [-1, 1]], "column": [[-1, 1], [1, -1]]}),
    "prisoners_dilemma": Classic(("cooperate", "defect"), {"row": [[3, 0], [5, 1]], "column": [[3, 5], [0, 1]]}),
    "chicken": Classic(("swerve", "straight"), {"row": [[0, -1], [1, -10]], "column": [[0, 1], [-1, -10]]}),
    "stag_hunt": Classic(("stag", "hare"), {"row": [[4, 1], [3, 3]], "column": [[4, 3], [1, 3]]}),
    "battle_of_the_sexes": Classic(("opera", "football"), {"row": [[3, 0], [0, 2]], "column": [[2, 0], [0, 3]]}),
    "rock_paper_scissors": Classic(
        ("rock", "paper", "scissors"),
        {"row": [[0, -1, 1], [1, 0, -1], [-1, 1, 0]], "column": [[0, 1, -1], [-1, 0, 1], [1, -1, 0]]},
    ),
}
