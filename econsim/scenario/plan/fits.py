"""Fits of a policy: the learners of its agents, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pydantic import ValidationError

from econsim import kinds
from econsim.errors import UserError
from econsim.game import Agent, FittedAgent
from econsim.learning import HasDefaultLearner, Learner, SelfFit, SelfFitting
from econsim.parameters import Chosen

__all__ = ["Fit", "fits_of", "is_pretrained", "learners_for"]


@dataclass(frozen=True)
class Fit:
    """A fit of the agents of ``roles`` by one learner.

    ``name`` is the name of the learner, ``kind`` the kind of the first agent. ``is_training``: the learner is the
    scenario's ``training``; ``learner`` is ``None`` if that does not fit all of the agents.
    """

    name: str
    kind: str
    roles: tuple[str, ...]
    learner: Learner | None
    is_training: bool = False


def fits_of(agents: Mapping[str, Chosen], training: Learner | None, name: str) -> tuple[Fit, ...]:
    """Return the fits that ``agents`` need, in order.

    Args:
        agents: the agents by role.
        training: the learner of the scenario's ``training``, if it has one.
        name: the name of that learner.

    Raises:
        UserError: several agents fit themselves, each to the fitted policies of the others.
    """
    fitted = {
        role: chosen.build() for role, chosen in agents.items() if issubclass(chosen.kind.implementation, FittedAgent)
    }
    needy = [
        role
        for role, agent in fitted.items()
        if not isinstance(agent, (SelfFitting, HasDefaultLearner))
        and not (is_pretrained(agents[role]) and (training is None or not training.fits(agent)))
    ]
    trained = _trained(fitted, needy, training)
    rest = {role: agent for role, agent in fitted.items() if role not in trained}
    alone = [role for role, agent in rest.items() if isinstance(agent, SelfFitting)]
    if len(alone) > 1:
        raise UserError(
            f"{' and '.join(alone)} are played by agents that fit themselves to each other; give all but one of"
            " these roles an agent that needs no fitting"
        )
    by_itself = [Fit(agents[role].kind.name, agents[role].kind.name, (role,), SelfFit(role)) for role in alone]
    by_default = _by_default(agents, {role: agent for role, agent in rest.items() if role not in alone})
    if not trained:
        return (*by_default, *by_itself)
    complete = training is not None and all(training.fits(fitted[role]) for role in trained)
    joint = Fit(name, agents[trained[0]].kind.name, trained, training if complete else None, is_training=True)
    return (*by_default, *by_itself, joint) if needy else (*by_default, joint, *by_itself)


def is_pretrained(chosen: Chosen) -> bool:
    """Return whether an agent has the weights of another run, so that it can play without training."""
    return getattr(chosen.parameters, "weights", None) is not None


def learners_for(agents: Sequence[Agent]) -> list[str]:
    """Return the kinds of learners that fit all of ``agents`` in any game, with their default settings."""
    names = []
    for name in kinds.names("training"):
        with suppress(ValidationError):  # a learner without defaults, such as a curriculum without phases
            learner = _with_defaults(name)
            names += [name] if not hasattr(learner, "games") and all(map(learner.fits, agents)) else []
    return names


def _trained(fitted: Mapping[str, Agent], needy: Sequence[str], training: Learner | None) -> tuple[str, ...]:
    """Return the roles for the scenario's training: those that nothing else fits, then all others that it fits.

    Agents that can fit themselves do so, unless the training also fits other agents.
    """
    willing = [role for role, agent in fitted.items() if training is not None and training.fits(agent)]
    if all(isinstance(fitted[role], SelfFitting) for role in willing):
        willing = []
    return (*needy, *(role for role in willing if role not in needy))


def _by_default(chosen: Mapping[str, Chosen], agents: Mapping[str, Agent]) -> list[Fit]:
    """Return the fits by the default learners that ``agents`` name, each with its default settings."""
    roles_of: dict[str, list[str]] = {}
    for role, agent in agents.items():
        if isinstance(agent, HasDefaultLearner):
            roles_of.setdefault(agent.default_learner, []).append(role)
    return [
        Fit(name, chosen[roles[0]].kind.name, tuple(roles), _with_defaults(name))
        for name, roles in sorted(roles_of.items())
    ]


def _with_defaults(name: str) -> Learner:
    kind = kinds.load("training", name)
    learner: Learner = kind.build(kind.parameters())
    return learner
