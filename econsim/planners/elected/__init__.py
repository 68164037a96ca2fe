"""Elected planner: in each tax year, voters choose among the candidates' tax schedules, and the winner's applies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from econsim.actions import tax_thresholds
from econsim.game import Game, Observation, Role
from econsim.learning import Recorder
from econsim.mechanisms.voting import RULES, Election, elect, votes_of
from econsim.planners._campaign import Campaign
from econsim.planners._candidates import ElectionParameters, candidate_names
from econsim.planners._elected_planner import ElectedPlanner
from econsim.planners.elected.outcome import outcome, sincere_utility

__all__ = ["Elected", "Parameters"]

REFERENCES = (
    "@article{meltzer1981rational, title={A Rational Theory of the Size of Government}, author={Meltzer, Allan H. and "
    "Richard, Scott F.}, journal={Journal of Political Economy}, volume={89}, number={5}, pages={914--927}, "
    "year={1981}}",
    "@article{osborne1996model, title={A Model of Political Competition with Citizen-Candidates}, author={Osborne, "
    "Martin J. and Slivinski, Al}, journal={Quarterly Journal of Economics}, volume={111}, number={1}, pages={65--96}, "
    "year={1996}}",
)


class Parameters(ElectionParameters):
    """Parameters of an election in which voters evaluate platforms by forecast utility."""

    voters: Literal["rational", "neural"] = "rational"
    """How voters forecast their utility, including the rebate, under a platform: ``rational``, when all workers play
    exact best responses; ``neural``, in rollouts with the workers to which the planner is fitted, of any kind."""
    trusting: bool = True
    """Whether voters believe platforms that are not binding; otherwise they anticipate what each candidate would do."""
    draw: bool = True
    """Whether ties and lotteries are resolved by a draw in each tax year; otherwise the most likely candidate wins, and
    the first one in case of a tie."""


class _Memory(NamedTuple):
    """The schedules ``[C, K]`` and probabilities of winning ``[C]`` of the candidates, and the steps played."""

    rates: Tensor
    chances: Tensor
    step: int


class Elected(ElectedPlanner):
    """Announces the schedule of a winner of the election, in every environment copy and tax year."""

    kind = "elected"
    parameters: Parameters

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters
        self.rule = RULES[parameters.rule]

    @property
    def voters_are_exact(self) -> bool:
        """Whether voters are rational."""
        return self.parameters.voters == "rational"

    @property
    def voters_trust(self) -> bool:
        """Whether voters believe platforms that are not binding."""
        return self.parameters.trusting

    def election(self, campaign: Campaign, candidates: Mapping[str, Tensor], recorder: Recorder) -> dict[str, Tensor]:
        """Return the candidates' probabilities of winning and the Condorcet winner; see :func:`outcome`."""
        return outcome(self.parameters.rule, campaign.weight, candidates, recorder) | {"weight": campaign.weight}

    def start(self, game: Game[Any], role: Role, num_envs: int) -> _Memory:
        """Return the candidates' schedules and probabilities of winning.

        Raises:
            UserError: the role does not set tax brackets, or the planner has not been fitted.
        """
        tax_thresholds(game, role, "elected")
        fitted = self.result()
        return _Memory(fitted["rates"], fitted["chances"], 0)

    def act(self, observation: Observation, memory: _Memory, key: Tensor) -> tuple[Tensor, _Memory]:
        """Return the winner's tax rates in every environment copy, ``[B, 1, K]``."""
        rates, chances = memory.rates.to(key.device), memory.chances.to(key.device)
        winner = elect(chances.expand(len(key), -1), key if self.parameters.draw else None)
        step = memory.step + 1
        if self.elections is not None and bool(observation.acting[0, 0]):
            self.elections.append(self._record(step, int(winner[0])))
        return rates[winner][:, None].to(observation.features), memory._replace(step=step)

    def _record(self, step: int, winner: int) -> Election:
        """Return the election with the sincere ballots of all voters."""
        fitted = self.result()
        ballots = self.rule.sincere(sincere_utility(fitted["utility"]))[0]
        weight = fitted.get("weight", torch.ones(len(ballots)))
        support = torch.zeros(ballots.shape[1]).to(weight).scatter_add(0, ballots.argmax(-1), weight) / weight.sum()
        promised, rates = (tuple(map(tuple, fitted[name].tolist())) for name in ("promised", "rates"))
        names = tuple(candidate_names(self.parameters.platforms, fitted["candidates"].tolist()))
        votes = votes_of(ballots, self.rule.asks)
        return Election(step, names, promised, votes, tuple(support.tolist()), winner, rates[winner], self.rule.asks)
