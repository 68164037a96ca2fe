"""Named games of cards as explicit trees: Kuhn poker, Leduc poker and goofspiel.

Sources: Kuhn (1950), and Szafron, Gibson and Sturtevant (2013) for three players; Southey et al. (2005) for Leduc
poker; Ross (1971) for goofspiel.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations
from typing import Literal

from econsim.games._tree import Branch, Node, Tree, chance, end, grown

__all__ = ["goofspiel", "kuhn", "leduc"]

_ANTE, _MOST_RAISES, _RAISES = 1, 2, (2, 4)  # of Leduc poker
_RANKS = "JQK"
_EACH_RANK = 2  # cards of every rank in Leduc poker


def names(players: int) -> tuple[str, ...]:
    """Return the names of the players: ``player_1``, ``player_2`` and so on."""
    return tuple(f"player_{number}" for number in range(1, players + 1))


def kuhn(players: int) -> Tree:
    """Return Kuhn poker of 2 or 3 players: each antes 1, is dealt one of ``players + 1`` cards, and may bet 1 once."""
    cards = "JQKA"[: players + 1]
    deals = list(permutations(cards, players))
    outcomes = [(" ".join(deal), Fraction(1, len(deals)), _kuhn(cards, deal, ())) for deal in deals]
    return grown(names(players), chance(outcomes), f"Kuhn poker, {players} players")


def _kuhn(cards: str, deal: tuple[str, ...], history: tuple[str, ...]) -> Branch:
    players = len(deal)
    turns = history.index("bet") + players if "bet" in history else players
    if len(history) == turns:
        bets = {turn % players for turn, action in enumerate(history) if action == "bet"}
        winner = max(bets or range(players), key=lambda player: cards.index(deal[player]))
        paid = [1 + (player in bets) for player in range(players)]
        return end([sum(paid) * (player == winner) - paid[player] for player in range(players)])
    actions = ("pass", "bet")
    player = len(history) % players
    node = Node(player, " ".join([deal[player], *history]), actions)
    return Branch(node, tuple(_kuhn(cards, deal, (*history, action)) for action in actions))


def leduc() -> Tree:
    """Return Leduc poker of two players: two rounds of bets, with one common card dealt between them.

    Suits do not matter, so that chance deals ranks.
    """
    root = _deal("", lambda first: _deal(first, lambda second: _Leduc(first, second).round(())))
    return grown(names(2), root, "Leduc poker")


def _deal(dealt: str, then: Callable[[str], Branch]) -> Branch:
    """Return the deal of the next card from those that are left."""
    left = {rank: _EACH_RANK - dealt.count(rank) for rank in _RANKS}
    total = sum(left.values())
    return chance((rank, Fraction(cards, total), then(rank)) for rank, cards in left.items() if cards)


class _Leduc:
    """Leduc poker after the deal of the players' cards; a round is a tuple of its actions."""

    def __init__(self, *cards: str) -> None:
        self.cards = cards

    def round(self, actions: tuple[str, ...], first: tuple[str, ...] = (), common: str = "") -> Branch:
        """Return the game after some ``actions`` of the current round, the second one if there is a common card."""
        stakes = self._stakes(actions, first, bool(common))
        facing = bool(actions) and actions[-1] == "raise"
        player = len(actions) % 2
        if "fold" in actions:
            return self._paid(stakes, player)
        if actions[-1:] == ("call",) and len(actions) > 1:
            if common:
                return self._paid(stakes, self._winner(common))
            return _deal("".join(self.cards), lambda card: self.round((), actions, card))
        legal = ("fold",) * facing + ("call",) + ("raise",) * (actions.count("raise") < _MOST_RAISES)
        known = [self.cards[player], *first, *([common] if common else []), *actions]
        node = Node(player, " ".join(known), legal)
        return Branch(node, tuple(self.round((*actions, action), first, common) for action in legal))

    def _stakes(self, actions: tuple[str, ...], first: tuple[str, ...], second: bool) -> list[int]:
        stakes = [_ANTE, _ANTE]
        for size, taken in zip(_RAISES, (first, actions) if second else (actions, ()), strict=True):
            for turn, action in enumerate(taken):
                if action != "fold":
                    stakes[turn % 2] = max(stakes) + size * (action == "raise")
        return stakes

    def _winner(self, common: str) -> int | None:
        strength = [(card == common, _RANKS.index(card)) for card in self.cards]
        return None if strength[0] == strength[1] else int(strength[1] > strength[0])

    def _paid(self, stakes: list[int], winner: int | None) -> Branch:
        if winner is None:
            return end([0, 0])
        return end([stakes[1 - winner] * (1 if player == winner else -1) for player in range(2)])


def goofspiel(cards: int, prizes: Literal["random", "descending"]) -> Tree:
    """Return goofspiel of two players with cards and prizes ``1 .. cards``; the payoff is the difference of prizes won.

    The second player chooses without knowledge of the first player's choice. The last cards are played without a
    choice.
    """
    hand = tuple(range(1, cards + 1))
    root = _next_prize((hand, hand), hand, (), 0, prizes == "random")
    return grown(names(2), root, f"Goofspiel, {cards} cards, {prizes} prizes")


def _next_prize(
    hands: tuple[tuple[int, ...], ...], prizes: tuple[int, ...], history: tuple[str, ...], lead: int, shuffled: bool
) -> Branch:
    def bids(prize: int) -> Branch:
        left = tuple(other for other in prizes if other != prize)
        if not left:
            won = lead + prize * _sign(hands[0][0] - hands[1][0])
            return end([won, -won])
        known = (*history, str(prize))

        def after(first: int, second: int) -> Branch:
            kept = tuple(
                tuple(card for card in hand if card != bid) for hand, bid in zip(hands, (first, second), strict=True)
            )
            won = lead + prize * _sign(first - second)
            return _next_prize(kept, left, (*known, f"{first}-{second}"), won, shuffled)

        def second(first: int) -> Branch:
            node = Node(1, " ".join(known), tuple(map(str, hands[1])))
            return Branch(node, tuple(after(first, bid) for bid in hands[1]))

        return Branch(Node(0, " ".join(known), tuple(map(str, hands[0]))), tuple(second(bid) for bid in hands[0]))

    if not shuffled or len(prizes) == 1:
        return bids(prizes[-1])
    return chance((str(prize), Fraction(1, len(prizes)), bids(prize)) for prize in prizes)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
