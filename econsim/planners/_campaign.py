"""Campaign of an election: who stands, what candidates want, and what each victory would bring every voter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.actions import tax_thresholds
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Role
from econsim.planners._candidates import ElectionParameters, Platforms
from econsim.planners._ideal_points import ideals
from econsim.planners._welfare_forecast import WelfareForecast, exact_answers

__all__ = ["Campaign"]


@dataclass(frozen=True)
class Campaign:
    """What candidates know: the game, what schedules bring, people by index, the poorest first, their weights ``[N]``.

    ``brackets`` is the number ``K`` of the game's tax brackets.
    """

    game: Game[Any]
    role: Role
    contest: ElectionParameters
    seed: int
    brackets: int
    forecast: WelfareForecast
    poorest_first: Tensor
    weight: Tensor

    @classmethod
    def of(
        cls,
        game: Game[Any],
        role: Role,
        contest: ElectionParameters,
        agents: Mapping[str, Agent],
        exact: bool,
        seed: int,
    ) -> Campaign:
        """Return the campaign for the leading ``role``, in a game in the precision to play it in.

        Args:
            game: the game.
            role: the leading role.
            contest: the rules of the election.
            agents: who plays each role.
            exact: whether everybody is expected to answer exactly; else as ``agents`` play.
            seed: of all draws.

        Raises:
            UserError: the role sets no tax brackets, or voters cannot know who they will be.
        """
        followers = {name: agent for name, agent in agents.items() if name != role.name}
        if exact:
            followers = exact_answers(game)
            _check_people(game, seed)
        forecast = WelfareForecast(game, followers, role.name, seed, contest.tax_years, contest.episodes)
        brackets = len(tax_thresholds(game, role, "elected"))
        untaxed = forecast(torch.zeros((1, brackets), dtype=torch.float64, device=game.device))[0]
        weight = forecast.initial("weight")
        weight = torch.ones_like(untaxed) if weight is None else weight
        return cls(game, role, contest, seed, brackets, forecast, untaxed.argsort(stable=True), weight)

    def candidates(self, trusting: bool) -> dict[str, Tensor]:
        """Return who stands, what they promise and would do, and the utility that voters expect of each victory.

        ``trusting``: whether voters believe platforms that do not bind.
        """
        contest, platforms = self.contest, self.contest.platforms
        standing = self._standing()
        if isinstance(platforms, dict):
            promised = _promises(platforms, self.game, self.role)
            rates = promised if contest.binding else self._wanted(standing)
            standing = standing if isinstance(contest.candidates, tuple) else torch.full((len(promised),), -1)
        else:
            promised = rates = self._wanted(standing)
        utility = self.forecast(promised if contest.binding or trusting else rates)
        return {"candidates": standing, "promised": promised, "rates": rates, "utility": utility}

    def _standing(self) -> Tensor:
        """Return the workers who stand, by index, ``[C]``: as given, or the poorest without taxes first."""
        given, people, device = self.contest.candidates, len(self.poorest_first), self.poorest_first.device
        if isinstance(given, tuple):
            wrong = [index for index in given if not 0 <= index < people]
            if wrong:
                raise UserError(f"planner.candidates: no worker has index {wrong[0]}; there are {people}, from 0")
            return torch.tensor(given, device=device)
        count = people if given is None else given
        if not 1 <= count <= people:
            raise UserError(f"planner.candidates: {count} of {people} workers cannot stand")
        places = (torch.arange(count, device=device, dtype=torch.float64) + 0.5) * (people / count)
        return self.poorest_first[places.long()]

    def _wanted(self, standing: Tensor) -> Tensor:
        """Return the schedules ``[C, K]`` that are best for those who stand."""
        contest, brackets = self.contest, self.brackets
        size = 1 if contest.schedule == "flat" else brackets

        def value(points: Tensor) -> Tensor:
            return self.forecast(points.expand(-1, brackets))

        points = ideals(value, standing, size, contest.starts, contest.finest_step, self.seed)
        return points.expand(-1, brackets).contiguous()


def _check_people(game: Game[Any], seed: int) -> None:
    """Raise :class:`UserError` where voters cannot know who they will be."""
    skill = game.accounts(game.reset(torch.tensor([seed, seed + 1], device=game.device))).get("skill")
    if skill is not None and not torch.equal(skill[0], skill[1]):
        raise UserError(
            "planner: voters who foresee exact answers need the same people in every episode; say"
            " economy.redraw_population=false"
        )


def _promises(platforms: Platforms, game: Game[Any], role: Role) -> Tensor:
    """Return what planners announce at the start of a game, ``[C, K]`` float64."""
    key = random.keys(0, 1, game.device)
    seen: Observation = game.observe(game.reset(key))[role.name]
    schedules = []
    for choice in platforms.values():
        planner = choice.build()
        action, _ = planner.act(seen, planner.start(game, role, 1), key)
        schedules.append(action[0, 0].double())
    return torch.stack(schedules).to(game.device)
