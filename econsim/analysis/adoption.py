"""Assumption analysis: what happens where only some of the players follow the policy that everybody was assumed to.

Learning with a mean field assumes that all followers share one policy. Here a share of them, the non-adopters, follow
another one. For each share, under the same shocks and the same leader: how many episodes last to the end, and, apart
from that, means over those that do, for adopters and non-adopters.

Source: the assumption analysis of Mi et al. (2024), who report means over short and long episodes together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Role
from econsim.play import Episode, play

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SHARES", "adoption_table"]

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75)
"""Shares of non-adopters, those of the published analysis."""


class Mixed:
    """Adopters and non-adopters of one role; ``others`` ``[N]`` bool marks the non-adopters."""

    def __init__(self, adopters: Agent, non_adopters: Agent, others: Tensor) -> None:
        self.adopters, self.non_adopters, self.others = adopters, non_adopters, others

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Any, Any]:
        """Start both agents."""
        return self.adopters.start(game, role, num_envs), self.non_adopters.start(game, role, num_envs)

    def act(self, observation: Observation, memory: tuple[Any, Any], key: Tensor) -> tuple[Tensor, Any]:
        """Return the actions ``[B, N, *shape]``, each player's from its own agent."""
        first, one = self.adopters.act(observation, memory[0], key)
        second, other = self.non_adopters.act(observation, memory[1], random.fold(key, "non-adopters"))
        others = self.others.view(1, -1, *[1] * (first.ndim - 2))
        return torch.where(others, second.to(first.dtype), first), (one, other)


def adoption_table(
    game: Game[Any],
    agents: Mapping[str, Agent],
    role: str,
    non_adopters: Agent,
    key: Tensor,
    shares: Sequence[float] = SHARES,
    report: Callable[[int, int], object] = lambda done, total: None,
) -> pd.DataFrame:
    """Return one row per share of non-adopters.

    The columns are ``non_adopters``, the share; ``survived``, the share of episodes that last to the horizon with
    finite returns; and, over those episodes, ``leader_return`` where there is a leader, ``adopters_return`` and
    ``non_adopters_return`` (discounted, per player), and for each account of this role with statistics its mean at the
    end for both groups, such as ``adopters_assets``. Where no episode survives, they are missing. Non-adopters are the
    first players of the role, the same ones at every share.

    Args:
        game: the game.
        agents: the agent of each role; that of ``role`` is the adopters'.
        role: the role that is divided.
        non_adopters: the agent of the others.
        key: ``[E]``, of the episodes.
        shares: of non-adopters, from 0 to below 1.
        report: receives the number of shares done, and of all.

    Raises:
        UserError: a share is out of range or leaves a group that should exist empty, or the role leads.
    """
    import pandas as pd

    count = game.roles[role].count
    if game.roles[role].leads:
        raise UserError(f"role {role} leads: only players of a role that follows can be divided")
    rows = []
    for done, share in enumerate(shares):
        number = round(share * count)
        if not 0 <= share < 1 or (share > 0) != (0 < number < count):
            raise UserError(
                f"shares: {share:g} of {count} players of role {role} leaves adopters or non-adopters without a player;"
                " choose shares from 0 to below 1, and enough players"
            )
        others = torch.arange(count, device=key.device) < number
        rows.append(_row(game, agents, role, Mixed(agents[role], non_adopters, others), key, share))
        report(done + 1, len(shares))
    return pd.DataFrame(rows)


def _row(
    game: Game[Any], agents: Mapping[str, Agent], role: str, mixed: Mixed, key: Tensor, share: float
) -> dict[str, float]:
    ends: list[Tensor] = []
    episode = play(game, {**agents, role: mixed}, key, lambda state, over: ends.append(over))
    survived = _survived(episode, ends, game.clocked)
    row = {"non_adopters": share, "survived": float(survived.double().mean())}
    leaders = [name for name, each in game.roles.items() if each.leads]
    for leader in leaders[:1]:
        row["leader_return"] = _mean(episode.returns[leader].mean(-1), survived)
    groups = {"adopters": ~mixed.others, "non_adopters": mixed.others}
    amounts = {"return": episode.returns[role], **_accounts(game, role, episode)}
    for name, amount in amounts.items():
        for label, members in groups.items():
            of_group = amount[:, members]
            row[f"{label}_{name}"] = _mean(of_group.mean(-1), survived) if bool(members.any()) else float("nan")
    return row


def _survived(episode: Episode, ends: list[Tensor], clocked: bool) -> Tensor:
    """Return which episodes ``[E]`` had not ended before their last step, with finite returns of everybody."""
    finite = torch.stack([values.isfinite().all(-1) for values in episode.returns.values()]).all(0)
    return finite if clocked else finite & ~ends[-1]


def _accounts(game: Game[Any], role: str, episode: Episode) -> dict[str, Tensor]:
    """Return the accounts of the role's players at the end, ``[E, N]``."""
    names = [each.name for each in game.accounts_spec if each.axes == (f"role:{role}",) and each.statistics]
    accounts = game.accounts(episode.state)
    return {name: accounts[name].double() for name in names}


def _mean(values: Tensor, survived: Tensor) -> float:
    kept = values[survived].double().cpu().numpy()
    return float(np.mean(kept)) if len(kept) else float("nan")
