"""What a language model was asked in a run, and what came of it, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from econsim.runs.llm_session import in_words

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["LlmUsage", "llm_usage"]

_COUNTS = {
    "questions": "Questions",
    "calls": "Calls",
    "from_store": "From a store",
    "shared": "Shared",
    "clean": "Clean",
    "repaired": "Repaired",
    "failed": "Failed",
}


class LlmUsage(NamedTuple):
    """A table as text, one row a purpose, and what to know about it."""

    header: list[str]
    rows: list[list[str]]
    note: str


def llm_usage(run: Run) -> LlmUsage | None:
    """Return what became of a run's questions by purpose; ``None`` where nobody asked a language model."""
    found = run.summary.get("llm")
    if found is None:
        return None
    header = ["Asked about", *_COUNTS.values(), "Failure share", "Tokens in", "Tokens out", "US dollars"]
    rows = [_row(purpose, tally) for purpose, tally in found["purposes"].items()]
    note = (
        f"{in_words(found)}. Model {found['model']}, provider {found['provider']}, mode {found['mode']}; what cannot be"
        f" used is met by the policy {found['on_failure']}. Repaired: the value is meant without doubt, but not written"
        " as asked for."
    )
    return LlmUsage(header, rows, note + _replay(run) * (found["mode"] == "record"))


def _replay(run: Run) -> str:
    return f" The answers are kept: llm.mode=strict_replay llm.store=runs/{run.name} repeats the run without the model."


def _row(purpose: str, tally: dict[str, Any]) -> list[str]:
    money = "unknown" if tally["usd"] is None else f"{tally['usd']:,.4g}"
    tokens = [f"{tally[name]:,}" for name in ("input_tokens", "output_tokens")]
    return [purpose, *(f"{tally[name]:,}" for name in _COUNTS), f"{tally['failure_share']:.1%}", *tokens, money]
