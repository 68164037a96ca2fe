"""Audits of people whose response is known: closed forms, agents with and without a response, and language models."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import stdtrit
from typer.testing import CliRunner

from econsim.analysis.incentive_audit import FEWEST, RATES, SMALL, audit_hours
from econsim.analysis.power import people_needed
from econsim.cli.application import app
from econsim.errors import UserError
from econsim.llm.failures import TooManyFailures
from econsim.report.incentive_audit import audited, fragment
from econsim.runs.incentive_audit import Asked, audit
from econsim.scenario import Scenario, load, with_overrides

NET = 1.0 - np.array(RATES)
SMALL_ECONOMY = {"economy.workers": 20, "economy.hours_step": None}


def hours_of(elasticity: float) -> Any:
    """Sixty untaxed hours of five people at a constant elasticity, ``[R, 1, N]``."""
    return np.repeat(60.0 * NET[:, None, None] ** elasticity, 5, axis=-1)


def scenario(worker: Any, **llm: Any) -> Scenario:
    return load("one_step", {**SMALL_ECONOMY, "agents.worker": worker, **{f"llm.{key}": at for key, at in llm.items()}})


@pytest.mark.parametrize(
    ("elasticity", "verdict"),
    [
        (0.4, "responds"),
        (0.0, "does not respond"),
        (0.04, "does not respond"),
        (-0.3, "responds in the wrong direction"),
    ],
)
def test_a_constant_elasticity_is_found_exactly(elasticity: float, verdict: str) -> None:
    found = audit_hours(hours_of(elasticity), RATES)
    assert found.elasticity is not None
    assert found.elasticity.mean == pytest.approx(elasticity, abs=1e-12)
    assert found.verdict == verdict
    assert found.responses[0] == pytest.approx((0.1 / 0.88) ** elasticity - 1.0)


def test_shares_count_people_by_weight() -> None:
    hours = np.array([[40.0, 40.0, 40.0], [40.0, 50.0, 0.0]])[:, None, :]
    found = audit_hours(hours, (0.1, 0.5), people=[1.0, 2.0, 5.0])
    assert found.participation == (1.0, 3 / 8)
    assert (found.responding_share, found.monotone_share) == (5 / 8, 6 / 8)
    assert found.mean_hours == (40.0, 140 / 8)


def test_the_interval_over_people_is_the_jackknife() -> None:
    """Against the definition: everybody left out once, Student's t with two degrees of freedom (4.3027)."""
    hours = 50.0 * NET[:, None] ** np.array([0.1, 0.4, 0.6])
    found = audit_hours(hours[:, None, :], RATES).elasticity
    slopes = [np.polyfit(np.log(NET), np.log(np.delete(hours, left, 1).mean(1)), 1)[0] for left in range(3)]
    error = math.sqrt(2 / 3 * sum((slope - np.mean(slopes)) ** 2 for slope in slopes))
    assert found is not None
    assert found.high is not None
    assert found.high - found.mean == pytest.approx(4.30265 * error, rel=1e-5)
    assert audit_hours(hours[:, None, :], RATES).verdict == "no verdict"


def test_repetitions_say_how_much_one_person_varies() -> None:
    hours = np.array([[[39.0, 41.0], [41.0, 39.0]]] * 2)
    assert audit_hours(hours, (0.1, 0.5)).repeat_spread == pytest.approx(math.sqrt(2.0))


def test_people_who_stop_working_have_no_elasticity() -> None:
    working = np.array([40.0, 0.0])[:, None, None] * np.ones((1, 1, 5))
    assert (audit_hours(working, (0.1, 0.9)).elasticity, audit_hours(working, (0.1, 0.9)).verdict) == (None, "responds")
    assert audit_hours(0.0 * working, (0.1, 0.9)).verdict == "nobody works"


@pytest.mark.parametrize("rates", [(0.3,), (0.3, 0.3), (0.5, 0.2), (0.1, 1.0)])
def test_wrong_rates_are_refused(rates: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match="rates: expected"):
        audit_hours(np.ones((len(rates), 1, 2)), rates)


def test_exact_workers_pass_with_the_elasticity_of_the_economy(tmp_path: Path) -> None:
    content = audit(scenario("best_response"), tmp_path)
    (found,) = content["audits"]
    assert found["verdict"] == "responds"
    assert found["elasticity"]["mean"] == pytest.approx(0.4, abs=1e-6)  # the calibrated family's, hours continuous
    assert found["mean_hours"] == pytest.approx((60.0 * NET**0.4).tolist())  # closed form under flat taxes
    assert json.loads((tmp_path / "audit.json").read_text())["people"] == 20


def test_fixed_hours_are_said_not_to_respond(tmp_path: Path) -> None:
    content = audit(scenario("fixed_hours"), tmp_path)
    assert content["audits"][0]["verdict"] == "does not respond"
    assert "does not respond to incentives" in audited(content).notes[0]
    assert "does not respond to incentives" in fragment(content)


def test_noisy_workers_vary_when_asked_again(tmp_path: Path) -> None:
    (found,) = audit(scenario("noisy_response"), tmp_path, Asked((0.12, 0.9), repeats=3))["audits"]
    assert found["verdict"] == "responds"
    assert found["repeat_spread"] > 0.5


def test_minds_are_asked_in_every_wording(tmp_path: Path) -> None:
    """A scripted model that best-responds by reading the prompt has the economy's elasticity in any wording."""
    from econsim.testing.endpoints import Scripted, serve

    with serve(Scripted()) as base_url:
        asked = scenario("llm", base_url=base_url, model=Scripted.name, simulated=Scripted.label)
        content = audit(asked, tmp_path)
    assert [found["wording"] for found in content["audits"]] == ["standard", "plain"]
    for found in content["audits"]:
        assert found["elasticity"]["mean"] == pytest.approx(0.4, abs=0.01)  # answers are rounded
    assert content["llm"]["purposes"]["hours"]["questions"] == 2 * 4 * 20
    notes = " ".join(audited(content).notes)
    assert "The answers come from scripted, not from a language model." in notes
    assert "The wording does not matter" in notes
    assert "0.0% of 160 replies were repaired. 0.0% of 160 replies could not be used." in notes


@pytest.mark.parametrize(("people", "expected"), [(4, "no verdict"), (5, "responds")])
def test_few_people_give_no_verdict_however_clear_their_answers(people: int, expected: str) -> None:
    clear = audit_hours(hours_of(0.4)[..., :people], RATES)
    assert (clear.verdict, clear.people_needed) == (expected, 5)
    assert "4 people are too few; about 5 would do" in _verdict_of(people) or people == 5


def _verdict_of(people: int) -> str:
    found = audit_hours(hours_of(0.4)[..., :people], RATES)
    derived = {"verdict": found.verdict, "responses": found.responses, "people_needed": found.people_needed}
    content = {"scenario": "x", "repeats": 1, "audits": [{"wording": "", **asdict(found), **derived}]}
    return audited(content).notes[0]


def test_as_many_people_as_are_named_give_a_verdict_four_times_in_five() -> None:
    """Against simulation: people whose elasticities are normal, around one that should be found."""
    draws = np.random.default_rng(1)
    for mean, spread in ((0.3, 0.6), (0.0, 0.1), (-0.2, 0.3)):
        needed = people_needed(mean, spread, SMALL, FEWEST)
        assert needed is not None
        for people, low, high in ((needed, 0.77, 0.87), (needed // 2, 0.0, 0.7)):
            elasticities = draws.normal(mean, spread, (4000, people))
            margin = stdtrit(people - 1, 0.975) * elasticities.std(1, ddof=1) / math.sqrt(people)
            means = elasticities.mean(1)
            lower, upper = means - margin, means + margin
            share = ((lower > SMALL) | (upper < -SMALL) | ((lower >= -SMALL) & (upper <= SMALL))).mean()
            # Three standard errors of 4,000 draws are 0.02; the rest is the normal approximation of few people.
            assert low <= share <= high, (mean, spread, people)


def test_an_audit_names_the_number_of_people_that_its_own_spread_needs() -> None:
    draws = np.random.default_rng(1)
    few, many = (60.0 * NET[:, None, None] ** draws.normal(0.25, 0.25, (1, 1, count)) for count in (8, 400))
    found = audit_hours(few, RATES)
    assert found.verdict == "no verdict"
    assert found.people_needed is not None
    assert 8 < found.people_needed < 20
    assert audit_hours(many, RATES).verdict == "responds"
    assert people_needed(0.05, 0.4, SMALL, FEWEST) is None  # at the bound itself no number of people decides


def test_an_audit_without_answers_is_refused(tmp_path: Path) -> None:
    """Four rates by two people: fewer questions than are needed to stop a run that goes on."""
    from econsim.testing.endpoints import serve

    with serve(lambda chat: "I would rather not say.") as base_url:
        failing = scenario("llm", base_url=base_url, model="scripted", retries_with_error=0)
        few = with_overrides(failing, {"economy.workers": 2, "agents.worker": {"kind": "llm"}})
        with pytest.raises(UserError, match=r"hours: 16 of 16 replies could not be used .* no JSON object") as error:
            audit(few, tmp_path)
    assert isinstance(error.value, TooManyFailures)
    assert not (tmp_path / "audit.json").exists()


def test_answers_that_were_replaced_give_no_verdict(tmp_path: Path) -> None:
    """A model that never answers leaves the fallback of forty hours, which no tax changes."""
    from econsim.testing.endpoints import serve

    with serve(lambda chat: "I would rather not say.") as base_url:
        settings = {"on_failure": "rule", "failure_share": 1.0, "retries_with_error": 0}
        content = audit(scenario("llm", base_url=base_url, model="scripted", **settings), tmp_path)
    notes = " ".join(audited(content).notes)
    assert {found["verdict"] for found in content["audits"]} == {"no verdict"}
    assert "No verdict" in notes
    assert "100.0% of the answers could not be used and were replaced by the failure policy" in notes
    assert "[no JSON object with the key 'hours' (160)]; the failure policy decided in their place" in notes


def test_a_wording_that_matters_is_named() -> None:
    first = {"verdict": "responds", "elasticity": {"mean": 0.5, "low": 0.4, "high": 0.6}}
    shown = {"mean_hours": [50, 40], "rates": [0.1, 0.9], "responses": [-0.2], "participation": [1, 1]}
    shown |= {"responding_share": 1.0, "monotone_share": 1.0, "repeat_spread": 0.0}
    other = {"verdict": "no verdict", "elasticity": {"mean": 0.1, "low": -0.1, "high": 0.3}}
    audits = [{"wording": "a<b>", **first, **shown}, {"wording": "other", **other, **shown}]
    content = {"scenario": "x", "repeats": 1, "audits": audits}
    assert any(
        "elasticities differ by 0.400" in note and "the verdicts differ too" in note for note in audited(content).notes
    )
    assert "<td>a&lt;b&gt;</td>" in fragment(content)


def test_what_cannot_be_audited_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"agents.worker: kind ppo must be trained first"):
        audit(load("one_step"), tmp_path)
    with pytest.raises(UserError, match="an audit needs workers who choose hours"):
        audit(load("gather_trade_build"), tmp_path)
    with pytest.raises(UserError, match="rates: expected increasing"):
        audit(scenario("fixed_hours"), tmp_path, Asked((0.5, 0.2)))
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_the_verdict_and_writes_both_files(tmp_path: Path) -> None:
    command = ["audit", "one_step", "agents.worker=best_response", "economy.workers=10", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, [*command, "--rate", "0.1", "--rate", "0.6"])
    assert result.exit_code == 0, result.output
    assert "The population responds to incentives." in " ".join(result.output.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audit.html", "audit.json", "lock"]
