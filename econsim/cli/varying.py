"""The part of the command ``audit`` that varies memory, prompts and models of language-model agents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from econsim.cli.progress_bar import progress_bar

__all__ = ["vary_behaviour"]

_ALL = "all"


def vary_behaviour(
    source: str,
    overrides: Sequence[str],
    variations: Sequence[str],
    questions: Sequence[str],
    out: Path | None,
    agreed: bool,
    quiet: bool,
) -> None:
    """Audit the behaviour of a scenario's language-model agents; write behaviour.json and behaviour.html, and print it.

    Raises:
        UserError: the scenario cannot be audited, or the user has to agree to the calls.
    """
    from rich.console import Console

    from econsim.cli.console_tables import grid, print_whole
    from econsim.errors import UserError
    from econsim.report.behaviour_audit import behaviour_table, drift_table, fragment
    from econsim.runs.behaviour_audit import Varied, behaviour_audit
    from econsim.runs.persona_drift import QUESTIONS
    from econsim.runs.variations import VARIATIONS
    from econsim.scenario import load
    from econsim.storage.files import write_text

    if (Path(source) / "scenario.yaml").is_file():
        raise UserError(f"{source}: --vary audits a scenario; give that of the run: {source}/scenario.yaml")
    if questions and not {"drift", _ALL} & set(variations):
        raise UserError("--question: belongs to --vary drift")
    scenario = load(source, list(overrides))
    names = VARIATIONS if _ALL in variations else tuple(dict.fromkeys(variations))
    varied = Varied(names, tuple(questions) or QUESTIONS)
    folder, shown = out or Path("audits") / scenario.name, Console(stderr=True, highlight=False, quiet=quiet)
    with progress_bar("audit", quiet, shown) as report:
        say = lambda line: shown.print(line, markup=False)  # noqa: E731
        content = behaviour_audit(scenario, folder, varied, agreed, say, report)
    write_text(folder / "behaviour.html", fragment(content))
    console = Console(highlight=False)
    for table in (behaviour_table(content), drift_table(content)):
        if table is not None:
            if table.rows:
                print_whole(console, grid(table.header, table.rows))
            for note in table.notes:
                console.print(note, markup=False)
