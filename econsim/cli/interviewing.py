"""The commands ``interview`` and ``survey``: questions to the personas of a run, which stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from econsim.cli.running import ConfirmOption, OverridesArgument, QuietOption, RunFolder

if TYPE_CHECKING:
    from econsim.runs.surveys import Line, SurveyResult

StepOption = Annotated[
    int | None, typer.Option(min=1, help="The step of the game up to which people remember. Default: the last.")
]
RoleOption = Annotated[str | None, typer.Option(metavar="NAME", help="The role, if several have personas.")]


def interview(
    run: RunFolder,
    question: Annotated[str, typer.Argument(help="The question, in quotation marks.")],
    overrides: OverridesArgument = None,
    player: Annotated[int, typer.Option(min=0, help="Index of the player in its role, from 0.")] = 0,
    step: StepOption = None,
    role: RoleOption = None,
    yes: ConfirmOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask a persona of a run a question.

    It answers from its persona and from what it knew at the step. The run does not change; a question that was asked
    before is answered from the record, without a call, unless the answer could not be used.
    """
    from econsim.runs.folder import open_run
    from econsim.runs.interviews import interview as ask

    said = ask(open_run(run), player, question, step, role, list(overrides or ()), yes, _shown(quiet))
    memory = said.memory
    typer.echo(f"{memory.role} {memory.player}, step {memory.step}: {memory.persona}".rstrip(": "))
    typer.echo(f"> {said.answer.value or f'no answer that can be used: {said.answer.reason}'}")


def survey(
    run: RunFolder,
    questions: Annotated[Path, typer.Argument(metavar="QUESTIONS.yaml", help="The questions and their types.")],
    overrides: OverridesArgument = None,
    step: StepOption = None,
    role: RoleOption = None,
    out: Annotated[
        Path | None, typer.Option(help="The output folder. Default: surveys/NAME in the folder of the run.")
    ] = None,
    yes: ConfirmOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask all personas of a run, or a random sample of them, typed questions.

    Prints means and shares by demographics, with 95 % intervals of the sample, and writes answers.csv and table.csv.
    The run does not change.
    """
    from econsim.cli.console_tables import table
    from econsim.runs.folder import open_run
    from econsim.runs.surveys import SURVEYS, conduct, read_survey

    opened, content = open_run(run), read_survey(questions)
    folder = out or opened.path / SURVEYS / questions.stem
    result = conduct(opened, content, folder, step, role, list(overrides or ()), yes, _shown(quiet))
    _write(result, folder)
    rows = [["question", "group", "people", "estimate", "95 % interval"], *map(_row, result.lines)]
    if result.lines:
        typer.echo(table(rows))
    asked = len(next(iter(result.said.values())))
    everybody = "all" if asked == result.population else "drawn at random; intervals are those of the draw"
    typer.echo(f"{asked:,} of {result.population:,} people were asked ({everybody}). Answers: {folder / 'answers.csv'}")


def _shown(quiet: bool) -> Callable[[str], None]:
    def say(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    return say


def _row(line: Line) -> list[str]:
    found, digits = line.estimate, "{:.1%}" if line.option else "{:,.4g}"
    name = f"{line.question}: {line.option}" if line.option else line.question
    interval = "not known"
    if found.low is not None and found.high is not None:
        exact = found.low == found.high
        interval = "all asked" if exact else f"{digits.format(found.low)} to {digits.format(found.high)}"
    return [name, line.group, f"{found.count:,}", digits.format(found.value), interval]


def _write(result: SurveyResult, folder: Path) -> None:
    import pandas as pd

    from econsim.storage.csv_tables import write_csv

    answers = [
        {
            "question": name,
            "role": said.memory.role,
            "player": said.memory.player,
            "step": said.memory.step,
            "persona": said.memory.persona,
            "answer": said.answer.value,
            "outcome": said.answer.outcome,
        }
        for name, rows in result.said.items()
        for said in rows
    ]
    write_csv(folder / "answers.csv", pd.DataFrame(answers))
    lines = [
        {"question": line.question, "option": line.option, "group": line.group, **vars(line.estimate)}
        for line in result.lines
    ]
    write_csv(
        folder / "table.csv",
        pd.DataFrame(lines, columns=["question", "option", "group", "value", "low", "high", "count"]),
    )
