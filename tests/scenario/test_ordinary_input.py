"""Files and values as people have them: names with spaces and accents, byte order marks, numbers of numpy."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import econsim
from econsim.errors import ScenarioError, UserError
from econsim.scenario import library, load
from econsim.scenario.loading import validate_file
from econsim.scenario.template import template
from econsim.text.wording import Wording

SCENARIO = (
    "# Light.\neconsim: 1\neconomy: {kind: one_step, workers: 3}\nagents: {worker: best_response}\nplanner: flat\n"
)
NFC, NFD = (unicodedata.normalize(form, "économie à part") for form in ("NFC", "NFD"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for axis in library.AXES:
        (tmp_path / axis).mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("file", "label"),
    [
        ("light (1)", "light (1)"),
        ("joe's", "joe's"),
        ("tax & transfer, 50%", "tax _ transfer_ 50_"),
        ("हिन्दी", "हिन्दी"),
        ("-", "_"),
        (NFC, NFC),
        (NFD, NFC),
        ("long" * 40, "long" * 25),
    ],
)
def test_a_file_of_any_name_is_a_scenario(folder: Path, file: str, label: str) -> None:
    path = folder / "scenarios" / f"{file}.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    assert load(path).name == label
    assert load(file).name == label
    assert load(file).dump() == load(path).dump()
    validate_file(path)


@pytest.mark.parametrize(("on_disk", "typed"), [(NFD, NFC), (NFC, NFD)])
def test_accents_in_one_form_find_files_in_the_other(folder: Path, on_disk: str, typed: str) -> None:
    (folder / "scenarios" / f"{on_disk}.yaml").write_text(SCENARIO, encoding="utf-8")
    assert load(typed).name == load(folder / "scenarios" / f"{typed}.yaml").name == NFC
    assert library.names("scenarios").count(NFC) == 1
    validate_file(folder / "scenarios" / f"{typed}.yaml")


def test_a_planner_of_any_name_plays_and_is_a_baseline(folder: Path) -> None:
    (folder / "planners" / "mine, 20% (new).yaml").write_text("kind: flat\nrate: 0.2\n", encoding="utf-8")
    name = "mine, 20% (new)"
    scenario = load("one_step", {"planner": name, "training": None})
    assert scenario.planner_label == "mine_ 20_ (new)"
    (folder / "planners" / "joe's.yaml").write_text("kind: flat\nrate: 0.3\n", encoding="utf-8")
    assert list(load("one_step", {"baselines": ["joe's", name], "evaluation": None}).baselines) == [
        "joe's",
        "mine_ 20_ (new)",
    ]


def test_names_that_are_given_are_not_changed_silently() -> None:
    with pytest.raises(ScenarioError, match=r"name: expected letters, digits, spaces and . _ \+ - \( \) '"):
        load("one_step", {"name": "a, b"})


def test_a_byte_order_mark_is_read_over(folder: Path) -> None:
    path = folder / "scenarios" / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SCENARIO.encode())
    assert load("bom").description == "Light."
    assert {entry.name: entry.summary for entry in library.entries("scenarios")}["bom"] == "Light."
    copied = template("mine", path)
    assert "\ufeff" not in copied
    assert "# Light." not in copied


def test_a_byte_order_mark_is_no_part_of_a_prompt(folder: Path) -> None:
    (folder / "terse").mkdir()
    (folder / "terse" / "rules.txt").write_bytes(b"\xef\xbb\xbfWork or rest, {{ name }}.\r\n")
    (folder / "terse" / "latin.txt").write_bytes("Café".encode("latin-1"))
    wording = Wording(folder, "terse", "llm.wording")
    assert wording.render("rules", name="Ada") == "Work or rest, Ada."
    with pytest.raises(UserError, match=r"llm.wording: .*latin.txt:1: expected UTF-8 text"):
        wording.render("latin")


def test_numbers_and_arrays_of_numpy_are_plain_data(folder: Path) -> None:
    given: dict[str, Any] = {
        "seed": np.int64(7),
        "economy.workers": np.int16(3),
        "economy.brackets": np.array([0.0, 20_000.0]),
        "economy.status_quo": (np.float64(0.1), torch.tensor(0.5)),
        "economy.population": {"kind": "listed", "incomes": range(1, 4)},
        "economy.redraw_population": np.bool_(False),
        "name": np.str_("mine"),
    }
    same = {
        "seed": 7,
        "economy.workers": 3,
        "economy.brackets": [0, 20_000],
        "economy.status_quo": [0.1, 0.5],
        "economy.population": {"kind": "listed", "incomes": [1, 2, 3]},
        "name": "mine",
    }
    assert econsim.load("one_step", **given).dump() == econsim.load("one_step", **same).dump()
    game: Any = econsim.make("one_step", num_envs=np.int64(2), workers=np.int64(3), hours_cap=np.float32(90))
    assert game.settings.workers == 3
    with pytest.raises(ScenarioError, match=r"argument: seed: expected plain data .*, found complex"):
        econsim.load("one_step", seed=np.complex128(1j))


def test_a_file_may_be_given_as_a_path(folder: Path) -> None:
    (folder / "people.csv").write_text("income\n100\n200\n")
    game: Any = econsim.make("one_step", workers=2, population={"kind": "survey", "file": folder / "people.csv"})
    assert game.income.tolist() == [[100.0, 200.0]]


@pytest.mark.parametrize(
    ("cap", "step", "hours"), [(168, 0.7, 241), (0.3, 0.1, 4), (100, 0.1, 1001), (100, 1, 101), (100, 1 / 3, 301)]
)
def test_steps_divide_the_cap_up_to_rounding(cap: float, step: float, hours: int) -> None:
    game: Any = econsim.make("one_step", hours_cap=cap, hours_step=step)
    assert len(game.choices("worker")) == hours
    assert float(game.choices("worker")[-1]) == pytest.approx(cap)


@pytest.mark.parametrize("step", [0.9, 0.7000001, 200, 1e-320])
def test_other_steps_are_refused(step: float) -> None:
    with pytest.raises(ScenarioError, match="does not divide hours_cap 168"):
        econsim.make("one_step", hours_cap=168, hours_step=step)
