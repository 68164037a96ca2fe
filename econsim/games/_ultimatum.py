"""Ultimatum game as an explicit tree."""

from __future__ import annotations

from econsim.games._tree import Branch, Node, Tree, end, grown

__all__ = ["ultimatum"]


def ultimatum(units: int) -> Tree:
    """Return the game in which player 1 offers 0 to ``units`` units, which player 2 accepts or rejects.

    Source: Güth, Schmittberger and Schwarze (1982).
    """
    offers = range(units + 1)
    answers = [
        Branch(Node(1, f"offer {offer}", ("accept", "reject")), (end([units - offer, offer]), end([0, 0])))
        for offer in offers
    ]
    root = Branch(Node(0, "start", tuple(map(str, offers))), tuple(answers))
    return grown(("player_1", "player_2"), root, f"Ultimatum game, {units} units")
