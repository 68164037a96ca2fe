"""Base of planners that fit one action and announce it during the whole episode."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from econsim.errors import UserError
from econsim.game import Agent, Game, Role
from econsim.learning import Recorder
from econsim.play import ConstantPolicy


class FittedAction(ConstantPolicy):
    """A planner that announces the action computed by :meth:`fit`; ``kind`` is its name in scenarios."""

    kind: ClassVar[str]

    def __init__(self) -> None:
        self.fitted: dict[str, Tensor] = {}

    @abstractmethod
    def fit(self, game: Game[Any], role: Role, agents: Mapping[str, Agent], seed: int, recorder: Recorder) -> None:
        """Fit the action, given the play of all other ``agents``; see :class:`econsim.learning.SelfFitting`."""

    def action(self, game: Game[Any], role: Role) -> Tensor:
        """Return the fitted action ``[*shape]``; raises ``UserError`` before a fit."""
        if "rates" not in self.fitted:
            raise UserError(
                f"planner: the planner of kind {self.kind} has not been fitted; fit it with econsim.run or its method"
                " fit"
            )
        return self.fitted["rates"]

    def state_dict(self) -> dict[str, Tensor]:
        """Return the fitted action, ``rates`` ``[*shape]``, and additional results of the planner."""
        return dict(self.fitted)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Load what :meth:`state_dict` returned."""
        self.fitted = dict(state)
