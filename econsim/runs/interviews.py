"""Interviews: questions to the personas of a run, who answer from the memory that they had at a step.

The memory of a persona is the last question that it was asked up to that step, with its reply, as the transcript holds
it. Interviews are recorded in a folder of their own, so that the run stays as it is, and a repetition makes no calls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from econsim.errors import UserError
from econsim.llm.questions import BEFORE_ACTION, Addressee, Answer, Question
from econsim.llm.replies import Form, Words
from econsim.llm.service import STORE, NotRecorded, Service, TooManyFailures
from econsim.llm.settings import Settings
from econsim.llm.transcript import TRANSCRIPT, Asker, Entry
from econsim.runs.llm_progress import QuestionProgress
from econsim.runs.llm_session import LEDGER, TRAINING, calls_in_words, check_agreed
from econsim.runs.transcripts import Selection, transcript
from econsim.scenario import with_overrides
from econsim.storage.links import refuse_links
from econsim.storage.locks import locked
from econsim.storage.user_files import check_writable

if TYPE_CHECKING:
    from econsim.runs.folder import Run
    from econsim.scenario.overrides import Overrides

__all__ = ["INTERVIEWS", "Said", "ask_personas", "interview", "moments", "question_of"]

INTERVIEWS = "interviews"
"""The folder of interviews in the folder of a run."""
LONGEST = 2000  # characters of an answer in words
_SEEDS = (1 << 30) - 1
_APART = 11  # seeds of one question; it is repeated with the next ones, up to ten times (llm.retries_with_error)


@dataclass(frozen=True)
class Said:
    """A persona's answer to one question; ``memory`` is the entry of the transcript from which it answered."""

    memory: Entry
    question: str
    answer: Answer


def interview(
    run: Run,
    player: int,
    question: str,
    step: int | None = None,
    role: str | None = None,
    overrides: Overrides = (),
    agreed: bool = True,
    say: Callable[[str], object] = lambda line: None,
) -> Said:
    """Ask a player of a run a question in words.

    Args:
        run: a run with a transcript.
        player: its index in the role, from 0.
        question: the question.
        step: the step up to which it remembers, from 1; by default the last.
        role: its role, where several roles have a player with this index.
        overrides: other settings of the model, such as ``llm.base_url=URL``, or ``llm.mode=strict_replay``.
        agreed: the user agrees to the forecast calls.
        say: called with lines about the calls.

    Raises:
        UserError: the player was not asked anything up to this step, or the model cannot be called.
    """
    (memory,) = moments(run, step, role, player)
    asked = [(memory, question, Words("answer", LONGEST))]
    (said,) = ask_personas(run, asked, "interview", run.path / INTERVIEWS, overrides, agreed, say)
    return said


def moments(run: Run, step: int | None = None, role: str | None = None, player: int | None = None) -> list[Entry]:
    """Return, for each selected player, the last entry up to a step in which it was asked and understood.

    Of several policies, it is the scenario's own; of several episodes, the first. Where some have a persona and no role
    is given, it is those.

    Raises:
        UserError: there is none, or several roles have the player.
    """
    latest: dict[tuple[str, int], Entry] = {}
    for entry in transcript(run, Selection(role=role, player=player)):
        is_understood = entry.outcome != "failed" and entry.purpose not in BEFORE_ACTION
        is_part = entry.response != TRAINING and entry.episode == 0 and is_understood
        if is_part and entry.player is not None and (step is None or (entry.step or 0) <= step):
            latest[entry.role, entry.player] = entry
    if not latest:
        what = "no player answered a question" if player is None else f"player {player} answered no question"
        until = "" if step is None else f" up to step {step}; choose a later --step"
        raise UserError(f"{run.path}: {what} of the language model{until}")
    people = [entry for entry in latest.values() if entry.persona] or [*latest.values()]
    roles = sorted({entry.role for entry in people})
    if role is None and len(roles) > 1:
        raise UserError(f"{run.path}: {' and '.join(roles)} answered questions; choose one with --role")
    selected = people if role is None else latest.values()
    return sorted(selected, key=lambda entry: entry.player or 0)


def ask_personas(
    run: Run,
    asked: Sequence[tuple[Entry, str, Form]],
    purpose: str,
    folder: Path,
    overrides: Overrides = (),
    agreed: bool = True,
    say: Callable[[str], object] = lambda line: None,
) -> list[Said]:
    """Ask personas questions, all at once, and return their answers in the same order.

    Args:
        run: the run.
        asked: memory of a persona, question, and form of the answer.
        purpose: the purpose under which calls are counted.
        folder: where the answers are recorded.
        overrides: other settings of the model.
        agreed: the user agrees to the forecast calls.
        say: called with lines about the calls.

    Raises:
        UserError: the model cannot be called, or the user has to agree first.
    """
    settings = _settings(run, folder, overrides)
    questions = [question_of(memory, text, form, purpose) for memory, text, form in asked]
    check_writable(run.path)
    with Service(settings.model_copy(update={"mode": "off"})) as unrecorded:
        tokens = sum(len(question.system + question.user) for question in questions) // 4
        forecast = unrecorded.forecast(len(questions), tokens, 50 * len(questions))
    if not agreed:
        check_agreed(forecast, settings)
    folder.mkdir(parents=True, exist_ok=True)
    refuse_links(folder)
    labels = asked[0][0].policy, purpose, run.scenario.seed, asked[0][0].role
    asker = Asker(*labels, model=_model_name(settings, asked[0][0].model))
    with locked(folder):
        questions = _to_ask(questions, asker, settings, folder)
        with Service(settings, *(folder / name for name in (STORE, LEDGER, TRANSCRIPT))) as service:
            say(calls_in_words(forecast, settings))
            service.check()
            service.watch = QuestionProgress(say, len(questions))
            try:
                answers = service.ask(questions, asker)
                service.check_answers()
            except TooManyFailures as error:
                error.args = (f"{error}; the same command asks again those that could not be used",)
                raise
    together = zip(asked, answers, strict=True)
    return [Said(memory, text, answer) for (memory, text, _), answer in together]


def question_of(memory: Entry, text: str, form: Form, purpose: str) -> Question:
    """Return the question with the memory of a persona; its seed depends on the text, the player and the step."""
    about = f"{memory.request} {memory.player} {memory.step} {text}"
    seed = int.from_bytes(hashlib.sha256(about.encode()).digest()[:4], "big") & _SEEDS
    user = "\n".join(
        [
            "You are interviewed about your choices. What follows is what you last read, with your answer: it is who"
            " you are, and all that you remember.",
            "---",
            memory.user,
            "---",
            f"Your answer was: {memory.reply}",
            "",
            "Stay this person, and answer the interviewer in the first person. Nothing that you say changes what"
            " happens.",
            f"The interviewer asks: {text}",
            f"Answer with one JSON object and nothing else: {_shape(form)}",
        ]
    )
    addressee = Addressee(memory.player, 0, memory.step, memory.persona, memory.role)
    return Question(memory.system, user, form, purpose, seed, max_tokens=None, addressee=addressee)


def _to_ask(questions: Sequence[Question], asker: Asker, settings: Settings, folder: Path) -> list[Question]:
    """Return the questions, with another seed, so that they are asked again, where no recorded answer can be used.

    A strict replay asks nothing: there, the last recorded answer counts.
    """
    store = folder / STORE if settings.store is None else Path(settings.store)
    store = store / STORE if store.is_dir() else store
    if settings.mode == "off" or not store.exists():
        return list(questions)
    on_failure = "retry" if settings.on_failure == "retry" else "previous"
    recorded = {"mode": "strict_replay", "store": str(store), "on_failure": on_failure, "failure_share": 1.0}
    with Service(settings.model_copy(update=recorded)) as record:
        return [_first_usable(question, asker, record, settings.mode == "strict_replay") for question in questions]


def _first_usable(question: Question, asker: Asker, record: Service, is_replayed: bool) -> Question:
    """Return the question with the first seed whose recorded answer can be used, or that has none.

    ``is_replayed``: if there is no usable answer, return it with the last seed that has an answer.
    """
    last = question
    while True:
        try:
            (answer,) = record.ask([question], asker)
        except NotRecorded:
            return last if is_replayed else question
        if answer.outcome != "failed":
            return question
        last, question = question, replace(question, seed=(question.seed + _APART) & _SEEDS)


def _shape(form: Form) -> str:
    """Return the requested JSON object in words."""
    schema = form.schema()["properties"][form.key]
    if "enum" in schema and schema["type"] == "string":
        return f'{{"{form.key}": {" or ".join(_quoted(schema["enum"]))}}}'
    return f'{{"{form.key}": {"TEXT" if schema["type"] == "string" else "NUMBER"}}}'


def _quoted(texts: Iterable[str]) -> list[str]:
    return [f'"{text}"' for text in texts]


def _model_name(settings: Settings, model: str) -> str:
    """Return the name in ``llm.models`` of the model that answered before; empty where it is that of the section."""
    names = [name for name in settings.models if settings.named(name).model == model != settings.model]
    return names[0] if names else ""


def _settings(run: Run, folder: Path, overrides: Overrides) -> Settings:
    """Return the settings of the run's model; answers are recorded in the folder, whatever the run did."""
    if run.scenario.llm is None:
        raise UserError(f"{run.path}: the scenario of this run has no section llm")
    own = run.scenario.llm.model_copy(update={"mode": "record", "store": None})
    settings = with_overrides(run.scenario.model_copy(update={"llm": own}), overrides).llm or own
    if settings.mode == "strict_replay" and settings.store is None:
        return settings.model_copy(update={"store": str(folder / STORE)})
    return settings
