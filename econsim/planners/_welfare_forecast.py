"""Forecast of everybody's utility under a schedule: the game played under it, by workers who respond as expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.agents.best_response import BestResponse
from econsim.agents.best_response import Parameters as BestResponseParameters
from econsim.errors import UserError
from econsim.game import Agent, Game, Solvable

PLAYERS_AT_ONCE = 1 << 16


def exact_answers(game: Game[Any]) -> dict[str, Agent]:
    """Return exact best responses for all who follow.

    Raises:
        UserError: the game does not know them.
    """
    if not isinstance(game, Solvable):
        raise UserError(
            f"planner: voters who foresee exact answers need a game that knows them, and {type(game).__name__} does"
            " not; say planner.voters=neural"
        )
    return {name: BestResponse(BestResponseParameters()) for name, role in game.roles.items() if not role.leads}


class WelfareForecast:
    """Foresees the utility of every follower under schedules, rebates included.

    Args:
        game: the game, in the precision that it is to be played in.
        followers: who answers, by role.
        leader: the leading role.
        seed: of the episodes that are played, the same under every schedule.
        tax_years: how long each lasts.
        episodes: how many are averaged.
    """

    def __init__(
        self, game: Game[Any], followers: Mapping[str, Agent], leader: str, seed: int, tax_years: int, episodes: int
    ) -> None:
        self.game, self.followers, self.leader, self.episodes = game, followers, leader, episodes
        self.steps = min(game.horizon, tax_years * game.roles[leader].acts_every)
        self.key = random.keys(seed, episodes, game.device)

    def __call__(self, rates: Tensor) -> Tensor:
        """Return the utility ``[S, N]`` float64 of all followers under each of the schedules ``[S, K]``."""
        players = sum(role.count for role in self.game.roles.values())
        batch = max(1, PLAYERS_AT_ONCE // (players * self.episodes))
        return torch.cat([self._utility(part) for part in torch.split(rates, batch)])

    def initial(self, name: str) -> Tensor | None:
        """Return an account of the followers in the initial state, ``[N]``, if the game keeps it."""
        account = self.game.accounts(self.game.reset(self.key[:1])).get(name)
        return None if account is None else account[0]

    @torch.no_grad()
    def _utility(self, rates: Tensor) -> Tensor:
        game, key = self.game, self.key.repeat(len(rates))
        announced = rates.repeat_interleave(self.episodes, 0)[:, None].to(game.dtype)
        state = game.reset(key)
        memories = {name: who.start(game, game.roles[name], len(key)) for name, who in self.followers.items()}
        for time in range(self.steps):
            seen = game.observe(state)
            actions = {self.leader: announced}
            for name, follower in self.followers.items():
                draw = random.fold(random.fold(key, name), time)
                actions[name], memories[name] = follower.act(seen[name], memories[name], draw)
            state = game.step(state, actions).state
        accounts = game.accounts(state)
        if "utility" not in accounts:
            raise UserError(f"planner: voters look at utility, which {type(game).__name__} does not account for")
        return accounts["utility"].double().reshape(len(rates), self.episodes, -1).mean(1)
