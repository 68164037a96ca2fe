"""What a reader has to know before believing a run: warnings, single seeds, what was not trained, what is not known.

Each function of :data:`SECTIONS` returns sentences; one is added where there is more to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["SECTIONS", "caveats"]


def caveats(run: Run) -> list[str]:
    """Return the caveats of a finished run, the gravest first."""
    return [sentence for section in SECTIONS for sentence in section(run)]


def warnings(run: Run) -> Iterator[str]:
    """Yield what the game or its learners warned of."""
    for warning in run.summary["warnings"]:
        yield f"Warning: {warning}"


def simulated_minds(run: Run) -> Iterator[str]:
    """Yield that no language model answered, where something stood in its place."""
    if label := run.summary.get("llm", {}).get("simulated"):
        yield f"No language model answered: {label} did. Nothing here says how a language model would behave."


def failed_replies(run: Run) -> Iterator[str]:
    """Yield for which share of its questions a language model gave no answer that could be used."""
    for purpose, found in run.summary.get("llm", {}).get("purposes", {}).items():
        if found["failed"]:
            yield (
                f"{found['failure_share']:.1%} of the replies about {purpose} could not be used; the agents then acted"
                f" by the failure policy of the scenario ({run.summary['llm']['on_failure']})."
            )


def single_seeds(run: Run) -> Iterator[str]:
    """Yield which policies have agents that were trained once, so that their numbers carry no interval."""
    alone = [policy.label for policy in run.plan.policies if policy.trained_roles and len(policy.seeds) == 1]
    if alone:
        yield (
            f"One training seed: the numbers of {', '.join(alone)} have no interval, and another seed may give others;"
            " repeat with seeds=5."
        )


def untrained(run: Run) -> Iterator[str]:
    """Yield which players of the scenario's own policy follow a rule that nothing fitted."""
    own = run.plan.last
    fixed = [f"{role} ({chosen.kind.name})" for role, chosen in own.agents.items() if role not in own.fitted_roles]
    if fixed:
        everybody = "; nobody was" if len(fixed) == len(own.agents) else ""
        yield f"Not trained in {own.label}: {', '.join(fixed)}{everybody}."


def unknown_distance(run: Run) -> Iterator[str]:
    """Yield that nobody looked for profitable deviations, where there is no certificate."""
    if not (run.path / "certificate.json").is_file():
        yield f"How far this is from equilibrium is not known; find out with: econsim equilibrium runs/{run.name}."


SECTIONS: tuple[Callable[[Run], Iterator[str]], ...] = (
    warnings,
    simulated_minds,
    failed_replies,
    single_seeds,
    untrained,
    unknown_distance,
)
