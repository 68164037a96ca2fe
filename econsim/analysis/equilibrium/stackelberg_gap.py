"""The Stackelberg gap: the gain of a leader from another action, to which followers respond.

Leader actions are held for the whole episode and found by black-box search, so that the gain is a lower bound on the
gap. Followers play exact best responses where the game computes them, in the search and under the leader's own policy;
elsewhere they are the given agents, who respond to what they observe of the leader's action. A leader that acts more
than once may also follow a rule that reacts to the state (:func:`rule_gain`), against the given agents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from econsim import random
from econsim.actions import real_instrument
from econsim.agents.best_response import BestResponse, Parameters
from econsim.agents.exact_household import ExactHousehold
from econsim.agents.exact_household import Parameters as NoParameters
from econsim.analysis.equilibrium.batching import copies_at_once
from econsim.analysis.equilibrium.black_box import best_point
from econsim.analysis.equilibrium.feedback import Feedback, varying_features
from econsim.analysis.equilibrium.gains import Gain, paired_gain
from econsim.errors import UserError, did_you_mean
from econsim.game import Agent, Box, Game, Solvable
from econsim.households.protocols import HasExactHouseholds
from econsim.play import Episode, HeldAction, play

__all__ = ["BetterAnnouncement", "leading_gain", "rule_gain"]

LUCKY_EPISODES = 4  # that compare leader actions where shocks differ between episodes
Watch = Callable[[int], object]


@dataclass(frozen=True)
class BetterAnnouncement:
    """The best leader action found, ``[*action]``, among ``tried`` ones, and its gain for the leader.

    ``followers``: the followers who responded. ``welfare``: the same comparison by the game's account of that name,
    where it has one.
    """

    action: Tensor
    tried: int
    gain: Gain
    followers: Literal["exact", "own"]
    welfare: Gain | None


@torch.no_grad()
def leading_gain(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    announcements: int,
    search_key: Tensor,
    key: Tensor,
    seed: int,
    watch: Watch = lambda tried: None,
) -> BetterAnnouncement:
    """Search for a better action than the leader's own, and measure its gain in episodes outside the search.

    Args:
        game: the game, in the precision of play.
        agents: the agents; other leaders keep their policies.
        role: the leading role.
        announcements: number of leader actions to try.
        search_key: ``[E]``, of the episodes of the search; only the first is used in a game without shocks.
        key: ``[E]``, of the episodes that measure the gain.
        seed: seed of the search.
        watch: called with the number of leader actions tried so far.

    Raises:
        UserError: the role does not exist or follows, or its actions are neither real numbers nor tax rates.
    """
    box = _instrument(game, role)
    exact = isinstance(game, (Solvable, HasExactHouseholds))
    players = {**agents, **_exact_followers(game)} if exact else dict(agents)
    own_return = play(game, players, search_key).returns[role]
    keys = search_key[: LUCKY_EPISODES if float(own_return.max() - own_return.min()) > 0 else 1]

    def value(points: Tensor) -> Tensor:
        return _values(game, players, role, _scaled(points, box), keys)

    starts = _starts(_first_announcement(game, agents[role], role, keys[:1]), box)
    best, tried = best_point(value, starts, announcements, seed, watch)
    action = _scaled(best[None], box)
    other = play(game, {**players, role: HeldAction(action.expand(len(key), *action.shape[1:]))}, key)
    gain, welfare = _compared(game, role, play(game, players, key), other)
    return BetterAnnouncement(action[0], tried, gain, "exact" if exact else "own", welfare)


@torch.no_grad()
def rule_gain(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    rules: int,
    search_key: Tensor,
    key: Tensor,
    seed: int,
    watch: Watch = lambda tried: None,
) -> BetterAnnouncement:
    """Search for a rule that reacts to the state, and measure its gain against the given followers.

    The arguments and errors are those of :func:`leading_gain`, ``rules`` the number of rules to try. The action of the
    result is that of the rule's first step.
    """
    box = _instrument(game, role)
    features = varying_features(game, agents, role, search_key)
    keys = search_key[:LUCKY_EPISODES]

    def played(points: Tensor, keys: Tensor) -> Episode:
        rule = Feedback(points.repeat_interleave(len(keys), 0), box, features)
        return play(game, {**agents, role: rule}, keys.repeat(len(points)))

    def value(points: Tensor) -> Tensor:
        parts = torch.split(points, max(1, copies_at_once(game) // len(keys)))
        returns = [played(part, keys).returns[role].mean(-1).reshape(-1, len(keys)).mean(-1) for part in parts]
        return torch.cat(returns)

    base = _starts(_first_announcement(game, agents[role], role, keys[:1]), box)
    starts = torch.cat([base, torch.full((len(base), box.size * len(features)), 0.5).to(base)], -1)
    best, tried = best_point(value, starts, rules, seed, watch)
    gain, welfare = _compared(game, role, play(game, agents, key), played(best[None], key))
    return BetterAnnouncement(_scaled(best[None, : box.size], box)[0], tried, gain, "own", welfare)


def _instrument(game: Game[Any], role: str) -> Box:
    """Return the range of a leader's actions: real numbers, or tax rates where its options represent them."""
    if role not in game.roles:
        raise UserError(f"{type(game).__name__} has no role {role!r}{did_you_mean(role, game.roles)}")
    if not game.roles[role].leads:
        raise UserError(f"role {role} follows: a Stackelberg gap is defined for roles that lead")
    return real_instrument(game, game.roles[role], "the search for a better leader action")


def _scaled(points: Tensor, box: Box) -> Tensor:
    """Return points of the unit cube ``[C, D]`` as leader actions ``[C, *action]``."""
    return (box.low + (box.high - box.low) * points).reshape(-1, *box.shape)


def _starts(own: Tensor, box: Box) -> Tensor:
    """Return the starting points of a search, ``[S, D]``: the leader's own action if it is numeric, then the middle."""
    middle = torch.full((1, box.size), 0.5, dtype=torch.float64, device=own.device)
    if not own.is_floating_point():
        return middle
    point = (own.double().reshape_as(middle) - box.low) / (box.high - box.low)
    return torch.cat([point.clamp(0.0, 1.0), middle])


def _exact_followers(game: Game[Any]) -> dict[str, Agent]:
    followers = [name for name, role in game.roles.items() if not role.leads]
    if isinstance(game, HasExactHouseholds):
        return {name: ExactHousehold(NoParameters()) for name in followers}
    return {name: BestResponse(Parameters()) for name in followers}


def _first_announcement(game: Game[Any], agent: Agent, role: str, key: Tensor) -> Tensor:
    """Return the leader's first action under a key ``[1]``, ``[*action]``."""
    seen = game.observe(game.reset(key))[role]
    draw = random.fold(random.fold(key, role), 0)
    return agent.act(seen, agent.start(game, game.roles[role], 1), draw)[0][0, 0]


def _values(game: Game[Any], agents: Mapping[str, Agent], role: str, actions: Tensor, key: Tensor) -> Tensor:
    """Return the leader's mean return ``[C]`` for actions ``[C, *action]``, each in the episodes ``[E]``."""
    found = []
    for part in torch.split(actions, max(1, copies_at_once(game) // len(key))):
        holding = HeldAction(part.repeat_interleave(len(key), 0))
        returns = play(game, {**agents, role: holding}, key.repeat(len(part))).returns[role]
        found.append(returns.mean(-1).reshape(len(part), len(key)).mean(-1))
    return torch.cat(found)


def _compared(game: Game[Any], role: str, own: Episode, other: Episode) -> tuple[Gain, Gain | None]:
    stays, moves = game.accounts(own.state).get("welfare"), game.accounts(other.state).get("welfare")
    welfare = None if stays is None or moves is None or stays.ndim != 1 else paired_gain(stays[:, None], moves[:, None])
    return paired_gain(own.returns[role], other.returns[role]), welfare
