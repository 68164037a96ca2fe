"""Rules of the named games of several moves in words, for prompts."""

from __future__ import annotations

__all__ = ["rules_of"]

_KUHN = (
    "Kuhn poker. The cards are {cards}, from the lowest to the highest. Every player puts 1 into the pot and is "
    "dealt one card, which only that player sees. Players act in turn: they pass, or bet 1. After the first bet, "
    "each of the others acts once more: bet pays 1 to stay in, pass gives up. The highest card among those who "
    "bet wins the pot; if nobody bets, the highest card of all. The payoff is what is won less what was paid.\n\n"
    "You know your card, then the actions of all players so far."
)
_LEDUC = (
    "Leduc poker. There are two cards of each rank: J, Q and K, from the lowest to the highest. Both players put "
    "1 into the pot and are dealt one card, which only that player sees. In the first round of bets a raise is 2, "
    "in the second it is 4, and each round has at most two raises. Call pays what the other player has paid more, "
    "or checks; fold gives up. After the first round a common card is shown. A player whose card has the rank of "
    "the common card wins; otherwise the higher card wins, and equal cards share the pot. The payoff is what is "
    "won less what was paid.\n\n"
    "You know your card, then the actions of both players, the common card and the actions after it."
)
_GOOFSPIEL = (
    "Goofspiel. Both players have the cards 1 to {cards}. In every round a prize of 1 to {cards} is shown, and "
    "both choose one of their cards at the same time. The higher card wins the prize, equal cards win nothing, "
    "and both cards are gone. The last cards are played without a choice. The payoff is the sum of one's prizes "
    "less that of the other player's.\n\n"
    "You know the prize of each round, and the cards chosen as player 1's-player 2's."
)
_ULTIMATUM = (
    "Ultimatum game. Player 1 offers player 2 some of {units} units, and would keep the rest. Player 2 accepts the "
    "offer, and both receive their units, or rejects it, and both receive nothing.\n\n"
    "Player 2 knows the offer."
)
_FILE = "{title}. Players move in turn, chance may move too, and players observe only part of what happened."


def rules_of(classic: str | None, players: int, cards: int, units: int, title: str) -> str:
    """Return the rules of a named game, or the title of another one."""
    if classic is None:
        return _FILE.format(title=title.rstrip(".") or "A game of several moves")
    rules = {"kuhn": _KUHN, "leduc": _LEDUC, "goofspiel": _GOOFSPIEL, "ultimatum": _ULTIMATUM}[classic]
    return rules.format(cards=", ".join("JQKA"[: players + 1]) if classic == "kuhn" else cards, units=units)
