from __future__ import annotations

from pathlib import Path

import pytest
import torch

from econsim import random
from econsim.errors import UserError
from econsim.populations.quantile_table import Parameters, QuantileTable


def test_shipped_table_gives_the_published_percentiles_back() -> None:
    published = {
        10: 4_214,
        25: 14_960,
        50: 34_820,
        75: 61_750,
        90: 100_800,
        99: 306_200,
        99.9: 997_100,
        99.99: 4_147_000,
    }
    levels = torch.tensor(list(published), dtype=torch.float64) / 100
    assert QuantileTable(Parameters()).quantile(levels).tolist() == pytest.approx(list(published.values()), rel=1e-9)


def test_a_pareto_distribution_is_interpolated_and_continued_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [(p, 100 * (1 - p / 100) ** (-1 / 2)) for p in (1, 40, 90)]
    Path("mine.csv").write_text("# a comment\nshare,pay\n" + "".join(f"{p},{pay!r}\n" for p, pay in rows))
    population = QuantileTable(Parameters(file="mine.csv", percentile_column="share", value_column="pay", unit="EUR"))
    levels = torch.tensor([0.01, 0.3, 0.77, 0.99, 0.9999], dtype=torch.float64)
    torch.testing.assert_close(population.quantile(levels), 100 * (1 - levels) ** -0.5, rtol=1e-10, atol=0)
    below = population.quantile(torch.tensor([0.005], dtype=torch.float64))
    assert float(below) == pytest.approx(rows[0][1] / 2)  # proportional to the level below the first row
    assert population.unit == "EUR"
    assert bool((population.sample(random.keys(0, 2), 50).income > 0).all())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("percentile,value\n10,5\n50,4\n", "bad.csv:3: column value: expected a number above 5 of the row before"),
        ("percentile,value\n10,0\n50,4\n", "bad.csv:2: column value: expected an income above 0, found '0'"),
        ("percentile,value\n10,3\n50,inf\n", "bad.csv:3: column value: expected an income above 0, found 'inf'"),
        ("percentile,value\n50,3\n50,4\n", "bad.csv:3: column percentile: expected a number above 50"),
        (
            "percentile,value\n50,3\n100,4\n",
            "bad.csv:3: column percentile: expected a percentile above 0 and below 100",
        ),
        ("percentile,value\n#\n\n50,many\n60,4\n", "bad.csv:4: column value: expected an income above 0, found 'many'"),
        ("percentile,value\n50\n60,4\n", "bad.csv:2: expected 2 fields, as in the header, found 1"),
        ("percentile,value\n50,1,234\n60,4\n", "bad.csv:2: expected 2 fields, as in the header, found 3"),
        ("percentile,values\n50,3\n60,4\n", "no column 'value' .did you mean values"),
        ("percentile,value\n50,3\n", "at least two rows, found 1"),
        ("", "expected a header row"),
        ("percentile,value\n98,3\n99,3000\n", "infinite mean"),
    ],
)
def test_bad_tables_are_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        QuantileTable(Parameters(file=str(file)))
    assert "bad.csv" in str(caught.value)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")
    for name in ("missing.csv", "binary.csv", "."):
        with pytest.raises(UserError, match="cannot read"):
            QuantileTable(Parameters(file=str(tmp_path / name)))


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    file = tmp_path / "from_excel.csv"
    file.write_bytes(b"\xef\xbb\xbfpercentile,value\r\n10,10000\r\n50,40000\r\n90,90000\r\n99,200000\r\n")
    table = QuantileTable(Parameters(file=str(file)))
    assert table.quantile(torch.tensor([0.5], dtype=torch.float64)).tolist() == pytest.approx([40_000])
