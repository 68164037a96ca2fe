from __future__ import annotations

from collections.abc import Callable

import pytest

from econsim.runs.scoring import Score
from econsim.runs.summary import gap_closed, headline_check, summarise
from econsim.scenario import Scenario
from econsim.scenario.plan import Plan, plan_of

Make = Callable[..., Scenario]


def plan(scenario: Scenario) -> Plan:
    return plan_of(scenario, scenario.build_game())


def score(policy: str, welfare: float, response: str = "exact", seed: int = 7) -> Score:
    return Score(
        policy, response, seed, {"welfare": welfare}, [], {"rates": [welfare / 100, 0.0], "thresholds": [0, 1]}, {}
    )


def test_both_responses_are_measured_on_the_scale_of_exact_workers(scenario: Make) -> None:
    scores = [score("free", 10), score("best", 30), score("half", 25), score("half", 20, "learned")]
    found, reasons = gap_closed(scores, scenario())
    assert [it.metrics["gap_closed"] for it in found] == [0.0, 1.0, 0.75, 0.5]
    assert reasons == []


def test_a_gap_of_nothing_is_said_and_not_divided_by(scenario: Make) -> None:
    found, reasons = gap_closed([score("free", 10), score("best", 10)], scenario())
    assert "gap_closed" not in found[0].metrics
    assert "not above the floor" in reasons[0]


def test_several_seeds_are_averaged_one_is_not(scenario: Make) -> None:
    scores = [score("half", 25), score("trained", 20, seed=7), score("trained", 24, seed=8)]
    policies = summarise(plan(scenario()), scores, [])["policies"]
    assert policies["half"]["intervals"] == {}
    assert policies["trained"]["exact"]["welfare"] == 22
    assert policies["trained"]["rates"] == [0.22, 0.0]
    assert policies["trained"]["seeds"]["8"]["exact"]["welfare"] == 24
    # t(0.975, 1) = 12.7062 standard errors, each 2: the distance of two values halved.
    assert policies["trained"]["intervals"]["exact"]["welfare"]["high"] == pytest.approx(22 + 12.7062 * 2, abs=1e-3)


@pytest.mark.parametrize(
    ("metric", "value", "passed"),
    [
        ("half.welfare", 25.01, True),
        ("half.exact.welfare", 25.1, False),
        ("welfare", 22, True),
        ("half.nothing", 25, False),
        ("nobody.welfare", 25, False),
    ],
)
def test_the_headline_is_checked_within_a_share_of_what_is_expected(
    scenario: Make, metric: str, value: float, passed: bool
) -> None:
    made = scenario(headline={"metric": metric, "value": value, "tolerance": 0.001, "source": "arithmetic"})
    summary = summarise(plan(made), [score("half", 25), score("trained", 22)], [])
    check = headline_check(made, summary)
    assert check is not None
    assert check["passed"] is passed
    assert check["expected"] == value
