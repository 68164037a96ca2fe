"""Schelling diagrams: payoffs of a cooperator and of a defector by the number of other players who cooperate.

The diagram says whether a game is a social dilemma for two given policies (Schelling 1973; Hughes et al. 2018). In
games of one round with a table of payoffs it is exact; other games are played, and every number has an interval over
episodes. All numbers of cooperators meet the same shocks, so that differences between them vary less than payoffs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from econsim import random
from econsim.analysis.equilibrium import Deviating
from econsim.analysis.equilibrium.batching import copies_at_once
from econsim.analysis.statistics import Interval, mean_interval
from econsim.errors import UserError
from econsim.expected_play import strategies_of
from econsim.game import Agent, Enumerable, Game
from econsim.play import play

__all__ = ["EXACT", "MOST_PLAYERS", "Condition", "SchellingDiagram", "exact_diagram", "schelling_diagram"]

REFERENCES = (
    "@article{schelling1973hockey, title={Hockey Helmets, Concealed Weapons, and Daylight Saving: A Study of Binary "
    "Choices with Externalities}, author={Schelling, Thomas C.}, journal={Journal of Conflict Resolution}, volume={17},"
    " number={3}, pages={381--428}, year={1973}}",
    "@inproceedings{hughes2018inequity, title={Inequity aversion improves cooperation in intertemporal social dilemmas}"
    ", author={Hughes, Edward and others}, booktitle={Advances in Neural Information Processing Systems}, year={2018}}",
    "@article{macy2002learning, title={Learning dynamics in social dilemmas}, author={Macy, Michael W. and Flache, "
    "Andreas}, journal={Proceedings of the National Academy of Sciences}, volume={99}, pages={7229--7236}, "
    "year={2002}}",
)
EXACT = "none: exact expectation"
"""The method of an interval (:class:`~econsim.analysis.statistics.Interval`) of an exact number, without limits."""
MOST_PLAYERS = 20
"""The largest number of players of an exact diagram; games with more are played."""
_ROUNDING = 1e-9  # relative to the payoffs: a smaller difference is zero

Curve = tuple[Interval, ...]


class Condition(NamedTuple):
    """One condition of a social dilemma: a difference of payoffs that is positive where the condition holds.

    ``holds`` is ``None`` where the 95 % interval of the difference contains zero.
    """

    title: str
    difference: Interval
    holds: bool | None


@dataclass(frozen=True)
class SchellingDiagram:
    """Payoffs of cooperators and defectors, in units of reward per episode.

    Attributes:
        cooperator: the mean payoff of a cooperator where ``l`` *other* players cooperate, for ``l = 0 .. N - 1``.
        defector: the same for a defector.
        average: the mean payoff of all players where ``c`` players cooperate, for ``c = 0 .. N``.
        conditions: the conditions of a social dilemma by name: ``mutual_cooperation``, ``exploitation``, ``fear``,
            ``greed``, and ``efficiency``, which Hughes et al. do not require.
        method: ``expected``, exact numbers, or ``played``, means over ``episodes``.
        episodes: the number of episodes for every number of cooperators; 0 where ``method`` is ``expected``.
    """

    cooperator: Curve
    defector: Curve
    average: Curve
    conditions: Mapping[str, Condition]
    method: Literal["expected", "played"]
    episodes: int

    @property
    def players(self) -> int:
        """The number of players ``N``."""
        return len(self.cooperator)

    @property
    def is_dilemma(self) -> bool | None:
        """Whether the game is a social dilemma (Hughes et al. 2018); ``None`` where intervals leave it open.

        All players prefer that all cooperate to that all defect and to cooperating alone, and there is fear or greed.
        """
        held = {name: condition.holds for name, condition in self.conditions.items()}
        tempted = _either(held["fear"], held["greed"])
        required = (held["mutual_cooperation"], held["exploitation"], tempted)
        return False if False in required else None if None in required else True

    @property
    def verdict(self) -> str:
        """The answer to whether it is a social dilemma, as a sentence."""
        if self.is_dilemma is None:
            return f"{self.episodes} episodes do not show whether this is a social dilemma; play more."
        return f"This is {'a' if self.is_dilemma else 'not a'} social dilemma (Hughes et al. 2018)."

    def rows(self) -> list[dict[str, Any]]:
        """Return one row of plain data per curve and number of other cooperators: mean and interval, for tables."""
        curves = {"cooperator": self.cooperator, "defector": self.defector}
        return [
            {
                "player": name,
                "other_cooperators": others,
                "payoff": point.mean,
                "low": point.low,
                "high": point.high,
                "episodes": point.count,
            }
            for name, curve in curves.items()
            for others, point in enumerate(curve)
        ]


def schelling_diagram(
    game: Game[Any],
    cooperators: Mapping[str, Agent],
    defectors: Mapping[str, Agent],
    key: Tensor,
    others: Mapping[str, Agent] | None = None,
) -> SchellingDiagram:
    """Return the Schelling diagram of a game for a cooperative and a defecting policy.

    Which players cooperate is drawn for every episode, so that positions in the game are averaged out.

    Args:
        game: the game; its players are those of the roles of ``cooperators``.
        cooperators: by role, the agent that plays for players who cooperate.
        defectors: by role, the agent that plays for players who defect; the same roles.
        key: one key per episode, ``[E]``; not read where the diagram is exact.
        others: agents of all other roles, such as leaders.

    Raises:
        UserError: fewer than two players.
    """
    players = sum(game.roles[name].count for name in cooperators)
    if players < 2:
        raise UserError(f"a Schelling diagram needs at least two players, found {players}")
    table = None if others else _expected(game, cooperators, defectors, players)
    if table is not None:
        return exact_diagram(*table)
    sampled = _played(game, cooperators, defectors, key, dict(others or {}))
    return _diagram(*sampled, "played")


def exact_diagram(cooperator: Tensor, defector: Tensor) -> SchellingDiagram:
    """Return the diagram of exact payoffs ``[N]``, by the number of other cooperators, of cooperators and defectors."""
    return _diagram([payoff[None] for payoff in cooperator], [payoff[None] for payoff in defector], "expected")


def _expected(
    game: Game[Any], cooperators: Mapping[str, Agent], defectors: Mapping[str, Agent], players: int
) -> tuple[Tensor, Tensor] | None:
    """Return exact payoffs ``[N]`` of a cooperator and of a defector by the number of other cooperators."""
    if not isinstance(game, Enumerable) or players > MOST_PLAYERS:
        return None
    defect, cooperate = strategies_of(game, defectors), strategies_of(game, cooperators)
    if defect is None or cooperate is None:
        return None
    payoffs = game.payoff_tensor()  # [P, A_1, ..., A_P], and after the loop [P, 2, ..., 2]: 1 where a player cooperates
    for strategies in zip(defect, cooperate, strict=True):
        payoffs = payoffs.movedim(1, -1) @ torch.stack(strategies, -1)
    flags = torch.arange(2**players)[:, None] >> torch.arange(players).flip(0) & 1  # [2^P, P]
    paid, count = payoffs.flatten(1).T, flags.sum(1, keepdim=True)
    curves = torch.zeros(2, players, dtype=torch.float64)
    for own in (0, 1):
        of_own = flags == own
        number = (count - own).expand(-1, players)[of_own]
        curves[own] = torch.zeros(players, dtype=torch.float64).index_add(0, number, paid[of_own])
        curves[own] /= torch.bincount(number, minlength=players)
    return curves[1], curves[0]


def _played(
    game: Game[Any],
    cooperators: Mapping[str, Agent],
    defectors: Mapping[str, Agent],
    key: Tensor,
    others: Mapping[str, Agent],
) -> tuple[list[Tensor], list[Tensor]]:
    """Return payoffs ``[E]`` of cooperators and of defectors, by the number of other cooperators."""
    counts = [game.roles[name].count for name in cooperators]
    players, episodes = sum(counts), len(key)
    rank = random.permutation(key, 0, "schelling/cooperators", players).argsort(-1)  # [E, N]
    numbers = torch.arange(players + 1, device=key.device).repeat_interleave(episodes)  # all compositions, one batch
    cooperates = rank.repeat(players + 1, 1) < numbers[:, None]
    most, paid = copies_at_once(game), []
    for part, chosen in zip(torch.split(key.repeat(players + 1), most), torch.split(cooperates, most), strict=True):
        agents = dict(others)
        for name, columns in zip(cooperators, torch.split(~chosen, counts, -1), strict=True):
            agents[name] = Deviating(cooperators[name], defectors[name], columns)
        returns = play(game, agents, part).returns
        paid.append(torch.cat([returns[name] for name in cooperators], -1))
    payoffs = torch.cat(paid).double()
    both = _mean_of(payoffs, cooperates), _mean_of(payoffs, ~cooperates)
    by_count = [list(values.reshape(players + 1, episodes)) for values in both]
    return by_count[0][1:], by_count[1][:-1]


def _mean_of(payoffs: Tensor, players: Tensor) -> Tensor:
    """Return the mean payoff ``[B]`` of the players ``[B, N]`` that are marked."""
    return torch.where(players, payoffs, 0.0).sum(-1) / players.sum(-1).clamp(min=1)


def _diagram(
    cooperator: list[Tensor], defector: list[Tensor], method: Literal["expected", "played"]
) -> SchellingDiagram:
    players = len(cooperator)
    shares = [(count / players, 1 - count / players) for count in range(players + 1)]
    average = [
        share * cooperator[max(count - 1, 0)] + rest * defector[min(count, players - 1)]
        for count, (share, rest) in enumerate(shares)
    ]
    most = max((average[count] for count in range(players)), key=lambda values: float(values.mean()))
    reward, punishment = cooperator[-1], defector[0]
    differences = {
        "mutual_cooperation": ("all prefer mutual cooperation to mutual defection", reward - punishment),
        "exploitation": ("all prefer mutual cooperation to cooperating alone", reward - cooperator[0]),
        "fear": ("where nobody else cooperates, to defect pays more", punishment - cooperator[0]),
        "greed": ("where all others cooperate, to defect pays more", defector[-1] - reward),
        "efficiency": ("the total is highest where all cooperate", average[-1] - most),
    }
    scale = max(float(values.abs().max()) for values in (*cooperator, *defector))
    conditions = {name: _condition(*given, _ROUNDING * scale) for name, given in differences.items()}
    episodes = 0 if method == "expected" else len(reward)
    return SchellingDiagram(_curve(cooperator), _curve(defector), _curve(average), conditions, method, episodes)


def _curve(values: list[Tensor]) -> Curve:
    return tuple(_interval(each) for each in values)


def _condition(title: str, differences: Tensor, rounding: float) -> Condition:
    interval = _interval(differences)
    if interval.low is None or interval.high is None:
        return Condition(title, interval, interval.mean > rounding)
    return Condition(title, interval, True if interval.low > 0 else False if interval.high <= 0 else None)


def _interval(values: Tensor) -> Interval:
    """Return the mean and interval of payoffs ``[E]``; of one payoff, an exact number."""
    if len(values) == 1:
        return Interval(float(values), None, None, 1, EXACT)
    return mean_interval(values.tolist())


def _either(first: bool | None, second: bool | None) -> bool | None:
    return True if True in (first, second) else None if None in (first, second) else False
