"""Agenda setting: a setter proposes a policy, an amender may replace it, and a committee votes on it.

State
    The node of the game tree at which each environment copy is, and time.

Actions
    Role ``setter``: one of the policies, which the amender sees. Role ``amender``, where there is one: an alternative
    to the proposal, or the proposal itself, which leaves it unchanged. Each voter is a role, ``voter_1`` and so on, and
    votes ``yes`` or ``no`` in turn, knowing all earlier votes: first on the amendment, if there is one, then on the
    final proposal. A majority of weights decides; a tie keeps what is proposed first, or the status quo.

Observations
    All earlier moves, by their names.

Dynamics
    One player moves in each step. Voting stops once the result is certain. If the status quo is the final proposal, the
    game ends without a vote on it.

Rewards
    At the end, ``-|x - ideal|``, or ``-(x - ideal)^2`` with ``loss: quadratic``, for the policy ``x`` that is adopted;
    zero before.

Conservation
    No quantity is conserved. The game has no accounts; payoffs are returns.

Calibration
    None: policies and ideal points are positions on a line, such as flat tax rates.

Checks
    With one voter and a status quo ``q`` below its ideal point ``v``, the setter ``s >= v`` gets ``min(s, 2 v - q)``
    (Romer and Rosenthal 1978), and ``q`` if ``v <= q <= s``. With an amender and a committee, backward induction over
    all votes adopts what sophisticated majorities choose between the final results of both sides of each vote.

References:
    Romer and Rosenthal (1978), *Political Resource Allocation, Controlled Agendas, and the Status Quo*; Shepsle and
    Weingast (1984), *Uncovered Sets and Sophisticated Voting Outcomes*.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

from pydantic import Field, model_validator

from econsim.games import extensive_form
from econsim.games._committee import agenda_tree, most_ends
from econsim.games._efg_files import efg_text
from econsim.parameters import Model

__all__ = ["Agenda", "Parameters"]

REFERENCES = (
    "@article{romer1978political, title={Political Resource Allocation, Controlled Agendas, and the Status Quo}, "
    "author={Romer, Thomas and Rosenthal, Howard}, journal={Public Choice}, volume={33}, number={4}, pages={27--43}, "
    "year={1978}}",
    "@article{shepsle1984uncovered, title={Uncovered Sets and Sophisticated Voting Outcomes with Implications for "
    "Agenda Institutions}, author={Shepsle, Kenneth A. and Weingast, Barry R.}, journal={American Journal of Political "
    "Science}, volume={28}, number={1}, pages={49--74}, year={1984}}",
)
MOST_ENDS = 100_000


class Parameters(Model):
    """Parameters of an agenda-setting game."""

    policies: tuple[float, ...] = Field(default=tuple(level / 10 for level in range(11)), min_length=2)
    """Policies that can be proposed, as positions on a line, all different."""
    status_quo: float = 0.2
    """The policy that stays in force if the final proposal is rejected; it need not be one of ``policies``."""
    setter: float = 1.0
    """Ideal point of the setter, who proposes."""
    amender: float | None = None
    """Ideal point of a player who may amend the proposal; null: there is no amendment."""
    voters: tuple[float, ...] = Field(default=(0.5,), min_length=1)
    """Ideal points of the voters, in the order in which they vote."""
    loss: Literal["absolute", "quadratic"] = "absolute"
    """How the payoff falls with the distance from the ideal point."""

    @model_validator(mode="after")
    def _can_be_listed(self) -> Parameters:
        if len(set(self.policies)) < len(self.policies):
            raise ValueError("policies: expected different positions")
        ends = most_ends(len(self.policies), len(self.voters), self.amender is not None)
        if ends > MOST_ENDS:
            raise ValueError(f"expected at most {MOST_ENDS:,} ends, found {ends:,}; use fewer policies or voters")
        return self


class Agenda(extensive_form.ExtensiveForm):
    """Agenda-setting game of perfect information; the module docstring describes it."""

    def __init__(self, parameters: Parameters) -> None:
        self.agenda = parameters
        exact = {name: tuple(map(_exact, getattr(parameters, name))) for name in ("policies", "voters")}
        amender = None if parameters.amender is None else _exact(parameters.amender)
        quo, setter = _exact(parameters.status_quo), _exact(parameters.setter)
        tree = agenda_tree(exact["policies"], quo, setter, amender, exact["voters"], parameters.loss == "quadratic")
        super().__init__(extensive_form.Parameters(efg=efg_text(tree)))

    def briefing(self, role: str) -> dict[str, Any]:
        """Return the rules in words and the names of the player's information sets, for prompts."""
        return {**super().briefing(role), "page": self._rules(role)}

    def _rules(self, role: str) -> str:
        settings = self.agenda
        ideals = {"setter": settings.setter, "amender": settings.amender}
        ideals |= {f"voter_{number}": ideal for number, ideal in enumerate(settings.voters, 1)}
        amended = " The amender sees it and may put another policy in its place; voters vote on that first."
        distance = "the square of the distance" if settings.loss == "quadratic" else "the distance"
        return (
            f"Agenda setting. The setter proposes a policy.{'' if settings.amender is None else amended} Voters then "
            "vote yes or no in turn on the final proposal, and see all earlier votes; more yes than no votes adopt it, "
            f"and otherwise the status quo of {settings.status_quo:g} stays in force. The payoff is the negative of "
            f"{distance} between the policy in force and a player's ideal point.\n\nYour ideal point is "
            f"{ideals[role]:g}. You know all earlier moves."
        )


def _exact(position: float) -> Fraction:
    """Return a position as the decimal that the user wrote, so that ties are exact."""
    return Fraction(str(position))
