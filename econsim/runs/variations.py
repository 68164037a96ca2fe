"""Variations of language-model agents for audits: the same agents without a memory, in other words, or other models.

Each variant changes parameters of the kinds that ask a language model, and nothing else, so that every one of them can
be played as a scenario of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from torch import Tensor

from econsim import random
from econsim.errors import UserError
from econsim.game import Agent, Box, Game, Observation, Role
from econsim.llm.protocols import AnswersQuestions, EstimatesCalls, TakesTurns, UsesLlm
from econsim.parameters import Chosen, Model
from econsim.play import Speaks
from econsim.scenario import Scenario
from econsim.split_roles import base_game

__all__ = ["BASE", "VARIATIONS", "Variant", "WatchedAgent", "asking_roles", "variants_of"]

BASE = "as given"
"""The label of the agents as the scenario gives them."""
VARIATIONS = ("memory", "paraphrase", "order", "names", "models", "replicates", "drift")
"""What an audit can vary; ``drift`` compares the steps of one run instead of variants."""
_REPLICATES = 2
_MEMORIES = ("retrieval", "reflection")


@dataclass(frozen=True)
class Variant:
    """Agents by role that differ in one thing from those of the scenario.

    ``variation``: one of :data:`VARIATIONS`. ``reseeded``: draw other seeds of questions, by this number.
    """

    variation: str
    label: str
    chosen: Mapping[str, Chosen]
    reseeded: int = 0


class WatchedAgent:
    """An agent whose actions are kept: one ``(actions, acting)`` of ``[B, N, ...]`` and ``[B, N]`` per step."""

    def __init__(self, agent: Agent, reseeded: int = 0) -> None:
        """Take the agent, and the number by which its random draws differ from those of the scenario."""
        self.agent, self.steps = agent, list[tuple[Tensor, Tensor]]()
        self._reseeded = reseeded

    @property
    def model_name(self) -> str:
        """The name in ``llm.models`` of the model that it asks."""
        return str(getattr(self.agent, "model_name", ""))

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Any:
        """Return the memory of the agent."""
        return self.agent.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Any, key: Tensor) -> tuple[Tensor, Any]:
        """Return and keep the actions of the agent."""
        drawn = random.fold(key, f"replicate {self._reseeded}") if self._reseeded else key
        action, memory = self.agent.act(observation, memory, drawn)
        self.steps.append((action.cpu(), (observation.acting & observation.alive).cpu()))
        return action, memory

    def speak(self, observation: Observation, memory: Any, key: Tensor) -> Any:
        """Let the players of the agent write messages."""
        drawn = random.fold(key, f"replicate {self._reseeded}") if self._reseeded else key
        return self.agent.speak(observation, memory, drawn) if isinstance(self.agent, Speaks) else memory

    def connect(self, service: AnswersQuestions) -> None:
        """Set the service to which all questions are sent."""
        if isinstance(self.agent, UsesLlm):
            self.agent.connect(service)

    def turns(self, game: Game[Any], role: Role) -> tuple[str, Literal["acting", "voting"], int]:
        """Return who may write messages, before what, and how often in an episode."""
        return self.agent.turns(game, role) if isinstance(self.agent, TakesTurns) else (role.name, "acting", 0)

    def forecast(self, game: Game[Any], role: Role, num_envs: int) -> tuple[int, int, int]:
        """Return the estimated numbers of calls, input tokens and output tokens of an episode."""
        return self.agent.forecast(game, role, num_envs) if isinstance(self.agent, EstimatesCalls) else (0, 0, 0)


def asking_roles(chosen: Mapping[str, Chosen]) -> list[str]:
    """Return the roles whose agents ask a language model in words that can be varied."""
    return [role for role, each in chosen.items() if _has(each.parameters, "llm") and _has(each.parameters, "wording")]


def variants_of(
    scenario: Scenario, game: Game[Any], chosen: Mapping[str, Chosen], variations: Sequence[str]
) -> tuple[list[Variant], list[str]]:
    """Return the variants of the agents, and a sentence for each variation that does not apply.

    Args:
        scenario: the scenario, with the models of ``llm.models``.
        game: its game.
        chosen: the agents by role.
        variations: names from :data:`VARIATIONS`.

    Raises:
        UserError: no agent asks a language model.
    """
    asking = asking_roles(chosen)
    if not asking:
        raise UserError(f"{scenario.name}: no agent of kind llm, whose behaviour could be audited")
    makers: dict[str, Callable[[], Iterator[Variant]]] = {
        "memory": lambda: _without_memories(game, chosen, asking),
        "paraphrase": lambda: _in_other_words(game, chosen, asking),
        "order": lambda: _in_other_order(game, chosen, asking),
        "names": lambda: _one(game, chosen, asking, "names", "neutral names", {"names": "neutral"}),
        "models": lambda: _of_other_models(scenario, chosen, asking),
        "replicates": lambda: _replicates(chosen),
        "drift": lambda: iter(()),
    }
    variants, skipped = [], []
    for name in variations:
        made = list(makers[name]())
        variants += made
        if not made and name != "drift":
            skipped.append(f"{name}: nothing can be varied in this scenario")
    return variants, skipped


def _has(parameters: Model, name: str) -> bool:
    return name in type(parameters).model_fields


def _changed(chosen: Mapping[str, Chosen], roles: Sequence[str], changes: Mapping[str, Any]) -> dict[str, Chosen]:
    """Return the agents with other parameters in those of ``roles`` that have them."""
    changed = dict(chosen)
    for role in roles:
        own = {name: value for name, value in changes.items() if _has(chosen[role].parameters, name)}
        changed[role] = replace(chosen[role], parameters=chosen[role].parameters.model_copy(update=own))
    return changed


def _one(
    game: Game[Any],
    chosen: Mapping[str, Chosen],
    roles: Sequence[str],
    variation: str,
    label: str,
    changes: Mapping[str, Any],
) -> Iterator[Variant]:
    """Yield the variant with other parameters in the roles that can be played with them; none if there are none."""
    able = [role for role in roles if _differs(chosen[role], changes) and _starts(game, role, chosen, changes)]
    if able:
        yield Variant(variation, label, _changed(chosen, able, changes))


def _differs(chosen: Chosen, changes: Mapping[str, Any]) -> bool:
    """Return whether an agent has one of the parameters with another value."""
    parameters = chosen.parameters
    return any(_has(parameters, name) and getattr(parameters, name) != value for name, value in changes.items())


def _starts(game: Game[Any], role: str, chosen: Mapping[str, Chosen], changes: Mapping[str, Any]) -> bool:
    try:
        _changed(chosen, [role], changes)[role].build().start(game, game.roles[role], 1)
    except UserError:
        return False
    return True


def _without_memories(game: Game[Any], chosen: Mapping[str, Chosen], roles: Sequence[str]) -> Iterator[Variant]:
    """Yield a variant without each kind of memory that is in use, beginning with the short history."""
    changed = dict(chosen)
    for role in (role for role in roles if getattr(chosen[role].parameters, "history", 0)):
        whole = {"history": 0, "best": 0}  # the best steps are part of the history where hours or taxes are chosen
        changed |= _changed(chosen, [role], whole if _starts(game, role, chosen, whole) else {"history": 0})
    if changed != dict(chosen):
        yield Variant("memory", "without history", changed)
    for kind in _MEMORIES:
        memories = {role: getattr(chosen[role].parameters, "memory", None) for role in roles}
        changed = dict(chosen)
        for role, memory in memories.items():
            if memory is not None and getattr(memory, kind) is not None:
                changed |= _changed(chosen, [role], {"memory": memory.model_copy(update={kind: None})})
        if changed != dict(chosen):
            yield Variant("memory", f"without {kind}", changed)


def _in_other_words(game: Game[Any], chosen: Mapping[str, Chosen], roles: Sequence[str]) -> Iterator[Variant]:
    for wording in ("standard", "plain"):
        yield from _one(game, chosen, roles, "paraphrase", f"wording {wording}", {"wording": wording})


def _in_other_order(game: Game[Any], chosen: Mapping[str, Chosen], roles: Sequence[str]) -> Iterator[Variant]:
    with_options = [role for role in roles if not isinstance(game.roles[role].action, Box)]
    yield from _one(game, chosen, with_options, "order", "options reversed", {"order": "reversed"})


def _of_other_models(scenario: Scenario, chosen: Mapping[str, Chosen], roles: Sequence[str]) -> Iterator[Variant]:
    settings = scenario.llm
    if settings is None:
        return
    names = [*([""] if settings.model else []), *settings.models]
    for name in names:
        if any(getattr(chosen[role].parameters, "llm", name) != name for role in roles):
            model = settings.named(name).model
            label = f"model {name} ({model})" if name else f"model {model}"
            yield Variant("models", label, _changed(chosen, roles, {"llm": name}))


def _replicates(chosen: Mapping[str, Chosen]) -> Iterator[Variant]:
    for number in range(1, _REPLICATES + 1):
        yield Variant("replicates", f"replicate {number + 1}", dict(chosen), number)


def is_story_kept(game: Game[Any]) -> bool:
    """Return whether neutral names leave the story of a game in its rules, which list no payoffs."""
    from econsim.text.payoffs import payoff_lines

    return not payoff_lines(base_game(game))
