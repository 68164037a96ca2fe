"""Policies of players compared with reference policies of the game, player by player.

A game that knows what its players did in fact, or policies that everybody understands, implements
:class:`HasReferencePolicies`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from econsim.analysis.flows import FlowAccounts
from econsim.analysis.inequality import Floats
from econsim.game import Game
from econsim.play import HeldAction, play

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["HasReferencePolicies", "reference_table"]


@runtime_checkable
class HasReferencePolicies(Protocol):
    """A game with policies that its players are compared with, such as what they did in fact, or constant actions."""

    def reference_policies(self) -> Mapping[str, tuple[Game[Any], Mapping[str, Tensor]]]:
        """Return, by label, the game in which each policy is played and the constant action of each role, ``[*shape]``.

        What happened in fact is a game that follows its data whatever the actions are.
        """

    def player_names(self, role: str) -> tuple[str, ...]:
        """Return the names of the players of a role, such as the states that they govern."""


@torch.no_grad()
def reference_table(game: Game[Any], key: Tensor) -> pd.DataFrame:
    """Return what each player would have had under the reference policies, one row per policy, role and player.

    Columns: ``policy``, ``role``, ``player`` (its name), and one for each account of players of a role; means over the
    episodes of ``key`` ``[E]``, stocks at the end and flows per step. No rows for a game without reference policies.
    """
    import pandas as pd

    if not isinstance(game, HasReferencePolicies):
        return pd.DataFrame(columns=["policy", "role", "player"])
    games: dict[int, tuple[Game[Any], dict[str, Mapping[str, Tensor]]]] = {}
    policies = game.reference_policies()
    for policy, (reference, actions) in policies.items():
        games.setdefault(id(reference), (reference, {}))[1][policy] = actions
    accounts = {
        policy: values for reference, alike in games.values() for policy, values in _played(reference, alike, key)
    }
    roles = [role for role in game.roles if any(each.axes == (f"role:{role}",) for each in game.accounts_spec)]
    tables = [
        pd.DataFrame(
            {"policy": policy, "role": role, "player": game.player_names(role)} | _columns(game, role, accounts[policy])
        )
        for policy in policies
        for role in roles
    ]
    return pd.concat(tables, ignore_index=True)


def _played(
    game: Game[Any], policies: Mapping[str, Mapping[str, Tensor]], key: Tensor
) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Play all policies of a game as one batch, and yield the accounts ``{name: [E, ...]}`` of each."""
    episodes = len(key)
    agents = {
        role: HeldAction(torch.stack([actions[role] for actions in policies.values()]).repeat_interleave(episodes, 0))
        for role in game.roles
    }
    flows = FlowAccounts(game)
    accounts = flows.accounts(play(game, agents, key.repeat(len(policies)), flows).state)
    for number, policy in enumerate(policies):
        yield policy, {name: value[number * episodes : (number + 1) * episodes] for name, value in accounts.items()}


def _columns(game: Game[Any], role: str, accounts: Mapping[str, Tensor]) -> dict[str, Floats]:
    """Return the accounts of a role's players, means over episodes, ``[N]`` each."""
    names = [account.name for account in game.accounts_spec if account.axes == (f"role:{role}",)]
    return {name: accounts[name].double().mean(0).cpu().numpy() for name in names}
