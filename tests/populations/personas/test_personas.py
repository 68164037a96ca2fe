"""People drawn with personas: incomes of the population they come from, persons of the joint distribution."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

import econsim
from econsim import random
from econsim.errors import UserError
from econsim.populations import Peopled
from econsim.populations.gb2 import GB2
from econsim.populations.gb2 import Parameters as OfGB2
from econsim.populations.listed import Listed
from econsim.populations.personas import Parameters, Personas
from econsim.populations.personas.census_tables import tables
from econsim.populations.personas.joint import joint
from econsim.populations.personas.people import People
from econsim.populations.personas.texts import Facts, text_of

MANY = 100_000


@pytest.fixture(scope="module")
def many() -> People:
    return Personas(Parameters()).people(random.keys(3, 1), MANY)


def test_incomes_are_those_of_the_population_alone() -> None:
    key, how = random.keys(7, 3), {"sampling": "stratified", "strata": [50_000, 200_000], "least_per_stratum": 5}
    personas = Personas(Parameters.model_validate({"income": {"kind": "gb2", **how}}))
    alone = GB2(OfGB2.model_validate(how)).sample(key, 40)
    people = personas.people(key, 40)
    assert torch.equal(people.income, alone.income)
    assert torch.equal(personas.sample(key, 40).income, alone.income)
    assert torch.equal(people.weight, alone.weight)
    assert len(set(people.weight[0].tolist())) == 3


def test_a_person_does_not_depend_on_the_number_of_people_or_copies() -> None:
    personas = Personas(Parameters())
    few, more = personas.people(random.keys(5, 1), 10), personas.people(random.keys(5, 3), 25)
    assert few.texts() == more.texts()[:10]
    assert more.texts(0) != more.texts(1)


def test_persons_follow_the_joint_distribution(many: People) -> None:
    cells = joint()
    for column in ("sex", "education", "occupation"):
        expected = torch.zeros(int(getattr(cells, column).max()) + 1, dtype=torch.float64)
        expected.index_add_(0, getattr(cells, column), cells.mass)
        share = getattr(many, column).flatten().bincount(minlength=len(expected)) / MANY
        error = (share - expected).abs() / (expected * (1 - expected) / MANY).sqrt()
        assert float(error.max()) < 4.5, column  # standard errors, the largest of up to 23
    assert int(many.age.min()) == 18
    assert int(many.age.max()) == 64


def test_skill_and_persona_agree(many: People) -> None:
    """Ratios of median wages of men over women by age as published (W-2, 2019)."""
    ages = ((18, 24), (25, 34), (35, 44), (45, 64))
    for band, (first, last) in enumerate(ages):
        inside = (many.age >= first) & (many.age <= last)
        women, men = (many.income[inside & (many.sex == sex)].median() for sex in (0, 1))
        published = tables().wages[0.5][band]
        # A median of 10,000 people whose log income has a standard deviation of 1 at it is known to 1.3 per cent.
        assert math.log(float(men / women)) == pytest.approx(math.log(float(published[1] / published[0])), abs=0.08)


def test_the_rank_is_the_share_of_people_who_earn_less(many: People) -> None:
    at = many.income.flatten().argsort()
    empirical = (torch.arange(MANY, dtype=torch.float64) + 0.5) / MANY
    assert float((many.rank.flatten()[at] - empirical).abs().max()) < 1.63 / math.sqrt(MANY)  # Kolmogorov, 1 %


def test_people_of_a_list_stand_in_the_middle_of_their_share() -> None:
    income = {"kind": "listed", "incomes": [30_000, 30_000, 80_000]}
    people = Personas(Parameters.model_validate({"income": income})).people(random.keys(1, 2), 3)
    assert people.rank[0].tolist() == pytest.approx([1 / 3, 1 / 3, 5 / 6], abs=1e-3)
    assert Listed.unit == people.unit == "USD"


def test_one_step_tells_workers_who_they_are() -> None:
    plain: Any = econsim.make("one_step", workers=12)
    game: Any = econsim.make("one_step", workers=12, population={"kind": "personas", "income": "gb2"})
    assert torch.equal(game.income, plain.income)
    personas = game.briefing("worker")["personas"]
    assert len(personas) == 12
    assert plain.briefing("worker")["personas"] == ()
    for text, income in zip(personas, game.income[0].tolist(), strict=True):
        assert f"{float(f'{income:.2g}'):,.12g} US dollars a year" in text


def test_people_who_change_from_copy_to_copy_cannot_be_told() -> None:
    game: Any = econsim.make("one_step", workers=3, population="personas", redraw_population=True)
    with pytest.raises(UserError, match="redraw_population"):
        game.briefing("worker")


def test_personas_on_top_of_personas_are_refused() -> None:
    with pytest.raises(ValidationError, match="has people with attributes of their own"):
        Parameters.model_validate({"income": "personas"})


def test_rules_of_the_template() -> None:
    young = Facts(22, "women", "bachelor", "science", 95_400.0, 0.85, "USD")
    assert text_of(young) == (
        "You are a 22-year-old woman with a bachelor's degree, working in science, at the start of your career."
        " At 40 hours a week you would earn about 95,000 US dollars a year, more than 85 in 100 people who work;"
        " you are well off. You are bold, and take risks readily."
    )
    old = Facts(58, None, None, None, 4.9, 0.004, "coin")
    assert text_of(old) == (
        "You are a 58-year-old person, late in your career. At 40 hours a week you would earn about 4.9 coin a year,"
        " more than 1 in 100 people who work; money is short and every bit of take-home pay counts."
        " You are careful, and avoid risks."
    )
    assert text_of(young._replace(age=18)).startswith("You are an 18-year-old woman")


def test_written_texts_take_the_place_of_the_template(tmp_path: Path) -> None:
    key, file = random.keys(1, 1), tmp_path / "texts.csv"
    said = Personas(Parameters()).people(key, 4).texts()
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([("person", "text"), *((person, f"Told: {person}") for person in said)])
    personas = Personas(Parameters(texts=str(file)))
    assert personas.people(key, 4).texts() == tuple(f"Told: {person}" for person in said)
    with pytest.raises(UserError, match=r"has no text for the person .You are"):
        personas.people(key, 5).texts()


def test_wrong_files_of_texts_are_explained(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"population.texts: cannot read .*missing.csv"):
        Personas(Parameters(texts=str(tmp_path / "missing.csv")))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="expected the columns person and text"):
        Personas(Parameters(texts=str(tmp_path / "other.csv")))
    (tmp_path / "commas.csv").write_text("# mine\nperson,text\n\nYou are a person, careful,You save.\n")
    with pytest.raises(UserError, match=r"commas.csv:4: expected 2 fields, as in the header, found 3"):
        Personas(Parameters(texts=str(tmp_path / "commas.csv")))


def test_the_table_has_a_row_a_person() -> None:
    personas = Personas(Parameters())
    assert isinstance(personas, Peopled)
    table = personas.people(random.keys(1, 1), 6).table()
    assert list(table) == ["age", "sex", "education", "occupation", "income", "rank", "weight", "text"]
    assert len(table) == 6
    assert set(table["sex"]) <= {"women", "men"}
