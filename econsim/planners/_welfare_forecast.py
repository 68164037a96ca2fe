"""Forecast of all followers' utilities under a schedule, by playing the game with the expected responses."""

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
    """Return agents that play exact best responses, for all following roles.

    Raises:
        UserError: the game does not compute best responses.
    """
    if not isinstance(game, Solvable):
        raise UserError(
            "planner: voters who expect exact best responses need a game that computes them, and"
            f" {type(game).__name__} does not; set planner.voters=neural"
        )
    return {name: BestResponse(BestResponseParameters()) for name, role in game.roles.items() if not role.leads}


class WelfareForecast:
    """Forecasts the utility of every follower under schedules, including rebates.

    Args:
        game: the game, with the dtype in which it is to be played.
        followers: the agents of the following roles, by role.
        leader: the leading role.
        seed: seed of the episodes, which are the same under every schedule.
        tax_years: length of each episode in tax years.
        episodes: number of episodes over which utility is averaged.
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
        return torch.cat([self._utility(schedules) for schedules in torch.split(rates, batch)])

    def initial(self, name: str) -> Tensor | None:
        """Return an account of the followers in the initial state, ``[N]``; ``None`` if the game has none."""
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
            raise UserError(
                f"planner: voters need an account of utility, and the accounts of {type(game).__name__} have none"
            )
        return accounts["utility"].double().reshape(len(rates), self.episodes, -1).mean(1)
