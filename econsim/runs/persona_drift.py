"""Persona drift: whether players answer the same questions about themselves otherwise late in a run than early.

Each player of the first episode is asked on a scale from 0 to 10, from the memory that it has in its first and in its
last step. It is asked twice about the first step, with different seeds: the difference of these answers is the noise of
asking, and drift is what the answers change beyond it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from econsim.analysis.behaviour import change
from econsim.analysis.inequality import Floats
from econsim.errors import UserError
from econsim.llm.questions import BEFORE_ACTION, Question
from econsim.llm.replies import Amount
from econsim.llm.service import Service
from econsim.llm.transcript import TRANSCRIPT, Asker, Entry, entries
from econsim.runs.interviews import question_of
from econsim.runs.variations import BASE
from econsim.scenario import Scenario

__all__ = ["QUESTIONS", "drift_calls", "drift_of"]

QUESTIONS = (
    "How much do you care about what the others get?",
    "How much do you plan for the long run?",
    "How much do you trust the others?",
)
"""The questions of an audit, unless others are given; each is answered by a number from 0 to 10."""
_SCALE = 10.0
_MOMENTS = 3  # the first step, the first step again, the last step
_TOKENS = (800, 10)  # of a question and of an answer, for forecasts


def drift_calls(players: int, questions: int) -> tuple[int, int, int]:
    """Return the calls, input tokens and output tokens of the questions to ``players`` players."""
    calls = _MOMENTS * players * questions
    return calls, calls * _TOKENS[0], calls * _TOKENS[1]


def drift_of(
    scenario: Scenario, service: Service, folder: Path, questions: Sequence[str], models: Mapping[str, str]
) -> dict[str, Any]:
    """Ask the players of the unchanged scenario about themselves, and return how far they drift.

    Args:
        scenario: the scenario, which has been played.
        service: the service of the audit.
        folder: the folder of the audit, with its transcript.
        questions: the questions.
        models: the name in ``llm.models`` of the model that each role asks, by role.

    Raises:
        UserError: there is no transcript, or no player was asked in two steps.
    """
    if not service.settings.transcript:
        raise UserError("--vary drift needs the transcript of the audit; leave out llm.transcript=false")
    pairs = _moments(folder / TRANSCRIPT)
    if not pairs:
        raise UserError(f"{scenario.name}: no player acts in two steps, between which a persona could drift")
    answers = _answers(scenario, service, pairs, questions, models)
    usable: NDArray[np.bool_] = np.all(np.isfinite(answers), -1, keepdims=True)[..., 0]  # [P, Q]
    if not usable.any():
        raise UserError(f"{scenario.name}: no answer about a persona could be used")
    first, again, last = (np.where(usable, answers[..., moment], 0.0) for moment in range(_MOMENTS))
    beyond = np.where(usable, np.abs(last - first) - np.abs(again - first), 0.0).sum(1)
    by_player = beyond[usable.any(1)] / usable.sum(1)[usable.any(1)] / _SCALE
    rows = [_row(text, answers[usable[:, place], place]) for place, text in enumerate(questions)]
    return {"change": asdict(change(by_player, "answers about oneself")), "players": len(by_player), "questions": rows}


def _row(text: str, answers: Floats) -> dict[str, Any]:
    """Return the means of the answers ``[P, 3]`` to a question, and their standard deviations between players."""
    if not len(answers):
        return {"question": text}
    means, spreads = answers.mean(0).tolist(), answers.std(0).tolist()
    named = dict(zip(("first", "again", "last"), means, strict=True))
    return {"question": text, **named, "spread_first": spreads[0], "spread_last": spreads[-1]}


def _moments(path: Path) -> list[tuple[Entry, Entry]]:
    """Return the first and the last question for an action of each player of the first episode."""
    firsts: dict[tuple[str, int], Entry] = {}
    lasts: dict[tuple[str, int], Entry] = {}
    for entry in entries(path, "copy = 0 AND player >= 0 AND json_extract(asker, '$[1]') = ?", [BASE]):
        if entry.outcome != "failed" and entry.purpose not in BEFORE_ACTION and entry.step is not None:
            who = entry.role, entry.player or 0
            firsts.setdefault(who, entry)
            lasts[who] = entry
    return [(firsts[who], lasts[who]) for who in sorted(firsts) if (lasts[who].step or 0) > (firsts[who].step or 0)]


def _answers(
    scenario: Scenario,
    service: Service,
    pairs: Sequence[tuple[Entry, Entry]],
    questions: Sequence[str],
    models: Mapping[str, str],
) -> Floats:
    """Return answers ``[P, Q, 3]`` about the first step, again about it, and about the last; NaN for unusable ones."""
    form = Amount("answer", 0.0, _SCALE, 1.0)
    answers = np.full((len(pairs), len(questions), _MOMENTS), np.nan)
    for role in dict.fromkeys(_role_of(pair[0]) for pair in pairs):
        places, together = [], list[Question]()
        for player, pair in enumerate(pairs):
            if _role_of(pair[0]) == role:
                for place, text in enumerate(questions):
                    asked = f"{text} Answer with a number from 0 (not at all) to {_SCALE:g} (very much)."
                    first, last = (question_of(entry, asked, form, "persona") for entry in pair)
                    together += [first, replace(first, seed=first.seed + 1), last]
                    places += [(player, place, moment) for moment in range(_MOMENTS)]
        name, _, group = role.partition("/")
        asker = Asker(scenario.name, "drift", scenario.seed, name, group, model=models.get(role, ""))
        for at, answer in zip(places, service.ask(together, asker), strict=True):
            answers[at] = np.nan if answer.value is None else float(answer.value)
    return answers


def _role_of(entry: Entry) -> str:
    """Return the role of an entry as a role of the game, in which groups are roles of their own."""
    return f"{entry.role}/{entry.group}" if entry.group else entry.role
