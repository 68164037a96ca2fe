"""Folders of data of the states: they are read as they are written, and every mistake has one clear message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import torch
from economies.pandemic.test_pandemic_states import START, few_states

from econsim.economies.pandemic_states import PandemicStates, Parameters
from econsim.economies.pandemic_states.tables import COLUMNS, read_tables, write_tables
from econsim.errors import UserError

DAYS = 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tables(few_states(days=DAYS), tmp_path, START)
    return tmp_path


def game(folder: Path, **parameters: object) -> PandemicStates:
    return PandemicStates(Parameters.model_validate({"folder": str(folder), "days": DAYS, **parameters}))


def change(path: Path, edit: Callable[[str], str]) -> None:
    before = path.read_text()
    path.write_text(edit(before))
    assert path.read_text() != before


def test_the_documentation_has_the_columns() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/economies/pandemic_states.md").read_text(encoding="utf-8")
    rows = [
        f"| `{file}` | `{column}` | {text} |" for file, all_of in COLUMNS.items() for column, text in all_of.items()
    ]
    assert "\n".join(rows) in page


def test_tables_are_read_as_they_are_written(folder: Path) -> None:
    written, read = few_states(days=DAYS), read_tables(folder, START, 5, 1 / 14)
    for name, value in vars(written).items():
        found = getattr(read, name)
        assert torch.equal(found, value) if isinstance(value, torch.Tensor) else found == value, name


def test_rows_and_columns_may_be_in_any_order(folder: Path) -> None:
    before = read_tables(folder, START, 5, 1 / 14)

    def reversed_rows(text: str) -> str:
        header, *rows = text.splitlines()
        names = header.split(",")
        order = list(reversed(range(len(names))))
        return "\n".join(",".join(row.split(",")[at] for at in order) for row in (header, *reversed(rows))) + "\n"

    change(folder / "history.csv", reversed_rows)
    after = read_tables(folder, START, 5, 1 / 14)
    assert torch.equal(before.policy, after.policy)
    assert torch.equal(before.infected, after.infected)


def test_given_bounds_are_used(folder: Path) -> None:
    def with_bounds(text: str) -> str:
        header, *rows = text.splitlines()
        columns = ",health_low,health_high,economy_low,economy_high"
        return "\n".join([header + columns, *(row + ",-0.01,0,0.002,0.003" for row in rows)]) + "\n"

    change(folder / "states.csv", with_bounds)
    with pytest.raises(UserError, match=r"federal.csv has no column 'health_low', but .*states.csv has 'health_low'"):
        game(folder)
    change(folder / "federal.csv", with_bounds)
    assert game(folder).constants["bounds"][:, 0].tolist() == [-0.01, 0.0, 0.002, 0.003]


def without(column: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        rows = [line.split(",") for line in text.splitlines()]
        at = rows[0].index(column)
        return "\n".join(",".join(row[:at] + row[at + 1 :]) for row in rows) + "\n"

    return edit


@pytest.mark.parametrize(
    ("file", "column"),
    [
        (file, column)
        for file, columns in COLUMNS.items()
        for column in columns
        if not column.endswith(("_low", "_high")) and (file, column) != ("federal.csv", "health_weight")
    ],
)
def test_a_missing_column_is_named_with_what_it_holds(folder: Path, file: str, column: str) -> None:
    change(folder / file, without(column))
    meaning = COLUMNS[file][column].split(";")[0].split(",")[0]
    with pytest.raises(UserError) as caught:
        game(folder)
    assert f"{file} has no column '{column}', which is the {meaning}" in str(caught.value)


def first_row(column: str, value: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        header, row, *others = text.splitlines()
        cells = row.split(",")
        cells[header.split(",").index(column)] = value
        return "\n".join([header, ",".join(cells), *others]) + "\n"

    return edit


@pytest.mark.parametrize(
    ("file", "edit", "message"),
    [
        ("states.csv", first_row("population", "-3"), r"states.csv:2: column population: expected a number above 0"),
        ("states.csv", first_row("state", "AK"), r"states.csv:3: column state: expected a code .* no other row has"),
        ("states.csv", first_row("health_weight", "1"), r"health_weight: expected a weight above 0 and below 1"),
        ("states.csv", first_row("infection_intercept", "2"), r"state AL: .* expected an infection rate of at most 1"),
        ("federal.csv", lambda text: text + "0.5\n", r"federal.csv: expected one row, found 2"),
        ("history.csv", first_row("date", "22.3.2020"), r"history.csv:2: column date: expected a day such as 2020"),
        ("history.csv", first_row("stringency", "11"), r"history.csv:2: .* a whole number from 1 to 10, found '11'"),
        ("history.csv", first_row("state", "XX"), r"history.csv:2: column state: expected one of the states of states"),
        ("history.csv", first_row("state", "AK"), r"history.csv:3: column date: .* but AK has two"),
        (
            "history.csv",
            lambda text: text.replace("2020-03-22,AZ,", "2020-03-22,AK,"),
            r"AK has two",
        ),
        (
            "history.csv",
            lambda text: "\n".join(line for line in text.splitlines() if not line.startswith("2020-03-20,AK")),
            r"state AK has no row for 2020-03-20; expected one for each day",
        ),
        ("history.csv", lambda text: text.splitlines()[0] + "\n", r"expected a row for each day and state, found none"),
        (
            "subsidies.csv",
            first_row("amount", "-1"),
            r"subsidies.csv:2: column amount: expected an amount of US dollars",
        ),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(folder: Path, file: str, edit: Callable[[str], str], message: str) -> None:
    if file == "subsidies.csv":
        (folder / file).write_text("date,amount\n2020-03-24,12\n")
    change(folder / file, edit)
    with pytest.raises(UserError, match=message):
        game(folder)


def test_a_missing_file_is_named_with_its_columns(folder: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: no such folder; expected one with states.csv, history.csv, fed"):
        game(folder / "nowhere")
    (folder / "federal.csv").unlink()
    with pytest.raises(UserError, match=r"federal.csv is missing; it has the columns health_weight: inferred weight"):
        game(folder)


def test_a_start_outside_the_history(folder: Path) -> None:
    with pytest.raises(UserError, match=r"no rows for 2019-01-01, the first day of an episode \(economy.start\)"):
        game(folder, start=date(2019, 1, 1))


def test_a_start_without_the_state_of_the_epidemic(folder: Path) -> None:
    with pytest.raises(UserError, match=r"column infected: expected a number of people on 2020-03-23"):
        game(folder, start=date(2020, 3, 23))


def test_people_who_are_more_than_all(folder: Path) -> None:
    change(folder / "states.csv", first_row("population", "1000"))
    with pytest.raises(UserError, match=r"state AL: 2,155 infected, .* people of 1,000; expected"):
        game(folder)


def test_actual_policies_that_end_before_the_episode(folder: Path) -> None:
    with pytest.raises(
        UserError, match=r"has 5 days after 2020-03-22, and an episode 9; set economy.days to at most 5"
    ):
        game(folder, days=9, policies="actual")
    assert "actual" not in game(folder, days=9).reference_policies()


def test_weights_of_more_filters_than_there_are(folder: Path) -> None:
    with pytest.raises(UserError, match=r"unemployment_weight_3 belongs to no filter, since .* names 2"):
        game(folder, filter_days=(10.0, 20.0))


def test_subsidies_above_the_highest_level(folder: Path) -> None:
    (folder / "subsidies.csv").write_text("date,amount\n2020-03-24,9e12\n")
    with pytest.raises(UserError, match=r"amounts in payment on 2020-03-24 reach level \d+ of 20"):
        game(folder)
