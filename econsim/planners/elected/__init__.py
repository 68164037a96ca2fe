"""Elected: each tax year voters choose among candidates' tax schedules, and the winner's becomes law."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from torch import Tensor

from econsim.actions import tax_thresholds
from econsim.game import Game, Observation, Role
from econsim.learning import Recorder
from econsim.mechanisms.voting import elect
from econsim.planners._campaign import Campaign
from econsim.planners._candidates import ElectionParameters
from econsim.planners._elected_planner import ElectedPlanner
from econsim.planners.elected.outcome import outcome

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
    """Parameters of an election in which every voter knows what it wants."""

    voters: Literal["rational", "neural"] = "rational"
    """How voters judge platforms: ``rational``, by their utility when everybody answers exactly, the rebate included;
    ``neural``, by rollouts with the workers whom the planner is fitted to, whatever minds they have."""
    trusting: bool = True
    """Whether voters believe platforms that do not bind; otherwise they foresee what each candidate would do."""
    draw: bool = True
    """Whether ties and lotteries are drawn anew each tax year; otherwise the likeliest candidate wins, of several the
    first."""


class Elected(ElectedPlanner):
    """Announces, in every copy and tax year, the schedule of a winner of the election."""

    kind = "elected"
    parameters: Parameters

    def __init__(self, parameters: Parameters) -> None:
        super().__init__()
        self.parameters = parameters

    @property
    def voters_are_exact(self) -> bool:
        """Whether voters are rational."""
        return self.parameters.voters == "rational"

    @property
    def voters_trust(self) -> bool:
        """Whether voters believe platforms that do not bind."""
        return self.parameters.trusting

    def election(self, campaign: Campaign, candidates: Mapping[str, Tensor], recorder: Recorder) -> dict[str, Tensor]:
        """Return every candidate's chance and the majority's choice; see :func:`outcome`."""
        return outcome(self.parameters.rule, campaign.weight, candidates, recorder)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Tensor, Tensor]:
        """Return the candidates' schedules ``[C, K]`` and chances ``[C]``; raises ``UserError`` before a fit."""
        tax_thresholds(game, role, "elected")
        fitted = self.result()
        return fitted["rates"], fitted["chances"]

    def act(self, observation: Observation, memory: tuple[Tensor, Tensor], key: Tensor) -> tuple[Tensor, Any]:
        """Return the winner's rates in every copy, ``[B, 1, K]``."""
        rates, chances = (part.to(key.device) for part in memory)
        winner = elect(chances.expand(len(key), -1), key if self.parameters.draw else None)
        return rates[winner][:, None].to(observation.features), memory
