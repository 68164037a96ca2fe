from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from econsim.runs import metrics_table
from econsim.runs.metrics_table import MetricRow, MetricsWriter
from econsim.storage.files import appearing


def rows(count: int, start: int = 0) -> list[MetricRow]:
    return [MetricRow("ppo", "", 42, "worker", step, "return", step / 7) for step in range(start, start + count)]


def write(writer: MetricsWriter, many: list[MetricRow]) -> None:
    for row in many:
        writer.add(row)


def test_parts_merge_into_one_table_in_order(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path / "parts", "r")
    write(writer, rows(3))
    assert writer.flush() == 1
    write(writer, rows(2, start=3))
    writer.merge(appearing(tmp_path / "m.parquet"))
    table = pd.read_parquet(tmp_path / "m.parquet")
    assert list(table.columns) == ["run", "policy", "response", "seed", "role", "step", "name", "value"]
    assert table["step"].tolist() == [0, 1, 2, 3, 4]
    assert table["value"].tolist() == [step / 7 for step in range(5)]
    writer.discard()
    assert not (tmp_path / "parts").exists()


def test_few_rows_wait_in_memory(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path / "parts", "r", rows_a_part=10)
    write(writer, rows(25))
    assert writer.parts == 2
    assert len(list((tmp_path / "parts").iterdir())) == 2


def test_later_parts_and_waiting_rows_are_dropped(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path / "parts", "r", rows_a_part=2)
    write(writer, rows(7))
    again = MetricsWriter(tmp_path / "parts", "r")
    assert again.parts == 3
    write(again, rows(1, start=99))
    again.keep(1)
    write(again, rows(1, start=50))
    again.merge(appearing(tmp_path / "m.parquet"))
    assert pd.read_parquet(tmp_path / "m.parquet")["step"].tolist() == [0, 1, 50]


def test_where_parts_were_cut_does_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_table, "_ROWS_A_GROUP", 4)
    for name, size in (("a", 3), ("b", 10)):
        writer = MetricsWriter(tmp_path / name, "r", rows_a_part=size)
        write(writer, rows(10))
        writer.merge(appearing(tmp_path / f"{name}.parquet"))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 3


def test_a_run_without_rows_still_has_a_table(tmp_path: Path) -> None:
    MetricsWriter(tmp_path / "parts", "r").merge(appearing(tmp_path / "m.parquet"))
    assert len(pd.read_parquet(tmp_path / "m.parquet")) == 0
