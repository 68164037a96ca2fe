"""People from a file: weighted draws, census codes, and mistakes that are named by row and column."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from econsim import random
from econsim.errors import UserError
from econsim.populations.survey import Parameters, Survey
from econsim.populations.survey.census import education_of, occupation_of, sex_of

MINE = """income,weight,age,sex,education,occupation
20000,1,30,women,high_school,farming
50000,2,41,man,bachelor,teaching
80000,1,64,Female,,
"""
PUMS = """SERIALNO,PWGTP,AGEP,SCHL,SEX,WAGP,OCCP
1,30,52,21,1,98000,0440
2,10,8,05,2,,
3,20,35,19,2,31000,4720
4,40,70,16,2,0,
"""


def _survey(folder: Path, text: str, **values: object) -> Survey:
    (folder / "people.csv").write_text(text)
    return Survey(Parameters.model_validate({"file": str(folder / "people.csv"), **values}))


def test_rows_are_drawn_by_weight_with_all_that_belongs_to_them(tmp_path: Path) -> None:
    people = _survey(tmp_path, MINE).people(random.keys(2, 1), 40_000)
    shares = [float((people.income == income).double().mean()) for income in (20_000, 50_000, 80_000)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.01)  # standard error 0.0025
    facts = {person.income: person for person in people.facts()}
    assert facts[50_000.0][:4] == (41, "men", "bachelor", "teaching")
    assert facts[80_000.0][:4] == (64, "women", None, None)
    assert [facts[income].rank for income in (20_000.0, 50_000.0, 80_000.0)] == [0.125, 0.5, 0.875]


def test_sample_and_people_are_the_same_draw(tmp_path: Path) -> None:
    survey, key = _survey(tmp_path, MINE), random.keys(4, 3)
    assert torch.equal(survey.sample(key, 20).income, survey.people(key, 20).income)
    levels = torch.tensor([0.1, 0.3, 0.7, 0.9], dtype=torch.float64)
    assert survey.quantile(levels).tolist() == [20_000, 50_000, 50_000, 80_000]


def test_strata_part_people_by_income(tmp_path: Path) -> None:
    how = {"sampling": "stratified", "strata": [50_000, 80_000], "least_per_stratum": 2}
    drawn = _survey(tmp_path, MINE, **how).sample(random.keys(1, 1), 6)
    assert sorted(drawn.income[0].tolist()) == [20_000, 20_000, 50_000, 50_000, 80_000, 80_000]
    assert sorted(drawn.weight[0].tolist()) == pytest.approx([0.75] * 4 + [1.5] * 2)


def test_census_columns_are_understood(tmp_path: Path) -> None:
    people = _survey(tmp_path, PUMS).people(random.keys(2, 1), 500)
    found = {person[:5] for person in people.facts()}
    assert found == {
        (52, "men", "bachelor", "management", 98_000.0),
        (35, "women", "some_college_or_associate", "sales", 31_000.0),
    }


def test_census_codes() -> None:
    """Codes of the data dictionary of the American Community Survey, 2018."""
    assert [sex_of(code) for code in ("1", "2", "3")] == [1, 0, None]
    schools = {"1": 0, "15": 0, "16": 1, "17": 1, "18": 2, "20": 2, "21": 3, "22": 4, "24": 4, "25": None, "x": None}
    assert {code: education_of(code) for code in schools} == schools
    jobs = {
        "0010": "management",
        "0510": "business and financial operations",
        "0800": "business and financial operations",
        "1021": "computing and mathematics",
        "1306": "architecture and engineering",
        "1910": "science",
        "2040": "community and social services",
        "2145": "the law",
        "2330": "education",
        "2752": "arts, design, sports and media",
        "3255": "medical practice and technology",
        "3602": "healthcare support",
        "3930": "protective services",
        "4020": "food preparation and serving",
        "4220": "building and grounds cleaning",
        "4600": "personal care and services",
        "4760": "sales",
        "5710": "office and administrative support",
        "6050": "farming, fishing and forestry",
        "6825": "construction and extraction",
        "7340": "installation, maintenance and repair",
        "8140": "production",
        "9130": "transportation",
        "9620": "moving materials",
        "9830": "",
        "9920": "",
        "N": "",
        "abc": None,
    }
    assert {code: occupation_of(code) for code in jobs} == jobs


def test_weights_and_persons_may_be_left_out(tmp_path: Path) -> None:
    people = _survey(tmp_path, "income\n100\n300\n", unit="coin").people(random.keys(2, 1), 50)
    assert set(people.income.flatten().tolist()) == {100.0, 300.0}
    assert "person. At 40 hours a week you would earn about 100 coin" in " ".join(people.texts())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("50000,2", "much,2", "people.csv:3: column income: expected an amount above 0, found 'much'"),
        ("50000,2", "-1,2", "people.csv:3: column income: expected an amount above 0"),
        ("20000,1,", "20000,0,", "people.csv:2: column weight: expected a weight above 0, found '0'"),
        (",64,", ",140,", "people.csv:4: column age: expected an age of 0 to 120, found '140'"),
        (",man,", ",both,", "people.csv:3: column sex: expected one of women, men, found 'both'"),
        ("bachelor", "BA", "people.csv:3: column education: expected one of less_than_high_school, .*, found 'BA'"),
        ("teaching", "x" * 90, "people.csv:3: column occupation: expected one line of at most 80 characters"),
        ("income", "pay", "expected a column income or WAGP"),
    ],
)
def test_mistakes_are_named_by_row_and_column(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        _survey(tmp_path, MINE.replace(old, new, 1))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"population.file: cannot read .*nowhere.csv"):
        Survey(Parameters(file=str(tmp_path / "nowhere.csv")))
