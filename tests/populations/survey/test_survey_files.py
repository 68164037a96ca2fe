"""Survey files as spreadsheets, pandas and the Census API write them: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import econsim
from econsim import random
from econsim.errors import UserError
from econsim.populations.personas.people import People
from econsim.populations.survey import Parameters, Survey

KEY = random.keys(3, 2)


def _file(folder: Path, text: str) -> str:
    path = folder / "people.csv"
    path.write_bytes(text.encode())
    return str(path)


def _people(folder: Path, text: str, count: int) -> People:
    return Survey(Parameters(file=_file(folder, text))).people(KEY, count)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "income,weight\n30000,10\n1,200,10\n",
            r":3: expected 2 fields, .*found 3; write numbers without a thousands comma",
        ),
        ("income,weight\n1,200,10\n30000,10\n", r":2: expected 2 fields, .*found 3"),
        ("income,weight\n30000,10\n1,200,\n", r":3: expected 2 fields, .*found 3"),
        ("income,weight,age\n30000,10\n", r":2: expected 3 fields, .*found 2$"),
        ('income,weight\n"1,200",10\n', r":2: column income: expected an amount above 0, found '1,200'"),
        ("income,age\n100,30\n\n\n200,abc\n", r":5: column age: expected an age of 0 to 120, found 'abc'"),
        ("# two\n# comments\nincome,age\n# a third\n200,abc\n", r":5: column age"),
        ('income,note,age\n100,"two\n# lines",30\n200,,abc\n', r":4: column age"),
        ("income,age\r\n100,30\r\n,\r\n200,abc\r\n", r":4: column age"),
        ("income,age\n100,30\n,40\n", r":3: column income: expected an amount above 0, found ''"),
        ('income,note\n100,ok\n200,"never closed\n300,x\n', r":3: not CSV: unexpected end of data; check the quotes"),
        ("income,income\n1,2\n", r"people.csv: the column 'income' is given twice"),
        ("", "population.file: .*people.csv: expected a header row"),
    ],
)
def test_rows_that_would_be_misread_are_refused_with_their_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Survey(Parameters(file=_file(tmp_path, text)))


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("income,occupation\n1,a\n2,café\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"population.file: cannot read .*latin.csv:3: expected UTF-8 text"):
        Survey(Parameters(file=str(tmp_path / "latin.csv")))


@pytest.mark.parametrize(
    "text",
    [
        "income,age\n30000,30\n50000,40\n",
        "\ufeffincome,age\r\n30000,30\r\n50000,40\r\n",
        "income,age\n30000,30,\n50000,40,\n",
        "income,age,\n30000,30,\n50000,40,\n,,\n",
        "income,age\n30000,30,\n50000,40\n",
        "# note\nincome , age\n# more\n 30000, 30\n\n50000,40.0\n",
        'age,"income",note\n30,30000,"a ""quoted"", note\nof two lines"\n40,50000,\n',
    ],
    ids=[
        "plain",
        "byte_order_mark",
        "trailing_commas",
        "blank_columns",
        "some_trailing_commas",
        "comments_and_spaces",
        "quotes",
    ],
)
def test_the_same_two_people_are_read(tmp_path: Path, text: str) -> None:
    facts = _people(tmp_path, text, 2).facts()
    assert [(person.income, person.age) for person in facts] == [(30_000.0, 30), (50_000.0, 40)]


def test_blank_cells_are_unknown(tmp_path: Path) -> None:
    people = _people(tmp_path, "income,weight,age\n30000,3,\n50000,,40\n70000,1,NA\n", 3)
    assert [person.age for person in people.facts()] == [None, 40, None]
    assert people.weight[1].tolist() == pytest.approx([1.5, 1.0, 0.5])  # the second has the mean weight of the others


PANDAS = """WAGP,PWGTP,AGEP,SEX,SCHL,OCCP
30000.0,10,30,2,21.0,3255.0
0.0,10,15,2,9.0,
,10,2,1,,
"""
CENSUS_API = """WAGP,PWGTP,AGEP,SEX,SCHL,OCCP
30000,10,30,2,21,3255
-1,10,12,2,0,0009
0,10,40,1,16,N
000000,10,40,1,16,N
"""


@pytest.mark.parametrize("text", [PANDAS, CENSUS_API], ids=["pandas", "census_api"])
def test_microdata_of_the_census_bureau_in_the_forms_of_its_tools(tmp_path: Path, text: str) -> None:
    (person,) = _people(tmp_path, text, 1).facts()
    assert person[:5] == (30, "women", "bachelor", "medical practice and technology", 30_000.0)


def test_wages_below_zero_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"people.csv:2: column WAGP: expected an amount above 0, found '-500'"):
        _people(tmp_path, "WAGP\n-500\n100\n", 1)


MINE = "income,weight,occupation\n50000,2,teaching\n20000,1,farming\n80000,1,law\n20000,4,sales\n"


def test_as_many_workers_as_rows_are_the_rows_in_order_with_their_weights(tmp_path: Path) -> None:
    survey = Survey(Parameters(file=_file(tmp_path, MINE)))
    for copy in (0, 1):
        people = survey.people(KEY, 4)
        assert [person.occupation for person in people.facts(copy)] == ["teaching", "farming", "law", "sales"]
        assert people.weight[copy].tolist() == [1.0, 0.5, 0.5, 2.0]
    sample = survey.sample(KEY, 4)
    assert torch.equal(sample.income, people.income)
    assert torch.equal(sample.weight, people.weight)


def test_another_number_of_workers_is_drawn_at_random_and_told(tmp_path: Path) -> None:
    file = _file(tmp_path, MINE)
    by_default, drawn = Survey(Parameters(file=file)), Survey(Parameters(file=file, sampling="random"))
    assert torch.equal(by_default.sample(KEY, 9).income, drawn.sample(KEY, 9).income)
    assert bool((by_default.sample(KEY, 9).weight == 1).all())

    def advice(workers: int, **how: Any) -> str:
        return " ".join(
            econsim.make("one_step", workers=workers, population={"kind": "survey", "file": file, **how}).advice()
        )

    assert "people.csv has 4 rows with an income for 9 workers" in advice(9)
    assert "rows with an income" not in advice(4) + advice(9, sampling="random")


def test_one_step_uses_the_weights_of_the_rows(tmp_path: Path) -> None:
    game: Any = econsim.make("one_step", workers=4, population={"kind": "survey", "file": _file(tmp_path, MINE)})
    assert game.income[0].tolist() == [50_000.0, 20_000.0, 80_000.0, 20_000.0]
    assert game.weight[0].tolist() == [1.0, 0.5, 0.5, 2.0]
