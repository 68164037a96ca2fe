"""Base of planners whose schedules are chosen by election; the fit determines candidates and platforms."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Agent, Game, Role
from econsim.learning import Recorder
from econsim.mechanisms.voting import Election
from econsim.planners._campaign import Campaign
from econsim.planners._candidates import ElectionParameters
from econsim.planners._ledger import Ledger


class ElectedPlanner(ABC):
    """A planner that announces the schedule of an elected candidate; ``kind`` is its name in scenarios."""

    kind: ClassVar[str]
    parameters: ElectionParameters

    def __init__(self) -> None:
        self.fitted: dict[str, Tensor] = {}
        self.elections: list[Election] | None = None

    @property
    def voters_are_exact(self) -> bool:
        """Whether voters expect all followers to play exact best responses; otherwise, as the given agents play."""
        return True

    @property
    def voters_trust(self) -> bool:
        """Whether voters believe platforms that are not binding."""
        return True

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Compute the candidates, their platforms, the schedules they would announce, and voters' expected utilities.

        Continues from the recorder's newest checkpoint.

        Raises:
            UserError: the role does not set tax brackets, or voters cannot forecast their utility.
        """
        exact: Game[Any] = game.to(dtype=torch.float64)
        campaign = Campaign.of(exact, role, self.parameters, agents, self.voters_are_exact, seed)
        ledger = Ledger(recorder)
        ledger.progress(1, 3, "elected")
        candidates = campaign.candidates(self.voters_trust, ledger)
        recorder.progress(2, 3, "elected")
        fitted = candidates | self.election(campaign, candidates, recorder)
        for candidate, rates in enumerate(fitted["rates"].tolist()):
            for bracket, rate in enumerate(rates):
                recorder.log(f"elected/rate_{bracket + 1}", rate, step=candidate)
        self.load_state_dict(fitted)
        recorder.progress(3, 3, "elected")

    def election(self, campaign: Campaign, candidates: Mapping[str, Tensor], recorder: Recorder) -> dict[str, Tensor]:
        """Return additional results about the election; empty if ballots are cast in play."""
        return {}

    def result(self) -> dict[str, Tensor]:
        """Return the result of the fit; raises :class:`UserError` before a fit."""
        if not self.fitted:
            raise UserError(
                f"planner: the planner of kind {self.kind} has not been fitted; fit it with econsim.run or its method"
                " fit"
            )
        return self.fitted

    def state_dict(self) -> dict[str, Tensor]:
        """Return ``promised`` and ``rates`` ``[C, K]``: the platforms, and the schedules that would be announced.

        Also ``candidates`` ``[C]`` (workers by index; -1 for a platform without a worker), ``utility`` ``[C, N]``, the
        voters' expected utility of each victory, and the results of the election with the voters' weights ``[N]``.
        """
        return dict(self.fitted)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Load what :meth:`state_dict` returned."""
        self.fitted = dict(state)
