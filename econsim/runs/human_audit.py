"""Comparison of a run's population with human figures: choices in games, answers to surveys, elasticities of audits.

Choices are those of language-model agents under the scenario's own policy, as the transcript holds them. Answers are
those of surveys of the run, whose questions have the name of a quantity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from econsim.analysis.human_figures import HumanDistance, HumanFigure, distance_from, distance_of
from econsim.analysis.statistics import Interval
from econsim.errors import UserError, did_you_mean
from econsim.runs.surveys import SURVEYS
from econsim.runs.transcripts import has_transcript
from econsim.storage.csv_reader import read_csv

if TYPE_CHECKING:
    from econsim.llm.transcript import Entry
    from econsim.parameters import Chosen
    from econsim.runs.folder import Run

__all__ = ["ELASTICITY", "Comparison", "as_json", "audit_against_humans", "run_against_humans"]

ELASTICITY = "labour_supply_elasticity"
"""The quantity that an audit of incentives measures."""


class Comparison(NamedTuple):
    """A distance, where the values come from, and how many persons (different texts of personas) gave them."""

    origin: str
    distance: HumanDistance
    personas: int


class _Answers(NamedTuple):
    """Values of one quantity, each with the persona that gave it."""

    origin: str
    quantity: str
    values: list[float]
    personas: list[str]


def run_against_humans(run: Run, figures: Mapping[str, HumanFigure]) -> list[Comparison]:
    """Return the distances of a run's choices and survey answers from those figures that they have values for.

    Raises:
        UserError: no figure is about a choice or an answer of this run; the message says what there is.
    """
    answers = [*_choices(run), *_surveyed(run)]
    compared = [
        Comparison(each.origin, distance_from(figures[each.quantity], each.values), len({*each.personas}))
        for each in answers
        if each.quantity in figures
    ]
    if not compared:
        measured = [each.quantity for each in answers]
        there_are = f"it has {', '.join(dict.fromkeys(measured))}" if measured else "it has no such choices or answers"
        hint = did_you_mean(next(iter(figures)), measured) if measured and figures else ""
        raise UserError(
            f"{run.path}: nothing to compare with the quantities {', '.join(figures)}: {there_are}{hint}; choices of"
            " language-model agents count in the games dictator, public_goods and ultimatum, and numbers of a survey"
            " whose question has the name of a quantity"
        )
    return compared


def audit_against_humans(audits: list[dict[str, Any]], figures: Mapping[str, HumanFigure]) -> list[Comparison]:
    """Return the distance of the elasticity of an audit in each wording; empty if no figure is about elasticities."""
    figure = figures.get(ELASTICITY)
    measured = [(each["wording"], each["elasticity"], each["people"]) for each in audits if each["elasticity"]]
    return [
        Comparison(wording or "audit", distance_of(figure, Interval(**elasticity)), people)
        for wording, elasticity, people in measured
        if figure is not None
    ]


def as_json(compared: list[Comparison]) -> dict[str, Any]:
    """Return comparisons as the content of ``humans.json``."""
    rows = [{"origin": each.origin, "personas": each.personas, **asdict(each.distance)} for each in compared]
    return {"format": 1, "comparisons": rows}


def _choices(run: Run) -> Iterator[_Answers]:
    if not has_transcript(run):
        return
    own = list(run.summary["policies"])[-1]
    readers = _readers(run.scenario.game)
    scored = [entry for entry in run.transcript() if entry.policy == own and entry.response]
    for role, (quantity, value_of) in readers.items():
        chosen = [entry for entry in scored if entry.role == entry.purpose == role and entry.value is not None]
        if chosen:
            yield _Answers("choices", quantity, [value_of(each) for each in chosen], [each.persona for each in chosen])


def _readers(game: Chosen) -> dict[str, tuple[str, Callable[[Entry], float]]]:
    """Return by role of a game the quantity that its choices measure, and how a choice is read."""
    parameters = game.parameters
    match game.kind.name:
        case "dictator":
            return {"dictator": ("dictator_share", _label)}
        case "public_goods":
            return {"player": ("public_goods_contribution", _label)}
        case "extensive_form" if getattr(parameters, "classic", None) == "ultimatum":
            units = float(getattr(parameters, "units", 0))
            return {
                "player_1": ("ultimatum_offer", lambda entry: _label(entry) / units),
                "player_2": ("ultimatum_rejection", lambda entry: float(entry.value == "reject")),
            }
    return {}


def _label(entry: Entry) -> float:
    return float(entry.value)


def _surveyed(run: Run) -> Iterator[_Answers]:
    for file in sorted((run.path / SURVEYS).glob("*/answers.csv")):
        rows = [*read_csv(Path(file), "survey").rows()]
        for name in dict.fromkeys(row["question"] for row in rows):
            answers = [(row["answer"], row["persona"]) for row in rows if row["question"] == name]
            numbers = [(float(answer), persona) for answer, persona in answers if _is_number(answer)]
            if numbers:
                values, personas = [value for value, _ in numbers], [persona for _, persona in numbers]
                yield _Answers(f"survey {file.parent.name}", name, values, personas)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return bool(text)
