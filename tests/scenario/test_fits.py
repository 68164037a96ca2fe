"""Who fits what: the scenario's training where it says so, else an agent itself or its default learner, in order."""

from __future__ import annotations

from typing import Any

import pytest

from econsim.errors import UserError
from econsim.scenario import Scenario, load
from econsim.scenario.plan import Policy
from econsim.scenario.plan.policies import policies_of
from econsim.scenario.plan.stages import stages_of

COPY: dict[str, Any] = {"kind": "imitation", "teacher": "best_response"}
PLAIN: dict[str, Any] = {
    "economy.workers": 5,
    "headline": None,
    "evaluation.ceiling": None,
    "baselines": ["free_market"],
}
REFIT = {"kind": "ppo", "iterations": 1, "refit_every": 1}


def own(scenario: Scenario) -> Policy:
    return policies_of(scenario, scenario.build_game())[-1]


def learners(**overrides: Any) -> list[tuple[str, tuple[str, ...], bool]]:
    """Return learner, roles, and whether it is the scenario's training, of each fit of one_step's own policy."""
    policy = own(load("one_step", {**PLAIN, **overrides}))
    return [(fit.name, fit.roles, fit.is_training) for fit in policy.fits]


def test_agents_that_play_as_they_are_need_no_fit() -> None:
    assert learners(planner="flat", **{"agents.worker": "best_response"}) == []


def test_followers_are_fitted_before_the_planner_that_fits_itself_to_them() -> None:
    # The name of the planner's kind stands before imitation in the alphabet, and is no reason to come first.
    found = learners(planner="hypergradient", **{"agents.worker": COPY})
    assert found == [("imitation", ("worker",), False), ("hypergradient", ("planner",), False)]


def test_the_training_comes_last_and_takes_what_it_fits() -> None:
    plain = learners(planner="saez")
    assert plain == [("saez", ("planner",), False), ("two_level", ("worker",), True)]
    assert learners(planner="saez", training=REFIT) == [("ppo", ("worker", "planner"), True)]


def test_a_planner_alone_fits_itself_even_where_the_training_would_refit_it() -> None:
    found = learners(planner="saez", training=REFIT, **{"agents.worker": "best_response"})
    assert found == [("saez", ("planner",), False)]


def test_the_training_replaces_a_default_learner() -> None:
    given = {"agents.worker": COPY, "planner": "saez"}
    assert learners(**given, training="imitation") == [
        ("imitation", ("worker",), True),
        ("saez", ("planner",), False),
    ]


def test_a_trained_policy_has_the_seeds_of_the_scenario_and_a_formula_one() -> None:
    seeds = {"seeds": 3, "seed": 5}
    assert own(load("one_step", {**PLAIN, **seeds})).seeds == (5, 6, 7)
    assert own(load("one_step", {**PLAIN, **seeds, "planner": "saez", "agents.worker": "fixed_hours"})).seeds == (5,)


def test_what_is_trained_later_is_played_by_others_until_then() -> None:
    scenario = load("one_step", {**PLAIN, "planner": "saez"})
    first, second = stages_of(scenario, [own(scenario)])
    assert (first.untrained_roles, second.untrained_roles) == (("worker",), ())


def test_a_learned_planner_beside_imitated_workers_is_run() -> None:
    scenario = load("one_step", {**PLAIN, "agents.worker": COPY})
    first, second = stages_of(scenario, [own(scenario)])
    assert (first.learner, first.untrained_roles) == ("imitation", ("planner",))
    assert (second.learner, second.fitted_roles) == ("two_level", ("planner",))


def test_agents_that_nothing_fits_are_refused_with_what_would() -> None:
    scenario = load("one_step", {**PLAIN, "training": "imitation"})
    expected = (
        r"\(worker, planner\) and training=imitation, which does not fit them; set training=ppo or training=two_level"
    )
    with pytest.raises(UserError, match=expected):
        stages_of(scenario, [own(scenario)])


def test_two_leaders_cannot_both_fit_themselves_to_each_other() -> None:
    regions = {"planner": "saez_buffer", "agents.north_planner": "saez_buffer", "economy.horizon": 20}
    scenario = load("gather_trade_build_two_regions", regions | {"headline": None})
    with pytest.raises(UserError, match="north_planner and south_planner are played by agents that fit themselves"):
        own(scenario)


def test_one_of_two_leaders_may_fit_itself_to_the_other() -> None:
    regions = {"planner": "saez_buffer", "economy.horizon": 20, "headline": None}
    scenario = load("gather_trade_build_two_regions", regions)
    leaders = [name for name, role in scenario.build()[0].roles.items() if role.leads]
    assert leaders == ["north_planner", "south_planner"]
    assert [fit.roles for fit in own(scenario).fits] == [("south_planner",)]
