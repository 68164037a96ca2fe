"""Policies of finite Markov games as tables: one row per period and state, or one per option in a CSV file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from econsim.report.games.words import PLAYED

if TYPE_CHECKING:
    from torch import Tensor

    from econsim.game import Game
    from econsim.markov import MarkovSolution

_MOST_ROWS = 40
_MOST_ACROSS = 4  # players with a column each; more share one
_MOST_PROFILES = 4  # of a correlated policy, in one row


def policy_table(game: Game[Any], solution: MarkovSolution) -> tuple[list[str], list[list[str]], int]:
    """Return header and rows of the states that are reached under the solution's policy, and how many are left out."""
    from econsim.markov import MarkovGame, reached_states

    assert isinstance(game, MarkovGame)
    assert solution.joint_policy is not None
    reached = reached_states(game.markov_form(), solution.joint_policy.to(game.device))
    places = [(period, state) for period, state in (reached > PLAYED).nonzero().tolist()]
    names = _states(game)
    columns = list(game.roles) if solution.agents else ["probabilities of joint actions"]
    columns = columns if len(columns) <= _MOST_ACROSS else ["played"]
    header = ["period", "state", "reached", *columns]
    rows = [
        [str(period + 1), names[state], f"{reached[period, state]:.3g}", *_shown(game, solution, period, state)]
        for period, state in places[:_MOST_ROWS]
    ]
    return header, rows, len(places) - len(rows)


def policy_rows(game: Game[Any], solution: MarkovSolution) -> Iterator[dict[str, Any]]:
    """Yield one row of the CSV file for each period, state and joint action with a positive probability."""
    assert solution.joint_policy is not None
    names, options = _states(game), _options(game)
    for period, state, *actions in solution.joint_policy.nonzero().tolist():
        chosen = {name: labels[action] for (name, labels), action in zip(options.items(), actions, strict=True)}
        probability = float(solution.joint_policy[(period, state, *actions)])
        yield {"period": period + 1, "state": names[state], **chosen, "probability": probability}


def _shown(game: Game[Any], solution: MarkovSolution, period: int, state: int) -> list[str]:
    """Return what is played in a state: a cell for each player, or one for all where they are correlated."""
    assert solution.joint_policy is not None
    law, options = solution.joint_policy[period, state], _options(game)
    if solution.agents:
        marginals = (law.movedim(player, 0).flatten(1).sum(-1) for player in range(law.ndim))
        played = [_words(labels, shares) for labels, shares in zip(options.values(), marginals, strict=True)]
        if len(played) <= _MOST_ACROSS:
            return played
        return ["; ".join(f"{name}: {text}" for name, text in zip(options, played, strict=True))]
    likely = sorted(law.nonzero().tolist(), key=lambda actions: -float(law[tuple(actions)]))
    texts = [
        f"{' + '.join(labels[action] for labels, action in zip(options.values(), actions, strict=True))}"
        f" {float(law[tuple(actions)]):.3g}"
        for actions in likely[:_MOST_PROFILES]
    ]
    more = len(likely) - len(texts)
    return [", ".join(texts) + (f", and {more} more" if more else "")]


def _words(labels: Sequence[str], shares: Tensor) -> str:
    played = [(label, share) for label, share in zip(labels, shares.tolist(), strict=True) if share >= PLAYED]
    return played[0][0] if len(played) == 1 else ", ".join(f"{label} {share:.3g}" for label, share in played)


def _states(game: Game[Any]) -> Sequence[str]:
    from econsim.markov import MarkovGame

    assert isinstance(game, MarkovGame)
    form = game.markov_form()
    return form.state_names or tuple(map(str, range(form.states)))


def _options(game: Game[Any]) -> dict[str, Sequence[str]]:
    return {name: role.options for name, role in game.roles.items()}
