from __future__ import annotations

from typing import Any

from econsim.report.certificate import certified


def finding(**changes: Any) -> dict[str, Any]:
    return {
        "role": "worker", "leads": False, "players": 4, "seed": 1, "method": "trained",
        "deviations": "neural: lower bound on the true gain", "own": 2.0, "reached": 2.5, "difference": 0.5,
        "low": 0.25, "high": 0.75, "over": "episodes", "count": 16, "largest": 0.6, "gain": 0.5, "relative": 0.25,
        **changes,
    }  # fmt: skip


def told(*findings: dict[str, Any]) -> Any:
    return certified({"policy": "mine", "seeds": [1], "episodes": 16, "findings": list(findings)})


def test_a_row_a_role_and_method() -> None:
    said = told(finding(), finding(role="planner", method="search", followers="exact", tried=1200, share_of_gap=0.125))
    assert said.header[-1] == "% of gap"
    assert said.rows[0] == ["worker", "trained deviation", "2", "0.5", "0.25 to 0.75", "25.0%", "0.6", ""]
    assert said.rows[1][-1] == "12.5%"
    assert "lower bound on the true gain; interval of the paired difference over 16 episodes." in said.notes[0]
    assert "best of 1,200 tried, with followers who play exact best responses" in said.notes[1]
    assert "the gain is zero" in said.notes[-1]


def test_a_deviation_that_loses_is_no_gain_but_is_told() -> None:
    said = told(finding(difference=-0.25, gain=0.0, low=-0.5, high=0.0))
    assert said.rows[0][3:5] == ["0", "-0.5 to 0"]
    assert "the best deviation found loses 0.25, so that the gain is zero" in said.notes[0]


def test_several_seeds_are_averaged_with_an_interval_over_seeds() -> None:
    said = told(finding(), finding(seed=2, difference=1.5, gain=1.5, largest=1.6))
    # Mean 1, half the distance 0.5 between the two times t(0.975, 1) = 12.706.
    assert said.rows[0][3:5] == ["1", "-5.35 to 7.35"]
    assert said.rows[0][6] == "1.6"
    assert "over 2 training seeds" in said.notes[0]


def test_what_the_trained_deviation_finds_of_the_exact_gain_is_told() -> None:
    assert "the search attains 97.5% of the exact gain" in told(finding(share_of_exact=0.975)).notes[0]
    assert told(finding(relative=1e-5)).rows[0][5] == "under 0.1%"
    assert told(finding(low=None, high=None, over="nothing", count=1)).rows[0][4] == ""


def test_bounds_stand_in_a_column_of_their_own_where_the_file_holds_them() -> None:
    said = told(finding(lower=0.25, upper=None), finding(role="planner", method="exact", lower=0.1, upper=0.3))
    place = said.header.index("true gain")
    assert [row[place] for row in said.rows] == ["at least 0.25", "0.1 to 0.3"]
    exact = told(finding(method="enumerated", lower=0.4, upper=0.4))
    assert exact.rows[0][place] == "0.4"
    assert exact.notes[-2].startswith("Nash gap, the largest gain of ")
    assert exact.notes[-2].endswith("(exact).")
    assert exact.notes[-1].endswith("returns and gains are exact expectations over all actions.")
    assert "true gain" not in told(finding()).header  # a certificate of format 1
