"""Play through the text interface of a game, with the same form of questions and answers for every role and game."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from econsim import random
from econsim.agents.llm.asking import Asking, tokens_of
from econsim.agents.llm.memory import Memory, Moments, Recollection, RoleInWords, Turn
from econsim.agents.llm.text_history import History
from econsim.errors import UserError
from econsim.game import Agent, Box, Game, Observation, Role
from econsim.llm.questions import Addressee, Question
from econsim.parameters import Model
from econsim.text import SEPARATOR, Action, RoleText, Seen, acting_players, seen_by
from econsim.text.presentation import Names, Order, Presentation

__all__ = ["PARAMETERS", "TextMemory", "TextPlay", "check_unused"]

PARAMETERS = ("llm", "wording", "history", "memory", "order", "names", "reasoning", "temperature", "max_tokens")
"""The parameters of agents and planners that apply in every game."""
_ANSWER_TOKENS = 10  # per label or number
_THOUGHT_TOKENS = 100


class Settings(Protocol):
    """Parameters that agents and planners have in common; see :class:`econsim.agents.llm.Parameters`."""

    @property
    def wording(self) -> str: ...
    @property
    def history(self) -> int: ...
    @property
    def memory(self) -> Memory: ...
    @property
    def order(self) -> Order: ...
    @property
    def names(self) -> Names: ...
    @property
    def reasoning(self) -> bool: ...
    @property
    def temperature(self) -> float | None: ...
    @property
    def max_tokens(self) -> int | None: ...


@dataclass(frozen=True)
class RoleInPlay:
    """Constants of an episode; ``rule`` is the fallback agent with its memory, if the scenario names one.

    ``characters``: the personas of the players, of whom those beyond the last begin again with the first.
    ``recollection``: what keeps their memories, where they have more than the short history.
    """

    role: Role
    text: RoleText
    rule: tuple[Agent, Any] | None
    characters: tuple[str, ...] = ()
    recollection: Recollection | None = None

    def persona(self, player: int) -> str:
        """Return the persona of a player; empty if there are none."""
        return self.characters[player % len(self.characters)] if self.characters else ""


class TextMemory(NamedTuple):
    """The role, the short history of each player, and its memories if it has more than that.

    ``recalled``: between :meth:`TextPlay.converse` and :meth:`TextPlay.act`, what those who act remember.
    """

    playing: RoleInPlay
    history: History
    moments: Moments | None = None
    recalled: tuple[list[str], Moments | None] | None = None


class TextPlay:
    """Plays a role through the text interface of its game, on behalf of a language-model agent."""

    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking, self._settings = asking, settings

    def start(
        self,
        game: Game[Any],
        role: Role,
        num_envs: int,
        key: str,
        rule: Agent | None = None,
        characters: tuple[str, ...] = (),
        explained: str = "",
    ) -> TextMemory:
        """Return empty memories.

        Args:
            game: the game.
            role: the role that is played.
            num_envs: number of environment copies.
            key: the scenario key of the agent, for error messages.
            rule: agent that acts if no answer can be used; ``None``: the first legal option, or the number closest to
                zero.
            characters: the personas of the players, at the beginning of their questions.
            explained: an addition to the rules.

        Raises:
            UserError: the wording does not exist.
        """
        settings = self._settings
        presentation = Presentation(settings.order, settings.names)
        text = RoleText(game, role, settings.wording, f"{key}.wording", settings.reasoning, presentation)
        text.rules = f"{text.rules.rstrip()}\n\n{explained}" if explained else text.rules
        fallback = None if rule is None else (rule, rule.start(game, role, num_envs))
        history = History.empty(game, role, num_envs, settings.history)
        if not settings.memory.kinds:
            return TextMemory(RoleInPlay(role, text, fallback, characters), history)
        recollection = Recollection(
            self._asking, settings.memory, RoleInWords(text), settings.temperature, f"{key}.memory"
        )
        playing = RoleInPlay(role, text, fallback, characters, recollection)
        return TextMemory(playing, history, recollection.empty(game, role, num_envs))

    def converse(self, observation: Observation, memory: TextMemory, key: Tensor) -> TextMemory:
        """Let all who act next write messages, where that is allowed, and return the next memory."""
        acting = acting_players(observation)
        if not self._asking.converses or not bool(acting.any()):
            return memory
        now = memory._replace(history=memory.history.in_next_step())
        seen, pasts = seen_by(observation, acting), now.history.of(acting)
        recalled = self._remembered(now, seen, pasts, acting, key)
        steps = now.history.step.tolist()
        self._asking.converse(self._questions(now.playing, seen, pasts, recalled[0], acting, steps, key))
        return memory._replace(recalled=recalled)

    def act(self, observation: Observation, memory: TextMemory, key: Tensor) -> tuple[Tensor, TextMemory]:
        """Return actions ``[B, N, ...]``: new ones for all who act, in one batch; others repeat their last action."""
        playing, history, moments = memory.playing, memory.history.in_next_step(), memory.moments
        acting = acting_players(observation)
        latest = history.latest.clone()
        if bool(acting.any()):
            actions, moments = self._actions(observation, acting, memory._replace(history=history), key)
            latest[acting] = torch.tensor(actions, dtype=torch.float64, device=latest.device)
            history = history.with_actions(latest, acting)
        shaped = latest.reshape(*acting.shape, *playing.role.action.shape)
        is_box = isinstance(playing.role.action, Box)
        action = shaped.to(observation.features.dtype) if is_box else shaped.long()
        return action, TextMemory(playing, history, moments)

    def turns(self, game: Game[Any], role: Role) -> int:
        """Return the number of questions for an action in an episode."""
        return role.count * -(-game.horizon // role.acts_every)

    def forecast(
        self, game: Game[Any], role: Role, num_envs: int, key: str, explained: str = ""
    ) -> tuple[int, int, int]:
        """Return upper estimates of the calls, input tokens and output tokens of an episode."""
        playing, turns = (
            self.start(game, role, 1, key, explained=explained).playing,
            -(-game.horizon // role.acts_every),
        )
        observation = game.observe(game.reset(random.keys(0, 1, game.device)))[role.name]
        if role.action != game.roles[role.name].action:
            observation = observation.with_fields(action_mask=None)
        seen = seen_by(observation, torch.ones_like(observation.alive))[0]
        action = playing.text.action.neutral(None)
        past = [action] * min(self._settings.history, turns // 2)  # the mean length of the history
        calls = num_envs * role.count * turns
        answer = _ANSWER_TOKENS * (1 + len(action)) + _THOUGHT_TOKENS * self._settings.reasoning
        inputs, players = tokens_of([playing.text.rules, playing.text.question(seen, past)]), num_envs * role.count
        more = (0, 0, 0) if playing.recollection is None else playing.recollection.forecast(turns)
        return calls + players * more[0], calls * inputs + players * more[1], calls * answer + players * more[2]

    def _actions(
        self, observation: Observation, acting: Tensor, memory: TextMemory, key: Tensor
    ) -> tuple[list[Action], Moments | None]:
        """Return the action of each player who acts, and the next memories."""
        playing, seen, pasts = memory.playing, seen_by(observation, acting), memory.history.of(acting)
        remembered, moments = self._remembered(memory, seen, pasts, acting, key)
        questions = self._questions(playing, seen, pasts, remembered, acting, memory.history.step.tolist(), key)
        return self._answered(playing, observation, acting, seen, pasts, questions, key), moments

    def _remembered(
        self, memory: TextMemory, seen: list[Seen], pasts: list[list[Action]], acting: Tensor, key: Tensor
    ) -> tuple[list[str], Moments | None]:
        """Return what each player who acts remembers beyond its short history, and the next memories."""
        playing, moments = memory.playing, memory.moments
        if memory.recalled is not None:
            return memory.recalled
        if playing.recollection is None or moments is None:
            return [""] * len(seen), None
        players = [(copy, player) for copy, player in acting.nonzero().tolist()]
        steps, personas = memory.history.step.tolist(), [playing.persona(player) for _, player in players]
        last = [past[-1] if past else None for past in pasts]
        at = [steps[copy] for copy, _ in players]
        numbers = [of_player.numbers for of_player in seen]
        turn = Turn(players, at, numbers, last, personas, acting, memory.history.step)
        return playing.recollection.recalled(turn, moments, key)

    def _answered(
        self,
        playing: RoleInPlay,
        observation: Observation,
        acting: Tensor,
        seen: Sequence[Seen],
        pasts: Sequence[Sequence[Action]],
        questions: Sequence[Question],
        key: Tensor,
    ) -> list[Action]:
        """Return the action of each player who acts: its answer, or the replacement of a missing answer."""
        text, answers = playing.text.action, self._asking.service.ask(questions)
        actions: list[Action | None] = [
            text.action(answer.value) if answer.value is not None else self._previous(playing, of_player, past)
            for answer, of_player, past in zip(answers, seen, pasts, strict=True)
        ]
        if None in actions:
            fallback = _fallback_actions(playing, observation, acting, seen, random.fold(key, "rule"))
            return [by_rule if action is None else action for action, by_rule in zip(actions, fallback, strict=True)]
        return [action for action in actions if action is not None]

    def _questions(
        self,
        playing: RoleInPlay,
        seen: Sequence[Seen],
        pasts: Sequence[Sequence[Action]],
        remembered: Sequence[str],
        acting: Tensor,
        steps: Sequence[int],
        key: Tensor,
    ) -> list[Question]:
        settings, text, purpose = self._settings, playing.text, playing.role.name
        seeds = self._asking.seeds(key, f"action/{purpose}", playing.role.count)
        places = acting.nonzero().tolist()
        kept = pasts if settings.history else [()] * len(seen)
        return [
            Question(
                text.rules,
                "\n\n".join(filter(None, (playing.persona(player), memories, text.question(of_player, past)))),
                text.form(of_player),
                purpose,
                seeds[copy * playing.role.count + player],
                settings.temperature,
                settings.max_tokens,
                history=text.past(past),
                separator=SEPARATOR,
                addressee=Addressee(player, copy, steps[copy], playing.persona(player)),
            )
            for (copy, player), of_player, past, memories in zip(places, seen, kept, remembered, strict=True)
        ]

    def _previous(self, playing: RoleInPlay, seen: Seen, past: Sequence[Action]) -> Action | None:
        """Return the player's last action if it may replace a missing answer and is legal now."""
        is_legal = bool(past) and playing.text.action.allows(past[-1], seen.mask)
        return past[-1] if self._asking.fill(is_legal) == "previous" else None


def _fallback_actions(
    playing: RoleInPlay, observation: Observation, acting: Tensor, seen: Sequence[Seen], key: Tensor
) -> list[Action]:
    """Return the action of the fallback rule for each player who acts; without a rule, the neutral legal action."""
    if playing.rule is None:
        return [playing.text.action.neutral(of_player.mask) for of_player in seen]
    agent, memory = playing.rule
    actions, _ = agent.act(observation, memory, key)
    return [tuple(action) for action in actions[acting].double().reshape(len(seen), -1).tolist()]


def check_unused(parameters: Model, used: Collection[str], game: Game[Any], where: str) -> None:
    """Raise :class:`UserError` if parameters are set that only apply in games with hours and tax years."""
    default = type(parameters)()
    names = [name for name in type(parameters).model_fields if name not in used]
    changed = [name for name in names if getattr(parameters, name) != getattr(default, name)]
    if changed:
        raise UserError(
            f"{where}: {', '.join(changed)} of kind llm only apply in games with prompts for tax years, which"
            f" {type(game).__name__} does not have; remove them"
        )
