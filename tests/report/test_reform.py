"""Who gains and who loses between two policies, against accounts made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from econsim.errors import UserError
from econsim.report.reform import reform_by_decile, reform_in_words
from econsim.runs import Run

PEOPLE = 40


def accounts(policy: str, gain: Any) -> pd.DataFrame:
    rank = np.arange(1.0, PEOPLE + 1.0)
    columns = {"player": range(PEOPLE), "potential_income": rank, "income": rank, "tax": 0.0, "rebate": 0.0}
    table = pd.DataFrame({"policy": policy, "response": "exact", "seed": 7, **columns})
    return table.assign(consumption=rank + gain, rebate=np.maximum(gain, 0), tax=np.maximum(-gain, 0))


def made(folder: Path, tables: list[pd.DataFrame], labels: list[str]) -> Run:
    summary = {"policies": dict.fromkeys(labels), "responses": ["exact"], "evaluation": None, "unit": "apples"}
    summary |= {"scenario": "orchard", "warnings": []}
    (folder / "summary.json").write_text(json.dumps(summary))
    pd.concat(tables).to_parquet(folder / "accounts.parquet")
    return Run(folder)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    # The poorer half gets ten apples each from the richer half.
    gain = np.where(np.arange(PEOPLE) < PEOPLE // 2, 10.0, -10.0)
    return made(tmp_path, [accounts("free", np.zeros(PEOPLE)), accounts("own", gain)], ["free", "own"])


def test_the_poorer_half_wins_what_the_richer_half_loses(run: Run) -> None:
    table = reform_by_decile(run).set_index("decile")
    assert list(table.index) == [*range(1, 11), "all"]
    # The lowest tenth are people with 1 to 4 apples, 2.5 on average.
    assert table.loc[1, "baseline"] == pytest.approx(2.5)
    assert table.loc[1, "change_share"] == pytest.approx(4.0)
    assert list(table["winners"]) == [1.0] * 5 + [0.0] * 5 + [0.5]
    assert list(table["losers"]) == [0.0] * 5 + [1.0] * 5 + [0.5]
    assert table.loc["all", "change"] == pytest.approx(0.0, abs=1e-12)
    assert table.loc[10, "tax_change"] == pytest.approx(10.0)
    assert table.loc["all", "tax_change"] == 0.0


def test_the_table_in_words_names_both_policies(run: Run) -> None:
    said = reform_in_words(run)
    assert said is not None
    assert said.header[1:3] == ["free", "own"]
    assert said.rows[0][4:8] == ["400.0%", "-10", "100.0%", "0.0%"]
    assert "in apples under free and own" in said.note


def test_one_policy_or_few_people_have_no_table(tmp_path: Path) -> None:
    alone = made(tmp_path, [accounts("own", np.zeros(PEOPLE))], ["own"])
    with pytest.raises(UserError, match="no baseline"):
        reform_by_decile(alone)
    few = [accounts(name, np.zeros(PEOPLE)).head(5) for name in ("free", "own")]
    assert reform_in_words(made(tmp_path, few, ["free", "own"])) is None
