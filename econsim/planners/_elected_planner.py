"""Base of planners whose schedules are voted on: what candidates promise and would do is fitted."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from econsim.errors import UserError
from econsim.game import Agent, Game, Role
from econsim.learning import Recorder
from econsim.planners._campaign import Campaign
from econsim.planners._candidates import ElectionParameters


class ElectedPlanner(ABC):
    """A planner that announces the schedule of an elected candidate; ``kind`` is what scenarios call it."""

    kind: ClassVar[str]
    parameters: ElectionParameters

    def __init__(self) -> None:
        self.fitted: dict[str, Tensor] = {}

    @property
    def voters_are_exact(self) -> bool:
        """Whether voters expect everybody to answer exactly; else as the agents play that the planner is fitted to."""
        return True

    @property
    def voters_trust(self) -> bool:
        """Whether voters believe platforms that do not bind."""
        return True

    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Find who stands, what they promise and would announce, and what each victory would bring every voter.

        Raises:
            UserError: the role sets no tax brackets, or voters cannot know what is best for them.
        """
        exact: Game[Any] = game.to(dtype=torch.float64)
        campaign = Campaign.of(exact, role, self.parameters, agents, self.voters_are_exact, seed)
        recorder.progress(1, 3, "elected")
        candidates = campaign.candidates(self.voters_trust)
        recorder.progress(2, 3, "elected")
        fitted = candidates | self.election(campaign, candidates, recorder)
        for place, rates in enumerate(fitted["rates"].tolist()):
            for bracket, rate in enumerate(rates):
                recorder.log(f"elected/rate_{bracket + 1}", rate, step=place)
        self.load_state_dict(fitted)
        recorder.progress(3, 3, "elected")

    def election(self, campaign: Campaign, candidates: Mapping[str, Tensor], recorder: Recorder) -> dict[str, Tensor]:
        """Return what a fit adds about the election itself; nothing where ballots are cast in play."""
        return {}

    def result(self) -> dict[str, Tensor]:
        """Return what was fitted; raises :class:`UserError` before a fit."""
        if not self.fitted:
            raise UserError(f"planner: {self.kind} is not fitted; econsim.run fits it, or its method fit")
        return self.fitted

    def state_dict(self) -> dict[str, Tensor]:
        """Return ``promised`` and ``rates`` ``[C, K]``, what candidates promise and what they would announce.

        Beside them ``candidates`` ``[C]`` (workers by index, -1: nobody's platform), ``utility`` ``[C, N]`` that voters
        expect of each victory, and what the election found.
        """
        return dict(self.fitted)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`state_dict` returned."""
        self.fitted = dict(state)
