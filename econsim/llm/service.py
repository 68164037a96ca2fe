"""The service that a run asks: it looks into the store, sends what is missing, reads the replies and counts.

Identical questions are sent once. What was answered is kept at once, so that a run that is killed in the middle of a
step asks nothing twice. The service answers nothing itself: a question without a readable reply has the value ``None``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from econsim.errors import UserError
from econsim.llm._loop import Loop
from econsim.llm.budget import Forecast, SpendingLimit, price_of
from econsim.llm.call_log import Ledger
from econsim.llm.counters import Counter
from econsim.llm.failures import BudgetSpent, EndpointError, NotRecorded, TooManyFailures
from econsim.llm.providers import provider_of
from econsim.llm.questions import Answer, Question
from econsim.llm.rate_limit import RateLimit
from econsim.llm.recording import CallRecorder
from econsim.llm.replies import EMPTY
from econsim.llm.requests import Reply, Request, request_of
from econsim.llm.scheduling import Scheduler
from econsim.llm.settings import Settings
from econsim.llm.store import Recorded, Store

__all__ = ["STORE", "BudgetSpent", "EndpointError", "NotRecorded", "Service", "TooManyFailures"]

STORE = "answers.sqlite"
"""The name of a response store in the folder of a run."""


class Service:
    """Asks a model for a run. ``counters`` count what became of its questions, by purpose."""

    def __init__(self, settings: Settings, store: Path | None = None, ledger: Path | None = None) -> None:
        """Open the store and the ledger; nothing is sent yet.

        Args:
            settings: which model, and how it is asked. ``settings.store`` comes before ``store``.
            store: where answers are recorded; ``None``: nowhere.
            ledger: where calls are accounted for; ``None``: nowhere.

        Raises:
            UserError: no model is named, a library is missing, or the store cannot be used.
        """
        self.settings = settings
        self.counters: dict[str, Counter] = {}
        self._provider = provider_of(settings) if settings.mode in ("off", "record") else None
        self._store = _store(settings, store)
        self._ledger = Ledger(ledger)
        self._purse = SpendingLimit(settings.budget, self._ledger.total)
        self._pace = RateLimit(settings.requests_per_minute, settings.tokens_per_minute)
        self._scheduler: Scheduler | None = None
        self._loop: Loop | None = None

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Return an answer to each question, in their order; waits for all.

        Raises:
            BudgetSpent: the budget has no room for what is missing in the store.
            EndpointError: the endpoint cannot be reached, or refuses.
            NotRecorded: a strict replay meets a question without an answer.
            TooManyFailures: more replies failed than ``failure_share`` allows, or one where ``on_failure`` is stop.
            RunError: the disk is full.
        """
        answers = self._answers(questions)
        if self.settings.on_failure == "retry":
            for attempt in range(1, self.settings.retries_with_error + 1):
                self._ask_again(questions, answers, attempt)
        for question, answer in zip(questions, answers, strict=True):
            self._tally(question.purpose).count(answer)
        self._check(questions, answers)
        return answers

    def forecast(self, calls: int, input_tokens: int, output_tokens: int) -> Forecast:
        """Return what so many calls and tokens cost, in money and in minutes at the limits that are set."""
        usd = price_of(self.settings, input_tokens, output_tokens)
        return Forecast(
            calls, input_tokens, output_tokens, usd, self._pace.seconds(calls, input_tokens + output_tokens)
        )

    def check(self) -> None:
        """Raise :class:`EndpointError` where it is plain beforehand that nobody will answer."""
        if self._provider is not None:
            self._loop = self._loop or Loop()
            self._loop.run(self._provider.check())

    def close(self) -> None:
        """Let go of connections, store and ledger; what is open stays complete."""
        if self._loop is not None and self._provider is not None:
            self._loop.run(self._provider.close())
            self._loop.close()
            self._loop = None
        if self._store is not None:
            self._store.close()
            self._store = None
        self._ledger.close()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(self, questions: Sequence[Question]) -> list[Answer]:
        requests = [request_of(question, self.settings) for question in questions]
        first = {request.key: place for place, request in reversed([*enumerate(requests)])}
        found = {} if self._store is None else self._store.find(list(first))
        missing = sorted(place for key, place in first.items() if key not in found)
        if missing:
            found |= self._sent([questions[place] for place in missing], [requests[place] for place in missing])
        for place, (question, request) in enumerate(zip(questions, requests, strict=True)):
            is_first, is_answered = first[request.key] == place, found[request.key].reply is not None
            self._tally(question.purpose).asked(is_first, is_answered)
        return [_answer(question, found[it.key]) for question, it in zip(questions, requests, strict=True)]

    def _sent(self, questions: Sequence[Question], requests: Sequence[Request]) -> dict[bytes, Recorded]:
        """Return what the endpoint answers to requests, recorded as the mode says."""
        if self.settings.mode == "strict_replay":
            purposes = ", ".join(sorted({question.purpose or "llm" for question in questions}))
            raise NotRecorded(
                f"{len(requests):,} questions ({purposes}) are not in the response store: scenario, seed and model must"
                f" be those of the recorded run; llm.mode=replay asks what is missing"
            )
        store = self._store if self.settings.mode == "record" else None
        by_key = {request.key: question for question, request in zip(questions, requests, strict=True)}
        recording = CallRecorder(by_key, self._ledger, store, self._price, self.settings.on_failure != "stop")
        scheduler, loop = self._ready()
        try:
            loop.run(scheduler.send(requests, recording.take))
        finally:
            recording.commit()
        return recording.found

    def _ready(self) -> tuple[Scheduler, Loop]:
        """Return the scheduler and the loop that it runs in, made when something is sent for the first time."""
        if self._scheduler is None:
            settings = self.settings
            self._provider = provider = self._provider or provider_of(settings)
            speed = (settings.concurrency, settings.retries, settings.backoff)
            self._scheduler = Scheduler(provider, self._purse, self._pace, self._price, *speed)
        self._loop = self._loop or Loop()
        return self._scheduler, self._loop

    def _ask_again(self, questions: Sequence[Question], answers: list[Answer], attempt: int) -> None:
        """Ask those again whose replies could not be read, with the reason."""
        failed = [place for place, answer in enumerate(answers) if _is_unreadable(answer)]
        again = [_with_error(questions[place], answers[place].reason, attempt) for place in failed]
        for place, answer in zip(failed, self._answers(again), strict=True):
            self._tally(questions[place].purpose).asked_again += 1
            if answer.outcome != "failed":
                answers[place] = replace(answer, outcome="repaired", reason=f"asked again: {answers[place].reason}")

    def _check(self, questions: Sequence[Question], answers: Sequence[Answer]) -> None:
        failed = {q.purpose: a.reason for q, a in zip(questions, answers, strict=True) if a.outcome == "failed"}
        for purpose, reason in failed.items():
            if self.settings.on_failure == "stop":
                raise TooManyFailures(f"{purpose or 'llm'}: {reason}; llm.on_failure=stop ends the run here")
            self._tally(purpose).check(purpose, self.settings.failure_share, reason)

    def _tally(self, purpose: str) -> Counter:
        if purpose not in self.counters:
            self.counters[purpose] = Counter(cost=self._ledger.by_purpose[purpose])
        return self.counters[purpose]

    def _price(self, reply: Reply) -> float | None:
        return price_of(self.settings, reply.input_tokens, reply.output_tokens)


def _store(settings: Settings, default: Path | None) -> Store | None:
    if settings.mode == "off":
        return None
    if settings.mode != "record" and settings.store is None:
        raise UserError(f"llm.mode={settings.mode} needs the answers of a run: give llm.store=RUN")
    path = default if settings.store is None else Path(settings.store)
    if path is None:
        return None
    path = path / STORE if path.is_dir() else path
    return Store(path, read_only=settings.mode != "record")


def _answer(question: Question, recorded: Recorded) -> Answer:
    if recorded.reply is None:
        return Answer("", None, "failed", recorded.reason)
    reading = question.form.read(recorded.reply.text)
    return Answer(recorded.reply.text, reading.value, reading.outcome, reading.reason)


def _is_unreadable(answer: Answer) -> bool:
    """Return whether there was a reply, be it an empty one, and it could not be read."""
    return answer.outcome == "failed" and (bool(answer.text) or answer.reason == EMPTY)


def _with_error(question: Question, reason: str, attempt: int) -> Question:
    """Return the question with what was wrong with its answer; another seed, or the same reply might come again."""
    note = (
        f"Your last reply could not be used: {reason}. Reply with one JSON object with the key {question.form.key!r}."
    )
    return replace(question, user=f"{question.user}\n\n{note}", seed=question.seed + attempt)
