"""Messages between players who ask a language model: who may write to whom, and in which phase.

Nothing is allowed unless a permission allows it, and a permission that denies is stronger than all that allow. A
permission states sender, receiver and phase, so that nothing is allowed because a condition was left out.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from econsim.parameters import Chosen, FromRoom, Model

__all__ = ["Decision", "Messages", "Permission", "Phase"]

Phase = Literal["acting", "voting"]


class Decision(NamedTuple):
    """Whether a message is delivered, and by which permission: its name, ``default`` or ``network``."""

    allowed: bool
    rule: str


class Permission(Model):
    """Whether players of one role may write to players of one role, before they act or vote."""

    effect: Literal["allow", "deny"] = "allow"
    """``allow``, or ``deny``, which is stronger than every permission that allows."""
    sender: str
    """The role of the sender."""
    receiver: str
    """The role of the receiver."""
    phase: Phase
    """``acting``: before the sender acts; ``voting``: before it votes in an election."""
    players: tuple[int, ...] | None = None
    """The senders, by their numbers in the role, from 0; none: all."""
    first_step: int = Field(1, ge=1)
    """The first step in which it holds."""
    last_step: int | None = Field(None, ge=1)
    """The last step in which it holds; none: the last of the episode."""
    name: str = ""
    """Its name in the log; by default its number, ``permission 1`` and so on."""

    def covers(self, sender: tuple[str, int], receiver: tuple[str, int], phase: Phase, step: int) -> bool:
        """Return whether it speaks about a message between two players, given by role and number."""
        is_sender = sender[0] == self.sender and (self.players is None or sender[1] in self.players)
        is_time = self.first_step <= step and (self.last_step is None or step <= self.last_step)
        return is_sender and receiver[0] == self.receiver and phase == self.phase and is_time


class Messages(Model):
    """Messages between players while policies are scored; nothing of it happens in training."""

    permissions: tuple[Permission, ...]
    """Who may write to whom; what no permission allows is denied."""
    network: Annotated[Chosen, FromRoom("networks")] | None = None
    """The network whose neighbours may write to each other, a kind of networks over all players in the order of roles;
    none: everybody is a neighbour of everybody."""
    longest: int = Field(200, ge=1, le=2000)
    """Largest number of characters of a message; the rest of a longer one is left out."""
    kept: int = Field(10, ge=1, le=100)
    """Number of received messages in a question, the last ones."""

    @model_validator(mode="after")
    def _permissions_are_named(self) -> Self:
        if not self.permissions:
            raise ValueError("permissions: expected one or more, since nobody may write without one")
        names = [self.named(number) for number in range(len(self.permissions))]
        if len(set(names)) < len(names) or {"default", "network"} & set(names):
            raise ValueError("permissions: each needs a name of its own, other than default and network")
        return self

    def named(self, number: int) -> str:
        """Return the name of a permission by its place from 0."""
        return self.permissions[number].name or f"permission {number + 1}"

    def decision(
        self, sender: tuple[str, int], receiver: tuple[str, int], phase: Phase, step: int, neighbours: bool
    ) -> Decision:
        """Return whether a message between two players, given by role and number, is delivered.

        A denial is stronger than every permission that allows, and nothing is allowed by default.
        """
        applying = [
            (each.effect, self.named(number))
            for number, each in enumerate(self.permissions)
            if each.covers(sender, receiver, phase, step)
        ]
        denials = [name for effect, name in applying if effect == "deny"]
        if denials or not applying:
            return Decision(False, denials[0] if denials else "default")
        return Decision(True, applying[0][1]) if neighbours and sender != receiver else Decision(False, "network")
