"""Caveats of a run: warnings, single training seeds, untrained agents, an unknown distance from equilibrium.

Each function in :data:`SECTIONS` yields sentences; add a function to add a caveat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from econsim.report.content import command_for
from econsim.report.games.play import gains_are_exact
from econsim.runs.llm_session import reasons_in_words

if TYPE_CHECKING:
    from econsim.runs.folder import Run

__all__ = ["SECTIONS", "caveats"]


def caveats(run: Run) -> list[str]:
    """Return the caveats of a finished run, the most important first."""
    return [sentence for section in SECTIONS for sentence in section(run)]


def warnings(run: Run) -> Iterator[str]:
    """Yield the warnings of the game and its learners."""
    for warning in run.summary["warnings"]:
        yield f"Warning: {warning}"


def inputs_of_fits(run: Run) -> Iterator[str]:
    """Yield the inputs on which the fits of formulas rest, such as an elasticity."""
    for label, explanation in run.summary.get("explanations", {}).items():
        yield f"{label} rests on: {explanation}."


def simulated_model(run: Run) -> Iterator[str]:
    """Yield a caveat if the answers came from a simulated language model."""
    if label := run.summary.get("llm", {}).get("simulated"):
        yield (
            f"The answers come from {label}, not from a language model. The results do not show how a language model"
            " would behave."
        )


def imperfect_replies(run: Run) -> Iterator[str]:
    """Yield the shares of repaired and of unusable replies of a language model with their reasons, by purpose."""
    for purpose, counts in run.summary.get("llm", {}).get("purposes", {}).items():
        if counts["repaired"]:
            yield (
                f"{counts['repaired_share']:.1%} of the replies about {purpose} were not in the requested form, but"
                f" unambiguous, and were repaired{reasons_in_words([counts], 'repaired')}."
            )
        if counts["failed"]:
            yield (
                f"{counts['failure_share']:.1%} of the replies about {purpose} could not be"
                f" used{reasons_in_words([counts], 'failed')}; in these cases the agents followed the failure policy of"
                f" the scenario ({run.summary['llm']['on_failure']})."
            )


def single_seeds(run: Run) -> Iterator[str]:
    """Yield the policies that were trained with one seed only, so that their results have no interval over seeds."""
    labels = [policy.label for policy in run.plan.policies if policy.trained_roles and len(policy.seeds) == 1]
    if labels:
        yield (
            f"One training seed: the results of {', '.join(labels)} have no interval over training seeds and may differ"
            " for other seeds; repeat the run with seeds=5."
        )


def untrained(run: Run) -> Iterator[str]:
    """Yield the roles of the scenario's own policy whose agents were neither trained nor fitted."""
    own = run.plan.last
    fixed = [f"{role} ({choice.kind.name})" for role, choice in own.agents.items() if role not in own.fitted_roles]
    if fixed:
        all_roles = " (no agent was trained)" if len(fixed) == len(own.agents) else ""
        yield f"Not trained in {own.label}: {', '.join(fixed)}{all_roles}."


def unknown_distance(run: Run) -> Iterator[str]:
    """Yield a caveat if there is no certificate of profitable deviations, and the page has no exact gains either."""
    if not (run.path / "certificate.json").is_file() and not gains_are_exact(run):
        yield f"The distance from equilibrium is not known; to measure it: {command_for(run, 'equilibrium')}."


SECTIONS: tuple[Callable[[Run], Iterator[str]], ...] = (
    warnings,
    simulated_model,
    imperfect_replies,
    single_seeds,
    untrained,
    inputs_of_fits,
    unknown_distance,
)
