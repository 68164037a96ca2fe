"""Workers who ask a model: what they are asked, what they do with answers, what they do without."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from scripted_minds import Scripted, economy, facts_of, flat, mind, rational, work

from econsim import random
from econsim.agents.llm import LanguageWorker, Parameters
from econsim.errors import UserError
from econsim.llm.questions import Question

FEDERAL = (0.10, 0.12, 0.22, 0.24, 0.32, 0.35, 0.37)


def test_scripted_best_responses_are_those_of_the_economy() -> None:
    # The whole prompt path against the economy's own closed-form answer, which no prompt goes through.
    game = economy()
    rates = torch.tensor(FEDERAL, dtype=torch.float64)
    worker = mind("agents", Scripted())
    hours = work(game, worker, 2, lambda _: rates[None, None])[-1].hours[0]
    assert torch.equal(hours, game.best_hours(rates[None])[0])


@pytest.mark.parametrize("family", [{"kind": "quasi_linear"}, {"kind": "calibrated", "elasticity": 0.25}])
def test_the_cost_of_work_that_is_told_is_that_of_the_economy(family: dict[str, Any]) -> None:
    game = economy(utility=family, workers=30)
    hours = work(game, mind("agents", Scripted()), 2, lambda _: flat(game, 0.4))[-1].hours[0]
    assert torch.equal(hours, game.best_hours(flat(game, 0.4)[:, 0])[0])


def test_hours_as_indices_of_a_grid() -> None:
    game = economy(hours_step=10, hours_as="index", workers=20)
    hours = work(game, mind("agents", Scripted()), 2, lambda _: flat(game, 0.3))[-1].hours[0]
    assert torch.equal(hours, game.best_hours(flat(game, 0.3)[:, 0])[0])


def test_all_workers_of_all_copies_are_one_batch_of_questions() -> None:
    game, service = economy(workers=7), Scripted()
    work(game, mind("agents", service), 2, lambda _: flat(game, 0.5, 3), copies=3)
    assert service.calls == 1
    assert len(service.asked) == 21
    assert len({question.system for question in service.asked}) == 1


def test_seeds_differ_between_workers_and_steps_and_come_from_the_key_alone() -> None:
    game = economy(workers=5, steps_per_tax_year=3)
    first, second = Scripted(temperature=0.7), Scripted(temperature=0.7)
    for service in (first, second):
        work(game, mind("agents", service), 4, lambda _: flat(game, 0.5))
    seeds = [question.seed for question in first.asked]
    assert seeds == [question.seed for question in second.asked]
    assert len(set(seeds)) == 15
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_at_temperature_zero_nothing_is_drawn_so_that_equal_workers_share_a_call() -> None:
    game, service = economy(workers=5), Scripted(temperature=0.7)
    work(game, mind("agents", service, temperature=0.0), 2, lambda _: flat(game, 0.5, 2), copies=2)
    assert {question.seed for question in service.asked} == {0}
    assert len({question.user for question in service.asked}) == 5


def test_a_prompt_begins_with_what_stays_the_same() -> None:
    game, service = economy(workers=1, steps_per_tax_year=4), Scripted()
    work(game, mind("agents", service), 5, lambda _: flat(game, 0.5))
    texts = [question.user for question in service.asked]
    for before, after in pairwise(texts[1:]):
        shared = before[: before.index("Your best steps")].rstrip()
        assert after.startswith(shared)


def test_history_keeps_the_last_steps_and_best_keeps_the_best_different_ones() -> None:
    game = economy(workers=1, steps_per_tax_year=8)
    tried = iter([10, 70, 70, 30, 40, 20, 90, 50])

    def reply(question: Question, facts: dict[str, Any]) -> str:
        return f'{{"hours": {next(tried)}}}'

    service = Scripted(reply)
    work(game, mind("agents", service, history=3, best=2), 9, lambda _: flat(game, 0.5))
    last = service.asked[-1].user
    history, best = last.split("Your last steps")[1].split("Your best steps")
    assert [line.split()[1] for line in history.splitlines() if line.startswith("step")] == ["5:", "6:", "7:"]
    # Somebody alone gets the own tax back, so that the 60 untaxed hours are best: 70 and 40 come nearest in utility.
    assert [line.split(", ")[1] for line in best.splitlines() if line.startswith("step")] == ["70 hours", "40 hours"]


def test_a_hint_says_whether_a_change_of_hours_paid() -> None:
    game = economy(workers=1, steps_per_tax_year=6)
    tried = iter([40, 60, 50, 50, 80, 60])  # somebody alone gets the own tax back: 60 hours are best

    def reply(question: Question, facts: dict[str, Any]) -> str:
        return f'{{"hours": {next(tried)}}}'

    service = Scripted(reply)
    work(game, mind("agents", service), 7, lambda _: flat(game, 0.5))
    history = service.asked[-1].user.split("Your best steps")[0]
    said = [line.partition("hours were ")[2] for line in history.splitlines() if line.startswith("step")]
    assert said == ["", "too low", "too low", "", "too high"]


def test_the_cue_is_to_explore_but_for_the_end_of_a_year_and_of_the_episode() -> None:
    game, service = economy(workers=1, tax_years=4, steps_per_tax_year=4), Scripted()
    work(game, mind("agents", service), 20, lambda _: flat(game, 0.5))
    explores = ["have not tried yet" in question.user for question in service.asked]
    # The last tenth of twenty steps are the last two.
    assert explores == [True, True, True, False] * 3 + [True, True, False, False]


def test_bounded_workers_are_asked_after_each_step_and_count_it_less() -> None:
    game = economy(workers=2, steps_per_tax_year=3)

    def reply(question: Question, facts: dict[str, Any]) -> str:
        return '{"satisfied": "no"}' if question.purpose == "satisfaction" else '{"hours": 40}'

    service = Scripted(reply)
    states = work(game, mind("agents", service, bounded=True, dissatisfied_factor=0.25), 4, lambda _: flat(game, 0.5))
    assert [question.purpose for question in service.asked].count("satisfaction") == 4
    worth = 0.25 * float(states[1].utility[0, 0])
    assert f"not satisfied, worth {worth:,.0f}" in service.asked[-2].user


def test_aims_are_dealt_out_in_shares_and_told() -> None:
    game, service = economy(workers=10, steps_per_tax_year=2), Scripted()
    states = work(
        game,
        mind("agents", service, altruistic_share=0.3, adversarial_share=0.2),
        3,
        lambda _: flat(game, 0.5),
    )
    aims = [facts_of(question)["aim"] for question in service.asked[:10]]
    assert (aims.count("altruistic"), aims.count("adversarial"), aims.count("own")) == (3, 2, 5)
    altruist = service.asked[10:][aims.index("altruistic")].user
    assert f"welfare of all {float(states[1].welfare[0]):,.0f}" in altruist


@pytest.mark.parametrize(("policy", "hours"), [("previous", [55.0, 55.0, 55.0]), ("rule", [55.0, 33.0, 33.0])])
def test_without_an_answer_the_policy_decides_and_is_counted(policy: str, hours: list[float]) -> None:
    game = economy(workers=1, steps_per_tax_year=3)
    replies = iter(['{"hours": 55}', "no idea", "still none"])
    service = Scripted(lambda question, facts: next(replies), on_failure=policy)
    worker = mind("agents", service, fallback={"kind": "fixed_hours", "hours": 33})
    states = work(game, worker, 4, lambda _: flat(game, 0.5))
    assert [float(state.hours[0, 0]) for state in states[1:]] == hours
    assert dict(worker.filled) == {policy: 2}


def test_before_there_is_a_previous_action_the_rule_decides() -> None:
    game = economy(workers=3)
    worker = mind("agents", Scripted(lambda question, facts: "???"))
    assert work(game, worker, 2, lambda _: flat(game, 0.5))[-1].hours.tolist() == [[40.0] * 3]
    assert dict(worker.filled) == {"rule": 3}


def test_a_memory_is_never_changed_in_place() -> None:
    game, service = economy(workers=2, steps_per_tax_year=3), Scripted()
    worker = mind("agents", service)
    key = random.keys(0, 1)
    state, memory = game.reset(key), worker.start(game, game.roles["worker"], 1)
    state = game.step(state, {"planner": flat(game, 0.2), "worker": torch.zeros(1, 2)}).state
    action, memory = worker.act(game.observe(state)["worker"], memory, key)
    state = game.step(state, {"planner": flat(game, 0.2), "worker": action}).state
    seen = game.observe(state)["worker"]
    asked = len(service.asked)
    for _ in range(2):
        worker.act(seen, memory, key)
    assert service.asked[asked : asked + 2] == service.asked[asked + 2 :]


def test_a_new_episode_begins_without_memories() -> None:
    game, service = economy(workers=1, steps_per_tax_year=2), Scripted()
    worker, key = mind("agents", service), random.keys(0, 1)
    memory = worker.start(game, game.roles["worker"], 1)
    for _ in range(2):
        state = game.reset(key)
        for _ in range(3):
            action, memory = worker.act(game.observe(state)["worker"], memory, key)
            state = game.step(state, {"planner": flat(game, 0.2), "worker": action}).state
    assert ["Your last steps" in question.user for question in service.asked] == [False, True, False, True]


def test_without_a_service_a_user_is_told_what_to_give() -> None:
    game = economy(workers=1)
    worker = LanguageWorker(Parameters())
    with pytest.raises(UserError, match=r"llm\.model and llm\.base_url"):
        work(game, worker, 2, lambda _: flat(game, 0.5))


def test_a_wording_that_is_not_there() -> None:
    game = economy(workers=1)
    with pytest.raises(UserError, match=r"agents\.worker\.wording: no wording 'standrd' \(did you mean standard\?\)"):
        work(game, mind("agents", Scripted(), wording="standrd"), 1, lambda _: flat(game, 0.5))


def test_a_users_own_wording_with_a_mistake_names_the_file(tmp_path: Any) -> None:
    (tmp_path / "rules.txt").write_text("Work {{ ours }} hours.")
    worker = mind("agents", Scripted(), wording=str(tmp_path))
    with pytest.raises(UserError, match=r"rules\.txt:1: 'ours' is undefined"):
        work(economy(workers=1), worker, 1, lambda _: torch.zeros(1, 1, 7))


def test_the_other_wording_holds_the_same_facts() -> None:
    game, facts = economy(workers=3), []
    for wording in ("standard", "plain"):
        service = Scripted(rational)
        work(game, mind("agents", service, wording=wording), 2, lambda _: flat(game, 0.5))
        facts.append([facts_of(question) for question in service.asked])
    assert facts[0] == facts[1]


def test_a_forecast_counts_every_call_and_comes_near_to_the_tokens() -> None:
    game = economy(workers=5, tax_years=3, steps_per_tax_year=20)
    service = Scripted(lambda question, facts: '{"hours": 44.5}')
    worker = mind("agents", service)
    calls, asked, _ = worker.forecast(game, game.roles["worker"], 2)
    work(game, worker, game.horizon, lambda _: flat(game, 0.5, 2), copies=2)
    assert calls == len(service.asked) == 600
    # A forecast is right where it is within a quarter: people's numbers have other lengths.
    assert asked == pytest.approx(sum(len(it.system) + len(it.user) for it in service.asked) / 4, rel=0.25)
