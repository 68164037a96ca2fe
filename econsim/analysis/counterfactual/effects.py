"""Decomposition of a reform into a mechanical effect, with behaviour held fixed, and a behavioural effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from econsim.analysis.counterfactual.paired_play import Played, Watch, play_points
from econsim.analysis.inequality import Floats, arrays
from econsim.errors import UserError
from econsim.game import Agent, Game, Memory, Observation, Role
from econsim.mechanisms.taxes import brackets_tax

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Effects", "Schedule", "behaviour_held", "decomposed", "revenue_effects"]

Schedule = tuple[ArrayLike, ArrayLike]
"""Thresholds and rates of brackets, ``[K]`` each."""


class Effects(NamedTuple):
    """Effects of a reform; ``total`` is ``mechanical`` plus ``behavioural``."""

    mechanical: Floats
    behavioural: Floats
    total: Floats


def decomposed(baseline: ArrayLike, held: ArrayLike, reform: ArrayLike) -> Effects:
    """Return the effects on a quantity ``[...]``: its baseline, with behaviour held fixed, and under the reform."""
    before, between, after = (arrays(part)[0] for part in (baseline, held, reform))
    return Effects(between - before, after - between, after - before)


def revenue_effects(
    income: ArrayLike,
    income_reform: ArrayLike,
    schedule: Schedule,
    schedule_reform: Schedule,
    group: Any = None,
    people: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return the effects of a change of schedule on revenue: at unchanged incomes, and because incomes change.

    Args:
        income: ``[N]`` under the baseline.
        income_reform: ``[N]``, the same people under the reform.
        schedule: thresholds and rates ``[K]`` of the baseline.
        schedule_reform: those of the reform.
        group: ``[N]`` labels, one row per group; ``"all"`` if not given.
        people: ``[N]`` weights, one each if not given.

    Returns:
        ``baseline``, ``mechanical``, ``behavioural``, ``total`` and ``reform`` revenue, sums over people in money.

    Raises:
        UserError: not the same people.
    """
    import pandas as pd

    before, mass = arrays(income, people)
    after = arrays(income_reform)[0]
    if before.shape != after.shape or before.shape != mass.shape:
        raise UserError(f"expected the same people before and after, found {before.size} and {after.size}")
    paid = _tax(before, schedule), _tax(before, schedule_reform), _tax(after, schedule_reform)
    effects = decomposed(*paid)
    columns = {"baseline": paid[0], **effects._asdict(), "reform": paid[2]}
    labels = ["all"] * len(before) if group is None else group
    weighted = pd.DataFrame({name: mass * values for name, values in columns.items()})
    return weighted.groupby(pd.Index(labels, name="group")).sum().reset_index()


def _tax(income: Floats, schedule: Schedule) -> Floats:
    thresholds, rates = (torch.as_tensor(arrays(part)[0]) for part in schedule)
    return brackets_tax(torch.as_tensor(income), thresholds, rates).numpy()


def behaviour_held(
    game: Game[Any],
    agents: Mapping[str, Agent],
    key: Tensor,
    reform_agents: Mapping[str, Agent] | None = None,
    reform_game: Game[Any] | None = None,
    watch: Watch | None = None,
    **reform: float,
) -> Played:
    """Play the reform with followers that repeat, step by step, their actions of the baseline under the same shocks.

    Together with :func:`play_pair` this decomposes any metric of an episode, see :func:`decomposed`. Where the reform
    makes an action impossible (a move onto a tile that is no longer free), the game determines its outcome.

    Args:
        game: the baseline, in the precision of play.
        agents: the agents, held fixed.
        key: ``[E]``, one per episode.
        reform_agents: other agents in the reform, by role; followers among them are ignored.
        reform_game: the game of the reform, where it changes more than numeric parameters.
        watch: called at every state of both plays, as ``watch`` of :func:`econsim.play.play`.
        reform: the game's numeric parameters that change, with their new values.
    """
    following = [name for name, role in game.roles.items() if not role.leads]
    recorders = {name: _Recording(agents[name]) for name in following}
    play_points(game, {**agents, **recorders}, key, {}, watch=watch)
    replayed = {name: _Replaying(recorder.actions) for name, recorder in recorders.items()}
    changed = {name: [value] for name, value in reform.items()}
    players = {**agents, **(reform_agents or {}), **replayed}
    (held,) = play_points(reform_game or game, players, key, changed, watch=watch)
    return held


class _Recording:
    """An agent that plays as another one and records its actions."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.actions: list[Tensor] = []

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        self.actions.clear()
        return self.agent.start(game, role, num_envs)

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        action, memory = self.agent.act(observation, memory, key)
        self.actions.append(action)
        return action, memory


class _Replaying:
    """An agent that plays recorded actions, one per step; its memory is the step."""

    def __init__(self, actions: list[Tensor]) -> None:
        self.actions = actions

    def start(self, game: Game[Any], role: Role, num_envs: int) -> Memory:
        return 0

    def act(self, observation: Observation, memory: Memory, key: Tensor) -> tuple[Tensor, Memory]:
        return self.actions[memory], memory + 1
