"""Use of a language model in a run: counts of questions, replies, tokens and costs by purpose, as a table."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from econsim.runs.llm_session import in_words, models_of

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
    """A table as text, with one row per purpose, and a note."""

    header: list[str]
    rows: list[list[str]]
    note: str


def llm_usage(run: Run) -> LlmUsage | None:
    """Return the use of a language model in a run by purpose; ``None`` if the run used none."""
    usage = run.summary.get("llm")
    if usage is None:
        return None
    shares = ["Repaired share", "Failure share"]
    header = ["Purpose", *_COUNTS.values(), *shares, "Input tokens", "Output tokens", "US dollars"]
    rows = [_row(purpose, counts) for purpose, counts in usage["purposes"].items()]
    note = (
        f"{in_words(usage)}. Model {models_of(usage)}, provider {usage['provider']}, mode {usage['mode']}; failure"
        f" policy for unusable replies: {usage['on_failure']}. Repaired: the value is unambiguous, but not in the"
        " requested format."
    )
    return LlmUsage(header, rows, note + _shadow(usage) + _replay(run) * (usage["mode"] == "record"))


def _shadow(usage: dict[str, Any]) -> str:
    """Return sentences on the errors of archetypes that shadow samples measured."""
    return "".join(
        f" Archetypes of the role {role}: the actions of a shadow sample of {errors['workers']:,.0f} differ from their"
        f" own answers (mean {errors['own']:.4g}) by {errors['absolute']:.3g} in absolute value and"
        f" {errors['mean']:.3g} in the mean; {errors['differing']:.1%} of them differ."
        for role, errors in usage.get("shadow", {}).items()
    )


def _replay(run: Run) -> str:
    keys = shlex.join(["llm.mode=strict_replay", f"llm.store=runs/{run.name}"])
    return f" The answers are stored: {keys} repeats the run without calls of the model."


def _row(purpose: str, counts: dict[str, Any]) -> list[str]:
    money = "unknown" if counts["usd"] is None else f"{counts['usd']:,.4g}"
    tokens = [f"{counts[name]:,}" for name in ("input_tokens", "output_tokens")]
    shares = [f"{counts[name]:.1%}" for name in ("repaired_share", "failure_share")]
    return [purpose, *(f"{counts[name]:,}" for name in _COUNTS), *shares, *tokens, money]
