"""Exported tables hold no formulas for spreadsheets and no commands for LaTeX, whatever names a scenario gives."""

import csv
from pathlib import Path

import pandas as pd

import econsim
from econsim.report.tables import to_latex
from econsim.storage.csv_tables import write_csv

HOSTILE = ["=HYPERLINK(1)", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]


def cells(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_texts_that_look_like_formulas_begin_with_an_apostrophe_and_numbers_stay(tmp_path: Path) -> None:
    numbers = [-1.5, 2.0, -3.0, 0.0, 1e-9, 1.0, 2.0]
    texts = ["-5", "+1e3", "plain", "a=b", "", "-0.5", "1-2"]
    mixed = [-1, "=1", None, True, 2.5, "", "x"]
    table = pd.DataFrame({"=name": HOSTILE, "number": numbers, "text": texts, "mixed": mixed})
    table["category"] = pd.Categorical(HOSTILE)
    write_csv(tmp_path / "table.csv", table)
    header, *rows = cells(tmp_path / "table.csv")
    assert header == ["'=name", "number", "text", "mixed", "category"]
    escaped = [f"'{text}".replace("\r", "\n") for text in HOSTILE]
    assert [row[0] for row in rows] == escaped == [row[4] for row in rows]
    assert [float(row[1]) for row in rows] == numbers
    assert [row[2] for row in rows] == texts
    assert [row[3] for row in rows] == ["-1", "'=1", "", "True", "2.5", "", "x"]
    write_csv(tmp_path / "empty.csv", table.head(0))
    assert (tmp_path / "empty.csv").read_text() == "'=name,number,text,mixed,category\n"


def test_every_exporter_writes_csv_with_this_function() -> None:
    sources = Path(econsim.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if ".to_csv(" in path.read_text("utf-8")] == ["csv_tables.py"]


def test_latex_shows_labels_literally() -> None:
    hostile = "\\input{secret} 50% $x_1^2$ #&~"
    text = to_latex(pd.DataFrame({"policy": [hostile], hostile: [1.0], "a\nb": ["one\n\n\\end{tabular}"]}))
    for escaped in (r"\textbackslash input\{secret\}", r"50\%", r"\$x\_1\textasciicircum 2\$", r"\#\&\textasciitilde "):
        assert escaped in text
    assert text.count(r"\textbackslash input") == 2
    assert r"\input" not in text
    assert r"& a b \\" in text
    assert r"one \textbackslash end\{tabular\} \\" in text
