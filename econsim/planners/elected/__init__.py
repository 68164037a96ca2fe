"""Elected planner: in each tax year, voters choose among the candidates' tax schedules, and the winner's applies."""

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
    """Parameters of an election in which voters evaluate platforms by forecast utility."""

    voters: Literal["rational", "neural"] = "rational"
    """How voters forecast their utility, including the rebate, under a platform: ``rational``, when all workers play
    exact best responses; ``neural``, in rollouts with the workers to which the planner is fitted, of any kind."""
    trusting: bool = True
    """Whether voters believe platforms that are not binding; otherwise they anticipate what each candidate would do."""
    draw: bool = True
    """Whether ties and lotteries are resolved by a draw in each tax year; otherwise the most likely candidate wins, and
    the first one in case of a tie."""


class Elected(ElectedPlanner):
    """Announces the schedule of a winner of the election, in every environment copy and tax year."""

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
        """Whether voters believe platforms that are not binding."""
        return self.parameters.trusting

    def election(self, campaign: Campaign, candidates: Mapping[str, Tensor], recorder: Recorder) -> dict[str, Tensor]:
        """Return the candidates' probabilities of winning and the Condorcet winner; see :func:`outcome`."""
        return outcome(self.parameters.rule, campaign.weight, candidates, recorder)

    def start(self, game: Game[Any], role: Role, num_envs: int) -> tuple[Tensor, Tensor]:
        """Return the candidates' schedules ``[C, K]`` and probabilities of winning ``[C]``.

        Raises:
            UserError: the role does not set tax brackets, or the planner has not been fitted.
        """
        tax_thresholds(game, role, "elected")
        fitted = self.result()
        return fitted["rates"], fitted["chances"]

    def act(self, observation: Observation, memory: tuple[Tensor, Tensor], key: Tensor) -> tuple[Tensor, Any]:
        """Return the winner's tax rates in every environment copy, ``[B, 1, K]``."""
        rates, chances = (tensor.to(key.device) for tensor in memory)
        winner = elect(chances.expand(len(key), -1), key if self.parameters.draw else None)
        return rates[winner][:, None].to(observation.features), memory
