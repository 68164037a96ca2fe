"""Behavioural audits: whether language-model agents choose otherwise when only their memory, prompt or model differs.

The scenario is played as it is, and once for each variant (:mod:`econsim.runs.variations`), with the same population
and the same random draws. The result is ``behaviour.json``; answers are stored next to it, so that an audit that was
stopped continues without repeating calls, and each entry of the transcript names its variant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from econsim.analysis.behaviour import compared
from econsim.analysis.incentive_audit import MOST_REPLACED
from econsim.analysis.inequality import Floats
from econsim.analysis.statistics import mean_interval
from econsim.errors import UserError, did_you_mean
from econsim.game import Box, Discrete, Game
from econsim.llm.protocols import model_name
from econsim.llm.service import Service
from econsim.parameters import Chosen
from econsim.play import counted
from econsim.runs.audit_service import audit_service, questions_of, usage_of
from econsim.runs.evaluation import evaluation_key, play
from econsim.runs.persona_drift import QUESTIONS, drift_calls, drift_of
from econsim.runs.progress import Report
from econsim.runs.variations import BASE, VARIATIONS, Variant, WatchedAgent, asking_roles, is_story_kept, variants_of
from econsim.scenario import Scenario
from econsim.scenario.plan import leading_role, must_be_fitted
from econsim.storage.files import write_json
from econsim.storage.links import refuse_links
from econsim.storage.locks import locked
from econsim.text.names import entry_names, option_names

__all__ = ["Varied", "behaviour_audit"]

_FORMAT = 1
_Step = tuple[Tensor, Tensor]  # actions [B, N, ...], and who acts [B, N]
_SMALLEST = 1e-12  # mean of unbounded numbers, by which differences are divided


@dataclass(frozen=True)
class Varied:
    """What an audit varies: names from :data:`VARIATIONS`, and the questions whose answers may drift."""

    variations: tuple[str, ...]
    questions: tuple[str, ...] = QUESTIONS


@dataclass
class _Played:
    """One condition: the watched agents of the roles that ask a model, and the returns ``{role: [B, N]}``.

    ``replaced_share``: the share of answers that could not be used, so that the failure policy decided.
    """

    watched: dict[str, WatchedAgent]
    returns: dict[str, Tensor]
    replaced_share: float


def behaviour_audit(
    scenario: Scenario,
    out: Path,
    varied: Varied,
    agreed: bool = False,
    say: Callable[[str], object] = lambda line: None,
    progress: Report | None = None,
) -> dict[str, Any]:
    """Audit the behaviour of a scenario's language-model agents, and write ``behaviour.json``.

    Args:
        scenario: a scenario whose agents need no training; its ``episodes`` are played under each variant.
        out: the folder to write to.
        varied: what is varied.
        agreed: the user agrees to the forecast number and cost of calls to a language model.
        say: a function that shows a line about the progress of calls.
        progress: called at every step with the steps done, the steps of all plays, and the variant.

    Raises:
        UserError: a variation does not exist, no agent asks a language model, an agent must be trained first, the model
            cannot be called, or too many of its answers cannot be used.
    """
    for name in varied.variations:
        if name not in VARIATIONS:
            raise UserError(f"--vary {name}: there is no such variation{did_you_mean(name, VARIATIONS)}")
    game = scenario.build_game(dtype=torch.float64)
    chosen = _chosen(scenario, game)
    variants, skipped = variants_of(scenario, game, chosen, varied.variations)
    every = [Variant("", BASE, chosen), *variants]
    conditions = {variant.label: _watched(variant) for variant in every}
    drifts = "drift" in varied.variations
    players = sum(game.roles[role].count for role in asking_roles(chosen))
    models = {role: model_name(agent) for role, agent in conditions[BASE].items()}
    more = drift_calls(players, len(varied.questions)) if drifts else (0, 0, 0)
    out.mkdir(parents=True, exist_ok=True)
    refuse_links(out)
    with locked(out):
        service = audit_service(scenario, game, conditions, scenario.episodes, out, agreed, say, more)
        assert service is not None
        try:
            played = _all_played(scenario, game, conditions, asking_roles(chosen), service, progress)
            rows = [
                _row(game, role, variant, played[BASE], played[variant.label])
                for variant in variants
                for role in asking_roles(chosen)
            ]
            drift = drift_of(scenario, service, out, varied.questions, models) if drifts else None
            if drifts:
                rows += _over_time(game, played[BASE])
            service.check_answers()
            content = _content(scenario, game, rows, skipped, drift, service)
        finally:
            service.close()
        write_json(out / "behaviour.json", content)
    return content


def _chosen(scenario: Scenario, game: Game[Any]) -> dict[str, Chosen]:
    """Return the agents of all roles, after a check that none of them has to be trained."""
    chosen, leader = scenario.agents_in(game), leading_role(scenario, game)
    if leader is not None and scenario.planner is not None:
        chosen[leader] = scenario.planner
    for role in game.roles:
        if role not in chosen:
            raise UserError(f"{scenario.name}: no agent plays {role}; set agents.{role}=NAME")
        if must_be_fitted(chosen[role]):
            raise UserError(
                f"{role}: kind {chosen[role].kind.name} must be trained first; choose an agent that needs none"
            )
    return chosen


def _watched(variant: Variant) -> dict[str, WatchedAgent]:
    asking = asking_roles(variant.chosen)
    return {
        role: WatchedAgent(each.build(), variant.reseeded if role in asking else 0)
        for role, each in variant.chosen.items()
    }


def _all_played(
    scenario: Scenario,
    game: Game[Any],
    conditions: Mapping[str, Mapping[str, WatchedAgent]],
    asking: Sequence[str],
    service: Service,
    progress: Report | None,
) -> dict[str, _Played]:
    """Return all conditions after they were played under the same keys."""
    played, steps = {}, game.horizon + 1
    for number, (label, agents) in enumerate(conditions.items()):
        key = evaluation_key(scenario.seed, scenario.episodes)
        ended: list[Tensor] = []  # by state, which copies had ended before it
        watch: list[Callable[[Any, Tensor], object]] = [partial(_noted, ended)]
        if progress is not None:
            watch.append(counted(progress, number * steps, len(conditions) * steps, label))
        before = questions_of(service)
        episode = play(game, agents, key, watchers=watch)
        for agent in agents.values():
            agent.steps = [
                (action, acting & ~over[:, None]) for (action, acting), over in zip(agent.steps, ended[1:], strict=True)
            ]
        asked, failed = (now - then for now, then in zip(questions_of(service), before, strict=True))
        watched = {role: agents[role] for role in asking}
        played[label] = _Played(watched, episode.returns, failed / asked if asked else 0.0)
    return played


def _noted(ended: list[Tensor], _state: Any, over: Tensor) -> None:
    ended.append(over.cpu())


def _row(game: Game[Any], role: str, variant: Variant, base: _Played, other: _Played) -> dict[str, Any]:
    """Return the comparison of one role under a variant with the scenario as it is."""
    before, after = base.watched[role].steps, other.watched[role].steps
    replaced = max(base.replaced_share, other.replaced_share)
    gained = other.returns[role] - base.returns[role]
    returns = gained.mean(1) if len(gained) > 1 else gained[0]
    return {
        "variation": variant.variation,
        "variant": variant.label,
        "role": role,
        **_compared(game, role, before, after, replaced),
        "first_changed": _first_changed(before, after),
        "return": asdict(mean_interval(returns.tolist())),
    }


def _over_time(game: Game[Any], base: _Played) -> list[dict[str, Any]]:
    """Return, for each role that acts in three steps or more, its last third of them compared with the first."""
    rows = []
    for role, agent in base.watched.items():
        steps = [step for step in agent.steps if bool(step[1].any())]
        third = len(steps) // 3
        if third:
            labels = {"variation": "drift", "variant": "late against early steps", "role": role}
            change = _compared(game, role, steps[:third], steps[-third:], base.replaced_share)
            rows.append({**labels, **change, "first_changed": None, "return": None})
    return rows


def _compared(
    game: Game[Any], role: str, before: Sequence[_Step], after: Sequence[_Step], replaced_share: float
) -> dict[str, Any]:
    """Return the change of the choices that anybody made between two sequences of steps, and their shares in both.

    Numbers without bounds are compared as shares of their mean before. There is no verdict where the failure policy
    decided too often in place of the model (``replaced_share``).
    """
    (names, first), (_, second) = _shares(game, role, before), _shares(game, role, after)
    return _change(names, first, second, replaced_share, not _is_bounded(game, role))


def _is_bounded(game: Game[Any], role: str) -> bool:
    space = game.roles[role].action
    return not isinstance(space, Box) or bool(np.isfinite([space.low, space.high]).all())


def _change(
    names: Sequence[str], before: Floats, after: Floats, replaced_share: float, is_relative: bool
) -> dict[str, Any]:
    acted = np.isfinite(before[:, 0]) & np.isfinite(after[:, 0])
    before, after = before[acted], after[acted]
    if is_relative:
        scale = np.maximum(np.abs(before).mean(0), _SMALLEST)
        before, after = before / scale, after / scale
    used: list[float] = (np.abs(before) + np.abs(after)).sum(0).tolist()
    kept = [name for name, total in zip(names, used, strict=True) if total] or [names[0]]
    columns = [names.index(name) for name in kept]
    change = compared(before[:, columns], after[:, columns], kept)
    column = names.index(change.choice)
    shares = {"before": float(before[:, column].mean()), "after": float(after[:, column].mean())}
    verdict = change.verdict if replaced_share <= MOST_REPLACED else "no verdict"
    return {"change": {**asdict(change), "verdict": verdict}, **shares, "replaced_share": replaced_share}


def _shares(game: Game[Any], role: str, steps: Sequence[_Step]) -> tuple[list[str], Floats]:
    """Return the names of a role's choices and their shares ``[U, K]`` of all turns; NaN for a unit without turns."""
    names, each = _coded(game, role, torch.stack([action for action, _ in steps]))
    acting = torch.stack([acts for _, acts in steps]).double()[..., None]  # [T, B, N, 1]
    shares: Floats = _total((each * acting).sum(0)) / np.where(turns := _total(acting.sum(0)), turns, np.nan)
    return names, shares


def _coded(game: Game[Any], role: str, actions: Tensor) -> tuple[list[str], Tensor]:
    """Return choices in numbers ``[T, B, N, K]``: flags of options, or numbers as shares of their range."""
    space, described = game.roles[role].action, game.roles[role]
    if isinstance(space, Box):
        low, high = (space.low, space.high) if _is_bounded(game, role) else (0.0, 1.0)
        flat = actions.double().reshape(*actions.shape[:3], -1)
        return list(entry_names(described)) or ["action"], (flat - low) / (high - low)
    if isinstance(space, Discrete) and hasattr(game, "choices"):
        values = game.choices(role).double()
        value = "mean choice, as a share of the largest"
        return [value], (values[actions.long()] / values.abs().max())[..., None]
    flat = actions.long().reshape(*actions.shape[:3], -1)
    options = option_names(described)
    codes = [
        torch.nn.functional.one_hot(flat[..., place], len(labels)).double() for place, labels in enumerate(options)
    ]
    choices = entry_names(described) or ("",)
    names = [
        f"{choice}: {label}" if choice else label
        for choice, labels in zip(choices, options, strict=True)
        for label in labels
    ]
    return names, torch.cat(codes, -1)


def _total(values: Tensor) -> Floats:
    """Return values ``[B, N, K]`` by unit ``[U, K]``: sums over players by episode, or the players of a single one."""
    by_unit: Floats = (values.sum(1) if values.shape[0] > 1 else values[0]).double().cpu().numpy()
    return by_unit


def _first_changed(base: Sequence[_Step], other: Sequence[_Step]) -> float:
    """Return the share of players whose first action differs, which all took in the same situation."""
    step = next((number for number, (_, acting) in enumerate(base) if bool(acting.any())), 0)
    (before, acting), (after, _) = base[step], other[step]
    differs = (before != after).reshape(*acting.shape, -1).any(-1)
    return float(differs[acting].double().mean())


def _content(
    scenario: Scenario,
    game: Game[Any],
    rows: list[dict[str, Any]],
    skipped: list[str],
    drift: dict[str, Any] | None,
    service: Service,
) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "scenario": scenario.name,
        "agents": scenario.model_dump(mode="json")["agents"],
        "episodes": scenario.episodes,
        "unit": "episodes" if scenario.episodes > 1 else "players of one episode",
        "rows": rows,
        "skipped": skipped,
        "story_kept": is_story_kept(game),
        "drift": drift,
        "llm": usage_of(service),
    }
