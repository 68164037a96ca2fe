"""Election campaign: the candidates, their platforms, and every voter's expected utility of each victory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from econsim import random
from econsim.actions import lowest_rate, tax_thresholds
from econsim.errors import UserError
from econsim.game import Agent, Game, Observation, Role
from econsim.planners._candidates import ElectionParameters, Platforms
from econsim.planners._ideal_points import ideals
from econsim.planners._ledger import Ledger
from econsim.planners._welfare_forecast import WelfareForecast, exact_answers

__all__ = ["Campaign"]


@dataclass(frozen=True)
class Campaign:
    """Information on which an election is based: the game, utility forecasts, and the voters with weights ``[N]``.

    ``poorest_first`` ``[N]`` are the indices of workers by utility without taxes; ``brackets`` is the number ``K`` of
    tax brackets.
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
        """Return the campaign for the leading ``role``.

        Args:
            game: the game, with the dtype in which forecasts are to be computed.
            role: the leading role.
            contest: the parameters of the election.
            agents: the agent of each role.
            exact: whether voters expect all followers to play exact best responses; otherwise, as ``agents`` play.
            seed: seed of all random draws.

        Raises:
            UserError: the role does not set tax brackets, or the population differs between episodes.
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

    def candidates(self, trusting: bool, ledger: Ledger) -> dict[str, Tensor]:
        """Return candidates, promised schedules, the schedules they would announce, and voters' expected utilities.

        Args:
            trusting: whether voters believe platforms that are not binding.
            ledger: the ledger of the fit, from which an interrupted search for platforms continues.
        """
        contest, platforms = self.contest, self.contest.platforms
        standing = self._standing()
        if isinstance(platforms, dict):
            promised = _promises(platforms, self.game, self.role)
            rates = promised if contest.binding else self._wanted(standing, ledger)
            standing = standing if isinstance(contest.candidates, tuple) else torch.full((len(promised),), -1)
        else:
            promised = rates = self._wanted(standing, ledger)
        utility = self.forecast(promised if contest.binding or trusting else rates)
        return {"candidates": standing, "promised": promised, "rates": rates, "utility": utility}

    def _standing(self) -> Tensor:
        """Return the candidates by index, ``[C]``: as given, or spaced evenly from the poorest to the richest."""
        candidates, people, device = self.contest.candidates, len(self.poorest_first), self.poorest_first.device
        if isinstance(candidates, tuple):
            unknown = [index for index in candidates if not 0 <= index < people]
            if unknown:
                raise UserError(
                    f"planner.candidates: expected indices of workers from 0 to {people - 1}, found {unknown[0]}"
                )
            return torch.tensor(candidates, device=device)
        count = people if candidates is None else candidates
        if not 1 <= count <= people:
            raise UserError(
                f"planner.candidates: expected a number from 1 to {people}, the number of workers, found {count}"
            )
        positions = (torch.arange(count, device=device, dtype=torch.float64) + 0.5) * (people / count)
        return self.poorest_first[positions.long()]

    def _wanted(self, standing: Tensor, ledger: Ledger) -> Tensor:
        """Return the schedule that is best for each candidate, ``[C, K]``."""
        contest, brackets = self.contest, self.brackets
        size = 1 if contest.schedule == "flat" else brackets

        def value(points: Tensor) -> Tensor:
            return self.forecast(points.expand(-1, brackets))

        lowest = lowest_rate(self.game, self.role)
        points = ideals(value, standing, size, contest.starts, contest.finest_step, self.seed, ledger, lowest)
        return points.expand(-1, brackets).contiguous()


def _check_people(game: Game[Any], seed: int) -> None:
    """Raise :class:`UserError` if the population differs between episodes, so that voters cannot forecast utility."""
    skill = game.accounts(game.reset(torch.tensor([seed, seed + 1], device=game.device))).get("skill")
    if skill is not None and not torch.equal(skill[0], skill[1]):
        raise UserError(
            "planner: voters who expect exact best responses need the same population in every episode; set"
            " economy.redraw_population=false"
        )


def _promises(platforms: Platforms, game: Game[Any], role: Role) -> Tensor:
    """Return the schedules that planners announce at the start of a game, ``[C, K]`` float64."""
    key = random.keys(0, 1, game.device)
    seen: Observation = game.observe(game.reset(key))[role.name]
    schedules = []
    for choice in platforms.values():
        planner = choice.build()
        action, _ = planner.act(seen, planner.start(game, role, 1), key)
        schedules.append(action[0, 0].double())
    return torch.stack(schedules).to(game.device)
