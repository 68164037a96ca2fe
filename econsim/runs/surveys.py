"""Surveys of the personas of a run: typed questions to all of them, or to a random sample, and tables by demographics.

Questions are a YAML file::

    questions:
      wanted: {ask: How many hours a week would you like to work?, type: number, low: 0, high: 100}
      fair: {ask: Is the tax system fair?, type: choice, options: [yes, no, unsure]}
      why: {ask: Why do you think so?, type: text}
    by: [sex, education]       # traits of the personas; ages are grouped by ten years
    sample: 200                # people drawn at random; all by default
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from econsim import random
from econsim.analysis.survey_estimates import SurveyEstimate, estimate
from econsim.errors import UserError, did_you_mean
from econsim.game import TextInterface
from econsim.llm.replies import Amount, Form, OneOf, Words
from econsim.llm.transcript import Entry
from econsim.parameters import Model
from econsim.runs.interviews import LONGEST, Said, ask_personas, moments
from econsim.split_roles import base_game

if TYPE_CHECKING:
    from econsim.runs.folder import Run
    from econsim.scenario.overrides import Overrides

__all__ = ["SURVEYS", "Line", "Survey", "SurveyQuestion", "SurveyResult", "conduct", "read_survey"]

SURVEYS = "surveys"
"""The folder of surveys in the folder of a run; each has a folder of its own in it."""
EVERYBODY = "all"


class SurveyQuestion(Model):
    """One question with the type of its answer."""

    ask: str = Field(min_length=1)
    """The question."""
    type: Literal["number", "choice", "text"] = "text"
    """``number`` from ``low`` to ``high``; ``choice`` among ``options``; ``text``: words, which are listed only."""
    low: float | None = None
    """Smallest number."""
    high: float | None = None
    """Largest number."""
    options: tuple[str, ...] = ()
    """The options of a choice."""

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type == "number" and (self.low is None or self.high is None or self.low >= self.high):
            raise ValueError("a number needs low and high, with low below high")
        if self.type == "choice" and len(set(self.options)) < 2:
            raise ValueError("a choice needs at least two different options")
        if self.type != "choice" and self.options:
            raise ValueError(f"options belong to type choice; the type is {self.type}")
        return self

    def form(self) -> Form:
        """Return the form of the answer."""
        if self.type == "choice":
            return OneOf("answer", self.options)
        if self.type == "number":
            assert self.low is not None
            assert self.high is not None
            return Amount("answer", self.low, self.high)
        return Words("answer", LONGEST)


class Survey(Model):
    """Questions, and how the people are chosen and grouped."""

    questions: dict[str, SurveyQuestion] = Field(min_length=1)
    """The questions by name."""
    by: tuple[str, ...] = ()
    """Traits of the personas by which the answers are grouped."""
    sample: int | None = Field(None, ge=2)
    """Number of people who are drawn at random, each with the same probability; none: all are asked."""
    seed: int = Field(0, ge=0)
    """Seed of the draw of people."""


@dataclass(frozen=True)
class Line:
    """One line of the table: a question (for a choice, with the option), a group, and its estimate."""

    question: str
    option: str
    group: str
    estimate: SurveyEstimate


@dataclass(frozen=True)
class SurveyResult:
    """Answers by question, in the order of people; the table; and the number of people that were there to ask."""

    survey: Survey
    said: dict[str, list[Said]]
    lines: tuple[Line, ...]
    population: int


def read_survey(path: Path) -> Survey:
    """Return the survey of a YAML file.

    Raises:
        UserError: the file cannot be read, or a key is missing, unknown or wrong.
    """
    from econsim.scenario.validation_errors import problems
    from econsim.scenario.yaml_reader import read

    node = read(path)
    try:
        return Survey.model_validate(node.plain())
    except ValidationError as error:
        lines = [str(problem) for problem in problems(error, Survey, node.plain(), node.place)]
        raise UserError("\n".join(lines)) from error


def conduct(
    run: Run,
    survey: Survey,
    folder: Path,
    step: int | None = None,
    role: str | None = None,
    overrides: Overrides = (),
    agreed: bool = True,
    say: Callable[[str], object] = lambda line: None,
) -> SurveyResult:
    """Ask the personas of a run all questions of a survey, each by itself; for the others see :func:`interview`.

    Args:
        run: a run with a transcript.
        survey: the questions.
        folder: where the answers are recorded.
        step: the step up to which people remember; by default the last.
        role: the role of the people, if several have personas.
        overrides: other settings of the model.
        agreed: the user agrees to the forecast calls.
        say: called with lines about the calls.

    Raises:
        UserError: nobody can be asked, a trait does not exist, or the model cannot be called.
    """
    everybody = moments(run, step, role)
    traits = _traits(run, everybody[0].role, survey.by)
    people = _sampled(everybody, survey)
    asked = [(memory, each.ask, each.form()) for each in survey.questions.values() for memory in people]
    answers = ask_personas(run, asked, "survey", folder, overrides, agreed, say)
    rows = [answers[start : start + len(people)] for start in range(0, len(answers), len(people))]
    said = dict(zip(survey.questions, rows, strict=True))
    weights = _weights(run, people)
    groups = _groups(people, traits)
    lines = [
        line
        for name, question in survey.questions.items()
        for line in _lines(name, question, said[name], weights, groups, len(everybody))
    ]
    return SurveyResult(survey, said, tuple(lines), len(everybody))


def _sampled(people: Sequence[Entry], survey: Survey) -> list[Entry]:
    """Return the people to ask, each with the same probability and without repetition, in their order."""
    if survey.sample is None or survey.sample >= len(people):
        return list(people)
    order = random.permutation(random.keys(survey.seed, 1), 0, "survey", len(people))[0].tolist()
    return [people[index] for index in sorted(order[: survey.sample])]


def _traits(run: Run, role: str, by: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    game = base_game(run.plan.game)
    known = game.briefing(role).get("traits", {}) if isinstance(game, TextInterface) else {}
    for name in by:
        if name not in known:
            listed = f"; there are {', '.join(known)}" if known else ""
            raise UserError(f"by: the personas have no trait {name!r}{did_you_mean(name, known)}{listed}")
    return {name: known[name] for name in by}


def _weights(run: Run, people: Sequence[Entry]) -> list[float]:
    """Return the number of people that each stands for, in the scenario's own population; one where it has none."""
    accounts = run.accounts if run.finished and (run.path / "accounts.parquet").is_file() else None
    if accounts is None or not {"weight", "player"} <= {*accounts.columns}:
        return [1.0] * len(people)
    rows = accounts[accounts["policy"] == people[0].policy]
    by_player = dict(zip(rows["player"], rows["weight"], strict=True))
    return [float(by_player.get(person.player, 1.0)) for person in people]


def _groups(people: Sequence[Entry], traits: Mapping[str, Sequence[Any]]) -> dict[str, list[bool]]:
    """Return who of the people is in each group: everybody first, then each value of each trait."""
    groups = {EVERYBODY: [True] * len(people)}
    for name, values in traits.items():
        own = [_banded(name, values[person.player or 0]) for person in people]
        for value in sorted(set(own)):
            groups[f"{name}: {value}"] = [other == value for other in own]
    return groups


def _banded(name: str, value: Any) -> str:
    return f"{value // 10 * 10} to {value // 10 * 10 + 9}" if name == "age" and isinstance(value, int) else str(value)


def _lines(
    name: str,
    question: SurveyQuestion,
    said: Sequence[Said],
    weights: Sequence[float],
    groups: Mapping[str, Sequence[bool]],
    population: int,
) -> list[Line]:
    """Return the lines of one question; an answer that could not be used leaves its group."""
    values = [each.answer.value for each in said]
    is_known = [value is not None for value in values]
    lines = []
    for group, members in groups.items():
        inside = [member and known for member, known in zip(members, is_known, strict=True)]
        for option in question.options or ("",) * (question.type == "number"):
            own = [float(value == option) if option else float(value or 0.0) for value in values]
            found = estimate(own, weights, inside, population, share=bool(option))
            lines += [] if found is None else [Line(name, option, group, found)]
    return lines
