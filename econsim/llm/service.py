"""Language-model service of a run: it looks up stored answers, sends missing requests, parses replies and counts them.

Identical questions are sent only once. Answers are stored as they arrive, so that a run interrupted in the middle of a
step sends no question twice. The service itself supplies no answers: without a reply that can be parsed, the value of
an answer is ``None``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from econsim.errors import UserError
from econsim.llm._loop import Loop
from econsim.llm.budget import Forecast, SpendingLimit
from econsim.llm.call_log import Ledger, label_of
from econsim.llm.channel import Channel
from econsim.llm.counters import Counter
from econsim.llm.failures import BudgetSpent, EndpointError, NotRecorded, TooManyFailures
from econsim.llm.questions import Answer, Question
from econsim.llm.recording import CallRecorder
from econsim.llm.replies import EMPTY
from econsim.llm.requests import Request, request_of
from econsim.llm.scheduling import Arrival
from econsim.llm.settings import Settings
from econsim.llm.store import Recorded, Store
from econsim.llm.transcript import Asker, Transcript

__all__ = ["STORE", "BudgetSpent", "EndpointError", "NotRecorded", "Service", "TooManyFailures"]

STORE = "answers.sqlite"
"""File name of the response store in the folder of a run."""
_NO_ONE = Asker()


class Service:
    """Sends the questions of a run to its models. ``counters`` holds the counts of their outcomes by purpose.

    Questions go to the model of the section ``llm``, or to the one of ``llm.models`` that the asker names; the counters
    of such a model have its name in brackets after the purpose.

    ``watch`` is called, in the thread of the calls, with the number of questions that are answered, after each answer.
    """

    def __init__(
        self,
        settings: Settings,
        store: Path | None = None,
        ledger: Path | None = None,
        transcript: Path | None = None,
    ) -> None:
        """Open the response store and the call log; no request is sent yet.

        Args:
            settings: the model and how it is called. ``settings.store`` takes precedence over ``store``.
            store: file of the response store; ``None``: answers are not recorded.
            ledger: file of the call log; ``None``: calls are not logged.
            transcript: file of the transcript; ``None``, or with ``settings.transcript=False``: none is written.

        Raises:
            UserError: no model is configured, a library is missing, or the store or the transcript cannot be used.
        """
        self.settings = settings
        self.counters: dict[str, Counter] = {}
        self._store = _store(settings, store)
        self._ledger = Ledger(ledger)
        self._transcript = Transcript(transcript) if transcript is not None and settings.transcript else None
        self._purse = SpendingLimit(settings.budget, self._ledger.total)
        self._channels: dict[str, Channel] = {}
        self.watch: Callable[[int], object] = lambda answered: None
        self._answered = 0
        self._simulated: set[str] = set()
        self._given_up: dict[bytes, Recorded] = {}
        self._loop: Loop | None = None
        if settings.model or not settings.models:
            self._channel("")

    def ask(self, questions: Sequence[Question], asker: Asker = _NO_ONE) -> list[Answer]:
        """Return the answers to questions, in the same order, after waiting for all of them.

        Args:
            questions: the questions.
            asker: the part of the run that asks, for the transcript, and the name of its model.

        Raises:
            BudgetSpent: the budget is too small for the answers that are missing in the store.
            EndpointError: the endpoint cannot be reached, or it refuses a request.
            NotRecorded: the mode is strict replay, and a question is not in the store.
            TooManyFailures: more replies failed than ``failure_share`` allows, or one with ``on_failure=stop``.
            RunError: the answers cannot be written to disk.
        """
        answers = self._answers(questions, asker)
        if self.settings.on_failure == "retry":
            for attempt in range(1, self.settings.retries_with_error + 1):
                self._ask_again(questions, answers, attempt, asker)
        answers = [_explained(answer) for answer in answers]
        for question, answer in zip(questions, answers, strict=True):
            self._tally(question.purpose, asker.model).count(answer)
        self._check(questions, answers, asker.model)
        self._answered += len(questions)
        return answers

    def settings_of(self, model: str) -> Settings:
        """Return the settings of a model by its name in ``llm.models``; empty for the model of the section ``llm``."""
        return self._channel(model).settings

    def probe(self, question: Question, asker: Asker = _NO_ONE) -> Answer:
        """Return the answer to the first question of a run, which is not counted; it is recorded as any other.

        Raises:
            EndpointError: the endpoint cannot be reached, refuses the request, or does not answer.
        """
        if self.settings.mode == "strict_replay":
            return Answer("", None, "failed", "a strict replay sends no question")
        request = request_of(question, self.settings_of(asker.model))
        recorded = self._recorded([request.key]) or self._sent([question], [request], asker.model)
        answer = _explained(_answer(question, recorded[request.key]))
        if recorded[request.key].reply is None:
            raise EndpointError(f"{request.model} did not answer the first question: {answer.reason}")
        return answer

    def forecast(self, calls: int, input_tokens: int, output_tokens: int, model: str = "") -> Forecast:
        """Return the cost of calls and tokens in US dollars, and their duration in seconds under the rate limits."""
        return self._channel(model).forecast(calls, input_tokens, output_tokens)

    def check(self) -> None:
        """Raise :class:`EndpointError` if it is clear before the first request that none will be answered."""
        for channel in self._channels.values():
            channel.check(self._running())

    def check_answers(self) -> None:
        """Raise :class:`TooManyFailures` if too large a share of all questions failed, however few there were.

        To be called when no question is left, so that no result rests on the failure policy.
        """
        for purpose, counter in self.counters.items():
            counter.check(purpose, self.settings.failure_share, at_end=True)

    @property
    def models(self) -> dict[str, str]:
        """The models of ``llm.models`` that agents of this run ask, by name."""
        return {name: channel.settings.model for name, channel in self._channels.items() if name}

    @property
    def simulated(self) -> str:
        """The description of the scripted model that answered: that of the settings, or what its endpoint stated."""
        return self.settings.simulated or ", ".join(sorted(self._simulated | self._ledger.simulated))

    def close(self) -> None:
        """Close the connections, the response store and the call log; all files are complete afterwards."""
        if self._loop is not None:
            for channel in self._channels.values():
                channel.close(self._loop)
            self._loop.close()
            self._loop = None
        if self._store is not None:
            self._store.close()
            self._store = None
        if self._transcript is not None:
            self._transcript.close()
            self._transcript = None
        self._ledger.close()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(self, questions: Sequence[Question], asker: Asker) -> list[Answer]:
        settings = self.settings_of(asker.model)
        requests = [request_of(question, settings) for question in questions]
        first = {request.key: index for index, request in reversed([*enumerate(requests)])}
        recorded = self._recorded(list(first))
        missing = sorted(index for key, index in first.items() if key not in recorded)
        if missing:
            unanswered = [questions[index] for index in missing], [requests[index] for index in missing]
            recorded |= self._sent(*unanswered, asker.model)
        for index, (question, request) in enumerate(zip(questions, requests, strict=True)):
            is_first, is_answered = first[request.key] == index, recorded[request.key].reply is not None
            self._tally(question.purpose, asker.model).asked(is_first, is_answered)
        replies = (recorded[key].reply for key in first)
        self._simulated |= {reply.envelope.simulated for reply in replies if reply and reply.envelope.simulated}
        pairs = zip(questions, requests, strict=True)
        answers = [_answer(question, recorded[request.key]) for question, request in pairs]
        together = [row for row in zip(questions, requests, answers, strict=True) if not row[0].embeds]
        if self._transcript is not None and together:
            self._transcript.add(asker, together)
        return answers

    def _recorded(self, keys: Sequence[bytes]) -> dict[bytes, Recorded]:
        """Return the results that need no call: stored replies, and questions that this session has given up.

        A question that an earlier session did not get answered is asked again, except in a strict replay, which repeats
        the behaviour of the run.
        """
        stored = {} if self._store is None else self._store.find(keys)
        if self.settings.mode == "strict_replay":
            return stored
        given_up = {key: self._given_up[key] for key in keys if key in self._given_up}
        return given_up | {key: recorded for key, recorded in stored.items() if recorded.reply is not None}

    def _sent(self, questions: Sequence[Question], requests: Sequence[Request], model: str) -> dict[bytes, Recorded]:
        """Send requests to a model and return the results, recorded according to the mode."""
        if self.settings.mode == "strict_replay":
            purposes = ", ".join(sorted({question.purpose or "llm" for question in questions}))
            raise NotRecorded(
                f"{len(requests):,} questions ({purposes}) are not in the response store. Scenario, seed and model must"
                f" be those of the recorded run; with llm.mode=replay, missing answers are requested from the model"
            )
        store = self._store if self.settings.mode == "record" else None
        by_key = {request.key: question for question, request in zip(questions, requests, strict=True)}
        channel, keeps_silence = self._channel(model), self.settings.on_failure != "stop"
        recording = CallRecorder(by_key, self._ledger, store, channel.price, keeps_silence, model)
        try:
            channel.send(self._running(), requests, self._watched(recording))
        finally:
            recording.commit()
        if store is not None:
            self._given_up |= {key: result for key, result in recording.found.items() if result.reply is None}
        return recording.found

    def _watched(self, recording: CallRecorder) -> Callable[[Arrival], None]:
        """Return a function that records a result and reports the number of questions that are answered."""

        def take(arrival: Arrival) -> None:
            recording.take(arrival)
            self.watch(self._answered + len(recording.found))

        return take

    def _running(self) -> Loop:
        """Return the event loop of the calls, which is created when it is first needed."""
        self._loop = self._loop or Loop()
        return self._loop

    def _channel(self, model: str) -> Channel:
        """Return the way to a model, which is created when it is first needed."""
        if model not in self._channels:
            settings, purse = self.settings.named(model), self._purse
            if model:
                purse = SpendingLimit(settings.budget, self._ledger.by_model[model], f"models.{model}.", self._purse)
            self._channels[model] = Channel(settings, purse, model)
        return self._channels[model]

    def _ask_again(self, questions: Sequence[Question], answers: list[Answer], attempt: int, asker: Asker) -> None:
        """Repeat the questions whose replies could not be parsed, adding the reason to the question."""
        failed = [index for index, answer in enumerate(answers) if _is_unreadable(answer)]
        again = [_with_error(questions[index], answers[index].reason, attempt) for index in failed]
        for index, answer in zip(failed, self._answers(again, asker), strict=True):
            self._tally(questions[index].purpose, asker.model).asked_again += 1
            if answer.outcome != "failed":
                answers[index] = replace(answer, outcome="repaired", reason=f"asked again: {answers[index].reason}")

    def _check(self, questions: Sequence[Question], answers: Sequence[Answer], model: str) -> None:
        failed = {q.purpose: a.reason for q, a in zip(questions, answers, strict=True) if a.outcome == "failed"}
        for purpose, reason in failed.items():
            if self.settings.on_failure == "stop":
                raise TooManyFailures(f"{purpose or 'llm'}: {reason}; the run stops because of llm.on_failure=stop")
            self._tally(purpose, model).check(label_of(purpose, model), self.settings.failure_share)

    def _tally(self, purpose: str, model: str) -> Counter:
        label = label_of(purpose, model)
        if label not in self.counters:
            self.counters[label] = Counter(cost=self._ledger.by_purpose[label])
        return self.counters[label]


def _store(settings: Settings, default: Path | None) -> Store | None:
    if settings.mode == "off":
        return None
    if settings.mode != "record" and settings.store is None:
        raise UserError(f"llm.mode={settings.mode} needs the recorded answers of a run: give llm.store=RUN")
    path = default if settings.store is None else Path(settings.store)
    if path is None:
        return None
    path = path / STORE if path.is_dir() else path
    return Store(path, read_only=settings.mode != "record")


def _answer(question: Question, recorded: Recorded) -> Answer:
    if recorded.reply is None:
        return Answer("", None, "failed", recorded.reason)
    text, envelope = recorded.reply.text, recorded.reply.envelope
    reading = question.form.read(text, envelope.truncated)
    return Answer(text, reading.value, reading.outcome, reading.reason, envelope)


def _explained(answer: Answer) -> Answer:
    """Return the answer; the reason of a failed one ends with what its envelope tells about it."""
    advice = answer.envelope.advice(answer.text) if answer.outcome == "failed" else ""
    return replace(answer, reason=f"{answer.reason}; {advice}") if advice else answer


def _is_unreadable(answer: Answer) -> bool:
    """Return whether there was a reply, possibly an empty one, that could not be parsed."""
    return answer.outcome == "failed" and (bool(answer.text) or answer.reason == EMPTY)


def _with_error(question: Question, reason: str, attempt: int) -> Question:
    """Return the question with the error of its answer, and with another seed so that the reply can differ."""
    note = (
        f"Your last reply could not be used: {reason}. Reply with one JSON object with the key {question.form.key!r}."
    )
    return replace(question, user=f"{question.user}\n\n{note}", seed=question.seed + attempt)
