"""Games of OpenSpiel as explicit trees: moves, information states, chance and returns, as OpenSpiel gives them.

Source: Lanctot et al. (2019), *OpenSpiel: A Framework for Reinforcement Learning in Games*. Simultaneous moves become
moves in turn, of which later ones do not know earlier ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, count
from typing import Any

from econsim.errors import UserError, did_you_mean
from econsim.games._card_games import names
from econsim.games._tree import Branch, Node, Tree, chance, end, grown

__all__ = ["tree_of_openspiel"]

MOST_NODES = 100_000
_LARGEST_DENOMINATOR = 10**6
_WHERE = "game.openspiel"


def tree_of_openspiel(name: str) -> Tree:
    """Return the tree of a game by its name, with parameters in brackets, such as ``goofspiel(num_cards=3)``.

    Raises:
        UserError: OpenSpiel is not installed, has no such game, or the game has no tree of at most 100,000 nodes.
    """
    game = _loaded(name)
    unfit = _unfit(game)
    if unfit:
        raise UserError(f"{_WHERE}: {name} {unfit}, so that it is not a tree of moves and information sets")
    players = names(game.num_players())
    title = f"{game.get_type().long_name} of OpenSpiel"
    return grown(players, _Grower(name).branch(game.new_initial_state()), title)


def _loaded(name: str) -> Any:
    try:
        import pyspiel
    except ImportError:
        raise UserError("OpenSpiel is not installed: pip install 'econsim[openspiel]'") from None
    known = pyspiel.registered_names()
    short = name.split("(")[0].strip()
    if short not in known:  # asked first, since OpenSpiel prints all names before it raises
        raise UserError(f"{_WHERE}: OpenSpiel has no game {short!r}{did_you_mean(short, known)}")
    try:
        game = pyspiel.load_game(name)
        simultaneous = game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS
        return pyspiel.load_game_as_turn_based(name) if simultaneous else game
    except pyspiel.SpielError as error:
        raise UserError(f"{_WHERE}: {name}: {str(error).splitlines()[0]}") from error


def _unfit(game: Any) -> str:
    """Return why a game has no tree with information sets, or nothing."""
    import pyspiel

    kind = game.get_type()
    if kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD:
        return "is a mean-field game"
    if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
        return "draws moves of chance whose probabilities it does not list"
    if not kind.provides_information_state_string:
        return "does not name information states"
    return ""


class _Grower:
    """The branches of a game, with one name for each of its information states."""

    def __init__(self, name: str) -> None:
        self.name, self.nodes = name, 0
        self.information: dict[tuple[int, str], str] = {}
        self.given: set[tuple[int, str]] = set()

    def branch(self, state: Any) -> Branch:
        """Return the branch of a state."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise UserError(
                f"{_WHERE}: {self.name} has more than {MOST_NODES:,} nodes, too many for an explicit tree; give it"
                " parameters that make it smaller"
            )
        if state.is_terminal():
            return end([_rational(value) for value in state.returns()])
        player = state.current_player()
        if state.is_chance_node():
            actions, shares = zip(*state.chance_outcomes(), strict=True)
            weights = [_rational(share) for share in shares]
            total = sum(weights)  # 1, but for rounding
            outcomes = zip(_labels(state, player, actions), weights, actions, strict=True)
            return chance(
                (label, weight / total, self.branch(state.child(action))) for label, weight, action in outcomes
            )
        actions = state.legal_actions()
        node = Node(
            player, self._named(player, state.information_state_string(player)), _labels(state, player, actions)
        )
        return Branch(node, tuple(self.branch(state.child(action)) for action in actions))

    def _named(self, player: int, information: str) -> str:
        """Return the name of an information state on one line, different from that of any other."""
        if (player, information) not in self.information:
            line = " ".join(information.split()) or "start"
            numbered = (f"{line} ({number})" for number in count(2))
            name = next(each for each in chain([line], numbered) if (player, each) not in self.given)
            self.given.add((player, name))
            self.information[player, information] = name
        return self.information[player, information]


def _labels(state: Any, player: int, actions: Sequence[int]) -> tuple[str, ...]:
    """Return the names of actions; those that are the same get the number of the action."""
    labels = [" ".join(state.action_to_string(player, action).split()) or str(action) for action in actions]
    times = Counter(label.casefold() for label in labels)
    return tuple(
        label if times[label.casefold()] == 1 else f"{label} {action}"
        for label, action in zip(labels, actions, strict=True)
    )


def _rational(number: float) -> Fraction:
    """Return the nearest simple fraction, such as 1/6 for 0.16666666666666666, else the number itself."""
    simple = Fraction(number).limit_denominator(_LARGEST_DENOMINATOR)
    return simple if abs(float(simple) - number) <= 1e-12 * max(1.0, abs(number)) else Fraction(number)
