"""Branches of a run: the same scenario with something else from a step on, whose earlier steps need no calls.

Earlier questions are the same as in the run, so that its answers serve; later ones are asked. The branch is a separate
run, in which the change is an event (:class:`econsim.scenario.events.Event`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from econsim.errors import UserError
from econsim.llm.service import STORE
from econsim.runs.execution import execute
from econsim.runs.folder import Run
from econsim.scenario import Scenario, with_overrides
from econsim.storage.files import new_folder

__all__ = ["branch", "branched"]

_MESSAGE = "message"


def branch(
    run: Run, step: int, changes: Sequence[str], out: Path | None = None, quiet: bool = False, agreed: bool = True
) -> Run:
    """Run the scenario of a run again with changes from a step on, and return the new run.

    Args:
        run: a run whose agents ask a language model.
        step: the step of the game, from 1, from which the changes hold.
        changes: ``planner=NAME`` and ``planner.KEY=VALUE``, a reform; ``message=TEXT`` or ``message.ROLE=TEXT``, a text
            that players read from then on; ``llm.KEY=VALUE``, how the model is reached.
        out: the folder of the new run; by default a new one next to the run.
        quiet: print nothing.
        agreed: the user agrees to the forecast calls.

    Raises:
        UserError: a change is not one of these, or the run has no answers.
    """
    scenario = branched(run.scenario, step, changes)
    own = None if run.scenario.llm is None else run.scenario.llm.store
    recorded = run.path / STORE if own is None else Path(own)
    answers = recorded / STORE if recorded.is_dir() else recorded
    if not answers.is_file():
        raise UserError(f"{answers}: the run has no recorded answers, which a branch needs")
    folder = out or new_folder(run.path.with_name(f"{run.path.resolve().name}-branch-{step}"))
    device, threads = run.environment["device"], run.environment["threads"]
    return execute(scenario, folder, device, quiet, threads, agreed, run.backend, answers)


def branched(scenario: Scenario, step: int, changes: Sequence[str]) -> Scenario:
    """Return a scenario with an event at a step for each change; see :func:`branch`."""
    events = scenario.model_dump(mode="json", exclude_none=True).get("events", [])
    reform = [change for change in changes if change.split("=")[0].split(".")[0] == "planner"]
    reached = [change for change in changes if change.startswith("llm.")]
    for change in changes:
        key, equals, value = change.partition("=")
        name, _, role = key.partition(".")
        if name == _MESSAGE and equals:
            events.append({"step": step, "message": value, **({"to": role} if role else {})})
        elif change not in (*reform, *reached):
            raise UserError(
                f"{change}: a branch changes planner, planner.KEY, message (for one role, message.ROLE), and llm.KEY;"
                " for other changes, run the scenario again"
            )
    if reform:
        planner = with_overrides(scenario, reform).model_dump(mode="json", exclude_none=True)["planner"]
        planner.pop("label", None)
        events.append({"step": step, "planner": planner})
    if not events:
        raise UserError("expected a change, such as planner=flat or message='Taxes will rise.'")
    fresh = {} if scenario.llm is None else {"llm.mode": "record"}
    unstored = scenario.model_copy(update={"llm": scenario.llm and scenario.llm.model_copy(update={"store": None})})
    return with_overrides(with_overrides(unstored, {**fresh, "events": events}), reached)
