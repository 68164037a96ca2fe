"""The command ``transcript``: what a language model was asked in a run, and what it replied."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from econsim.llm.transcript import Entry

_LONGEST = 12  # lines of a question that are printed without --whole
_BEGINNING, _END = 4, 5  # the lines that remain of a longer one


def transcript(
    run: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a run, an audit or interviews.")],
    player: Annotated[int | None, typer.Option(min=0, help="Index of a player in its role, from 0.")] = None,
    step: Annotated[int | None, typer.Option(min=1, help="Step of the game, from 1.")] = None,
    role: Annotated[str | None, typer.Option(metavar="NAME", help="A role, such as worker.")] = None,
    purpose: Annotated[str | None, typer.Option(metavar="NAME", help="A purpose, such as hours or vote.")] = None,
    policy: Annotated[str | None, typer.Option(metavar="LABEL", help="The policy that was scored.")] = None,
    outcome: Annotated[str | None, typer.Option(metavar="NAME", help="clean, repaired or failed.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most questions that are printed.")] = 20,
    whole: Annotated[bool, typer.Option("--whole", help="Print long questions in full.")] = False,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE.jsonl", help="Write all selected questions to a file instead.")
    ] = None,
) -> None:
    """Show what a language model was asked in a run, or in an audit or interviews, and what it replied.

    The transcript also holds questions of a run in progress. The page transcript.html next to a run's report shows it
    as a conversation.
    """
    from econsim.runs.transcripts import Selection, transcript_in

    chosen = transcript_in(run, Selection(role, player, step, purpose, outcome, policy))
    if export is not None:
        typer.echo(f"{_exported(chosen, export):,} questions: {export}")
        return
    shown, rules = list(islice(chosen, limit)), ""
    for entry in shown:
        typer.echo("\n".join(_lines(entry, entry.system != rules, whole)) + "\n")
        rules = entry.system
    left = sum(1 for _ in chosen)
    if left:
        typer.echo(f"{left:,} more; raise --limit, select with --player or --step, or write them with --export")


def _exported(entries: Iterable[Entry], path: Path) -> int:
    from econsim.errors import UserError
    from econsim.runs.transcripts import as_mapping
    from econsim.storage.files import appearing

    if path.suffix != ".jsonl":
        raise UserError(f"--export {path}: the file name must end in .jsonl")
    if not path.parent.is_dir():
        raise UserError(f"--export {path}: there is no folder {path.parent}")
    count = 0
    with appearing(path) as file:
        for entry in entries:
            file.write((json.dumps(as_mapping(entry), ensure_ascii=False) + "\n").encode())
            count += 1
    return count


def _lines(entry: Entry, with_rules: bool, whole: bool) -> Iterator[str]:
    from econsim.runs.transcripts import reasoning_of

    where = [f"step {entry.step}" if entry.step else "", " ".join([entry.role, _number(entry.player)]).strip()]
    where += [entry.group, entry.purpose, f"episode {entry.episode}" if entry.episode else ""]
    part = f"{entry.policy} ({entry.response})" if entry.response else entry.policy
    yield f"--- {' · '.join(name for name in dict.fromkeys([*where, part, entry.model]) if name)} ---"
    if entry.system and with_rules:
        yield from _indented(entry.system, whole)
        yield ""
    yield from _indented(entry.user, whole)
    reasoning = reasoning_of(entry)
    if entry.reasoning:
        yield f"  reasoning: {textwrap.shorten(reasoning, 2000)}"
    yield f"> {entry.reply or '(no reply)'}"
    understood = "not understood" if entry.outcome == "failed" else f"understood: {json.dumps(entry.value)}"
    yield f"  {understood} ({entry.outcome}{f': {entry.reason}' if entry.reason else ''})"


def _number(player: int | None) -> str:
    return "" if player is None else str(player)


def _indented(text: str, whole: bool) -> Iterator[str]:
    lines = text.split("\n")
    if not whole and len(lines) > _LONGEST:
        left_out = len(lines) - _BEGINNING - _END
        lines = [*lines[:_BEGINNING], f"... {left_out} lines; --whole prints them ...", *lines[-_END:]]
    return (f"  {line}" if line else "" for line in lines)
