"""Recording of answers as they arrive: their cost in the call log, their content in the response store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress

from econsim.errors import RunError
from econsim.llm.call_log import Ledger
from econsim.llm.questions import Question
from econsim.llm.requests import Reply, Request
from econsim.llm.scheduling import Arrival
from econsim.llm.store import Recorded, Store

__all__ = ["CallRecorder"]

_DELAY = 0.005  # seconds for which an answer may wait to be committed together with others


class CallRecorder:
    """Records the results of one batch of questions; ``found`` holds them by the key of the request.

    ``model``: the name of the model in ``llm.models``. ``keeps_silence``: also record that a request was not answered,
    so that a replay repeats the behaviour of the run.
    """

    def __init__(
        self,
        questions: Mapping[bytes, Question],
        ledger: Ledger,
        store: Store | None,
        price: Callable[[Reply], float | None],
        keeps_silence: bool,
        model: str = "",
    ) -> None:
        self.found: dict[bytes, Recorded] = {}
        self._questions, self._ledger, self._store, self._price = questions, ledger, store, price
        self._keeps_silence, self._model = keeps_silence, model
        self._waiting: list[tuple[Request, str, Recorded]] = []

    def take(self, arrival: Arrival) -> None:
        """Record the result of one request; it is committed a few milliseconds later."""
        question = self._questions[arrival.request.key]
        recorded = Recorded(arrival.reply, arrival.reason)
        self.found[arrival.request.key] = recorded
        if arrival.reply is not None or self._keeps_silence:
            if not self._waiting:
                asyncio.get_running_loop().call_later(_DELAY, self._commit_soon)
            self._waiting.append((arrival.request, question.purpose, recorded))
        if arrival.reply is not None:
            reading = question.form.read(arrival.reply.text, arrival.reply.envelope.truncated)
            usd = self._price(arrival.reply)
            self._ledger.note(question.purpose, arrival, arrival.reply, usd, reading, self._model)

    def commit(self) -> None:
        """Write all recorded results to disk.

        Raises:
            RunError: writing to disk failed.
        """
        waiting, self._waiting = self._waiting, []
        try:
            if self._store is not None and waiting:
                self._store.add(waiting)
            self._ledger.flush()
        except (OSError, sqlite3.Error) as error:
            self._waiting = waiting + self._waiting
            raise RunError(f"answers cannot be stored ({error}); free some disk space, then resume the run") from error

    def _commit_soon(self) -> None:
        with suppress(RunError):  # the commit at the end of the batch tries again and reports the error
            self.commit()
