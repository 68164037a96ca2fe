"""Elections: finds what candidates want, what each victory would bring every voter, and who wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Agent, Game
from econsim.learning import Recorder
from econsim.mechanisms.voting import RULES, condorcet_winner, misreports
from econsim.parameters import Model
from econsim.planners import elected as planner
from econsim.planners._candidates import ElectedPlanner, ElectionParameters, promises
from econsim.planners._tax_schedule import thresholds_of
from econsim.planners._welfare_forecast import WelfareForecast, exact_answers
from econsim.training._ideal_points import ideals
from econsim.training._leader_evaluation import leader_of

__all__ = ["Elected", "Parameters"]

MOST_TRIED = 5
"""Candidates up to which every other ballot of every voter is tried."""
MOST_VOTERS = 200
# Utilities that differ by less than this share of the greatest differ by rounding.
_SAME = 1e-9


class Parameters(Model):
    """The budget of the search is a parameter of the planner that is elected."""


class Elected:
    """Fits planners whose schedules are voted on."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def fit(self, game: Game[Any], agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> dict[str, Agent]:
        """Return the agents with the leader's candidates, their schedules and, of rational voters, their chances.

        Raises:
            UserError: the leader is not elected, sets no tax brackets, or voters cannot know what is best for them.
        """
        leader = leader_of(game)
        office = _office(agents, leader)
        exact = game.to(dtype=torch.float64)
        campaign = _Campaign.of(exact, office, agents, leader, seed)
        recorder.progress(1, 3, "elected")
        found = _contenders(campaign, office.parameters, exact, seed)
        recorder.progress(2, 3, "elected")
        if isinstance(office, planner.Elected):
            found |= _election(campaign, office.parameters, found, recorder)
        for place, rates in enumerate(found["rates"].tolist()):
            for bracket, rate in enumerate(rates):
                recorder.log(f"elected/rate_{bracket + 1}", rate, step=place)
        office.load_state_dict(found)
        recorder.progress(3, 3, "elected")
        return dict(agents)


def _office(agents: Mapping[str, Agent], leader: str) -> ElectedPlanner:
    office: object = agents[leader]
    if not isinstance(office, ElectedPlanner):
        raise UserError(f"training.elected: role {leader} needs a planner of kind elected")
    return office


@dataclass(frozen=True)
class _Campaign:
    """What candidates know: what schedules bring, and people by index, the poorest first; their weights ``[N]``."""

    leader: str
    prospects: WelfareForecast
    in_order: Tensor
    weight: Tensor

    @classmethod
    def of(
        cls, game: Game[Any], office: ElectedPlanner, agents: Mapping[str, Agent], leader: str, seed: int
    ) -> _Campaign:
        contest = office.parameters
        followers = {name: agent for name, agent in agents.items() if name != leader}
        if not (isinstance(contest, planner.Parameters) and contest.voters == "neural"):
            followers = exact_answers(game)
            _check_people(game, seed)
        prospects = WelfareForecast(game, followers, leader, seed, contest.tax_years, contest.episodes)
        brackets = len(thresholds_of(game, game.roles[leader], "elected"))
        untaxed = prospects(torch.zeros((1, brackets), dtype=torch.float64, device=game.device))[0]
        weight = prospects.beginning("weight")
        return cls(
            leader, prospects, untaxed.argsort(stable=True), torch.ones_like(untaxed) if weight is None else weight
        )


def _check_people(game: Game[Any], seed: int) -> None:
    """Raise :class:`UserError` where voters cannot know who they will be."""
    skill = game.accounts(game.reset(torch.tensor([seed, seed + 1], device=game.device))).get("skill")
    if skill is not None and not torch.equal(skill[0], skill[1]):
        raise UserError(
            "planner: voters who foresee exact answers need the same people in every episode; say"
            " economy.redraw_population=false"
        )


def _contenders(campaign: _Campaign, contest: ElectionParameters, game: Game[Any], seed: int) -> dict[str, Tensor]:
    """Return who stands, what they promise and would do, and the utility that voters expect of each victory."""
    role, platforms = game.roles[campaign.leader], contest.platforms
    standing = _standing(contest, campaign.in_order)
    if isinstance(platforms, dict):
        promised = promises(platforms, game, role)
        rates = promised if contest.binding else _wanted(campaign, contest, standing, game, seed)
        standing = standing if isinstance(contest.candidates, tuple) else torch.full((len(promised),), -1)
    else:
        promised = rates = _wanted(campaign, contest, standing, game, seed)
    trusting = not isinstance(contest, planner.Parameters) or contest.trusting
    utility = campaign.prospects(promised if contest.binding or trusting else rates)
    return {"candidates": standing, "promised": promised, "rates": rates, "utility": utility}


def _standing(contest: ElectionParameters, in_order: Tensor) -> Tensor:
    """Return the workers who stand, by index, ``[C]``: as given, or the poorest without taxes first."""
    people = len(in_order)
    if isinstance(contest.candidates, tuple):
        wrong = [index for index in contest.candidates if not 0 <= index < people]
        if wrong:
            raise UserError(f"planner.candidates: no worker has index {wrong[0]}; there are {people}, from 0")
        return torch.tensor(contest.candidates, device=in_order.device)
    count = people if contest.candidates is None else contest.candidates
    if not 1 <= count <= people:
        raise UserError(f"planner.candidates: {count} of {people} workers cannot stand")
    places = (torch.arange(count, device=in_order.device, dtype=torch.float64) + 0.5) * (people / count)
    return in_order[places.long()]


def _wanted(campaign: _Campaign, contest: ElectionParameters, standing: Tensor, game: Game[Any], seed: int) -> Tensor:
    """Return the schedules ``[C, K]`` that are best for those who stand."""
    brackets = len(thresholds_of(game, game.roles[campaign.leader], "elected"))
    size = 1 if contest.schedule == "flat" else brackets

    def value(points: Tensor) -> Tensor:
        return campaign.prospects(points.expand(-1, brackets))

    points = ideals(value, standing, size, contest.starts, contest.finest_step, seed)
    return points.expand(-1, brackets).contiguous()


def _election(
    campaign: _Campaign, contest: planner.Parameters, found: Mapping[str, Tensor], recorder: Recorder
) -> dict[str, Tensor]:
    """Return the chances ``[C]`` and what the election says of itself."""
    rule, worth = RULES[contest.rule], found["utility"].T[None]
    unit = _SAME * worth.abs().amax()
    utility = (worth / unit).round() if unit > 0 else worth
    ballots, weight = rule.sincere(utility), campaign.weight
    chances = rule.chances(ballots, weight)[0]
    majority = condorcet_winner(utility, weight)
    for place, chance in enumerate(chances.tolist()):
        recorder.log("elected/chance", chance, step=place)
        recorder.log("elected/candidate", float(found["candidates"][place]), step=place)
    recorder.log("elected/condorcet_winner", float(majority[0]), step=0)
    if utility.shape[2] <= MOST_TRIED and utility.shape[1] <= MOST_VOTERS:
        gains = misreports(rule, utility, weight).gain[0] > 0
        share = (gains.double() * weight).sum() / weight.sum()
        recorder.log("elected/share_who_gain_by_misreporting", float(share), step=0)
    return {"chances": chances, "condorcet_winner": majority}
