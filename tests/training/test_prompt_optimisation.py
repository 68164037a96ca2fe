"""A planner practises, the model says why some attempts won, and what helps on held-out episodes stays."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import torch
from memory_recorder import Interrupted, MemoryRecorder
from pydantic import ValidationError
from scipy import stats
from scripted_minds import Scripted, economy

from econsim import random
from econsim.errors import UserError
from econsim.llm.questions import Answer, Question
from econsim.planners.llm.edits import Edit, Edits, edited
from econsim.planners.llm_lessons import LessonPlanner, Parameters
from econsim.storage.states import load_state, save_state
from econsim.training import prompt_optimisation as learner
from econsim.training._attempt_tree import AttemptTree, Split

GOOD, BAD = "Tax everything by a half.", "Tax nothing at all."


def model(coach: Callable[[dict[str, Any]], list[dict[str, Any]]], lucky: bool = True) -> Scripted:
    """Return a model that follows its lessons; without any it taxes a half or nothing, as its seed has it."""

    def reply(question: Question, facts: dict[str, Any]) -> str:
        if question.purpose == "lessons":
            return json.dumps({"why": "They did.", "edits": coach(facts)})
        half = GOOD in question.user or (BAD not in question.user and lucky and question.seed % 2 == 0)
        return json.dumps({"rates": [0.5 if half else 0.0] * len(facts["rates"])})

    return Scripted(reply, temperature=1.0)


def practised(
    service: Scripted, recorder: MemoryRecorder | None = None, **parameters: Any
) -> tuple[LessonPlanner, MemoryRecorder]:
    planner = LessonPlanner(Parameters.model_validate({"attempts": 4, **parameters}))
    recorder = recorder or MemoryRecorder()
    planner.connect(service)  # type: ignore[arg-type]
    game = economy(tax_years=4, workers=20)
    learner.PromptOptimisation(learner.Parameters()).fit(game, {"planner": planner}, 0, recorder)  # type: ignore[dict-item]
    return planner, recorder


def test_a_lesson_that_helps_on_held_out_episodes_is_kept_and_shown() -> None:
    service = model(lambda facts: [{"do": "add", "number": 0, "text": GOOD}])
    planner, recorder = practised(service, rounds=2)
    assert planner.lessons == (GOOD,)
    assert planner.version == 1
    assert any(f"1. {GOOD}" in question.user for question in service.asked)
    worth = [value for _, name, _, value in recorder.rows if name == "lessons/held_out_return"]
    assert worth == sorted(worth)


def test_a_lesson_that_harms_is_dropped() -> None:
    planner, _ = practised(model(lambda facts: [{"do": "add", "number": 0, "text": BAD}]), rounds=2)
    assert planner.lessons == ()
    assert planner.version == 0


def test_attempts_that_are_all_alike_cost_no_question() -> None:
    service = model(lambda facts: [{"do": "add", "number": 0, "text": GOOD}], lucky=False)
    planner, _ = practised(service, rounds=3)
    assert not any(question.purpose == "lessons" for question in service.asked)
    assert planner.lessons == ()


def test_the_coach_sees_the_attempts_the_best_first() -> None:
    service = model(lambda facts: [])
    practised(service, rounds=1)
    (asked,) = (question.user for question in service.asked if question.purpose == "lessons")
    worth = [float(line.rsplit(" ", 1)[1].rstrip(":")) for line in asked.splitlines() if line.startswith("Attempt")]
    assert len(worth) == 4
    assert worth == sorted(worth, reverse=True)
    assert asked.count("year 4: rates") == 4


def test_a_list_is_stored_with_its_version() -> None:
    planner, _ = practised(model(lambda facts: [{"do": "add", "number": 0, "text": GOOD}]), rounds=1)
    other = LessonPlanner(Parameters())
    other.load_state_dict(planner.state_dict())
    assert (other.lessons, other.version) == (planner.lessons, 1)


def test_before_a_fit_it_does_not_play() -> None:
    game = economy()
    with pytest.raises(UserError, match="llm_lessons has not been fitted"):
        LessonPlanner(Parameters()).start(game, game.roles["planner"], 1)


class Stopping(Scripted):
    """A scripted model that stops the fit instead of answering a call of a given number, counted from 1."""

    def __init__(self, model: Scripted, stop_at: int) -> None:
        super().__init__(model.reply, temperature=1.0)
        self.stop_at = stop_at

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        if self.calls + 1 == self.stop_at:
            raise Interrupted
        return super().ask(questions)


class Disk(MemoryRecorder):
    """A recorder that stores its checkpoints as a run does."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def restore(self) -> tuple[int, dict[str, Any]] | None:
        if not self.checkpoints:
            return None
        step, state = self.checkpoints[-1]
        save_state(self.folder, state)
        return step, load_state(self.folder)


def coach(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Propose a list that helps, then others that do not."""
    return [{"do": "add", "number": 0, "text": GOOD if facts["round"] == 1 else BAD}]


def test_an_interrupted_practice_continues_after_its_last_round_to_the_same_bits(tmp_path: Path) -> None:
    whole = model(coach)
    expected, record = practised(whole, rounds=3)
    # The first list is judged in 3 calls, one for each tax year after the first; the first round plays 3, asks for
    # lessons, and judges them in 3; afterwards attempts are alike. The test of the list takes 3 with it and 3 without.
    assert (whole.calls, expected.lessons) == (22, (GOOD,))
    for stop_at, repeated in ((2, 22), (7, 19), (19, 6)):
        recorder, again = Disk(tmp_path / str(stop_at)), model(coach)
        with pytest.raises(Interrupted):
            practised(Stopping(again, stop_at), recorder, rounds=3)
        planner, _ = practised(again, recorder, rounds=3)
        assert again.calls == repeated  # only those since the last checkpoint
        assert recorder.rows == record.rows
        assert torch.equal(planner.state_dict()["lessons"], expected.state_dict()["lessons"])
        assert [step for step, _ in recorder.checkpoints] == [0, 1, 2, 3]


def test_the_gain_is_measured_in_further_episodes_and_the_planner_says_what_it_is() -> None:
    planner, recorder = practised(model(lambda facts: [{"do": "add", "number": 0, "text": GOOD}]), rounds=1, tested=8)
    gains = [value for _, name, _, value in recorder.rows if name == "lessons/test_gain"]
    assert planner.gains == tuple(gains)
    assert len(gains) == 8
    assert min(gains) >= 0  # an episode without lessons is at best as good, where it taxed a half in all years by luck
    low, high = stats.t.interval(0.95, 7, stats.tmean(gains), stats.sem(gains))
    said = planner.explanation(economy())
    assert f"95 % interval {low:,.5g} to {high:,.5g}" in said
    assert low > 0
    assert said.endswith("practice improved the return")
    other = LessonPlanner(Parameters())
    other.load_state_dict(planner.state_dict())
    assert other.explanation(economy()) == said


def test_it_says_when_nothing_improved() -> None:
    harmed, _ = practised(model(lambda facts: [{"do": "add", "number": 0, "text": BAD}]), rounds=1)
    assert harmed.explanation(economy()).startswith("practice improved nothing")
    untested = model(lambda facts: [{"do": "add", "number": 0, "text": GOOD}])
    assert "not known, since planner.tested is 0" in practised(untested, rounds=1, tested=0)[0].explanation(economy())


def test_a_list_that_was_lucky_in_held_out_episodes_is_no_improvement() -> None:
    """Each list only changes which seeds are lucky; practice keeps one that is so in its two held-out episodes."""

    def reply(question: Question, facts: dict[str, Any]) -> str:
        if question.purpose == "lessons":
            return json.dumps({"why": "", "edits": [{"do": "add", "number": 0, "text": f"Luck {facts['round']}."}]})
        number = re.findall(r"Luck (\d+)", question.user)
        half = crc32(f"{question.seed} {number}".encode()) % 2 == 0
        return json.dumps({"rates": [0.5 if half else 0.0] * len(facts["rates"])})

    planner, _ = practised(Scripted(reply, temperature=1.0), rounds=4, tested=8)
    assert planner.lessons
    assert planner.explanation(economy()).endswith("no improvement is established")


def test_attempts_of_a_tree_share_their_past_and_the_split_gets_the_credit() -> None:
    service = model(lambda facts: [{"do": "add", "number": 0, "text": GOOD}])
    practised(service, rounds=1, attempts=4, credit="step", held_out=1, tested=0)
    coached = next(index for index, question in enumerate(service.asked) if question.purpose == "lessons")
    played = service.asked[:coached][-12:]
    # Three years of four attempts: they split in year 2 into two, and in year 4 into four.
    different = [len({(question.user, question.seed) for question in played[at : at + 4]}) for at in (0, 4, 8)]
    assert different == [2, 2, 4]
    prompt, facts = service.asked[coached].user, json.loads(service.asked[coached].facts)
    assert "Attempts with the same past split here" in prompt
    assert {split["year"] for split in facts["splits"]} <= {2, 4}
    for split in facts["splits"]:
        assert split["better_return"] >= split["worse_return"]
        assert split["better"] != split["worse"]
        assert f"year {split['year']}, after the same past: rates [" in prompt


def test_splits_compare_the_means_of_what_followed() -> None:
    tree = AttemptTree(attempts=4, first=2, last=5)
    assert [tree.level(year) for year in (2, 3, 4, 5)] == [0, 0, 1, 1]
    low, high = (0.1,), (0.5,)
    now = (0.3,)
    rates = [
        [now, low, low, low, low],
        [now, low, low, high, low],
        [now, high, low, low, low],
        [now, high, low, low, low],
    ]
    splits = tree.splits([1.0, 4.0, 10.0, 20.0], rates)
    assert splits == [Split(2, high, 15.0, low, 2.5), Split(4, high, 4.0, low, 1.0)]  # the last two decided alike
    keys = tree.keys(random.keys(0, 1).expand(4), 2)
    assert keys[0] == keys[1]
    assert keys[2] == keys[3]
    assert keys[0] != keys[2]
    assert len(set(tree.keys(random.keys(0, 1).expand(4), 5).tolist())) == 4


def test_a_tree_needs_a_power_of_two() -> None:
    with pytest.raises(ValidationError, match="power of two"):
        Parameters.model_validate({"attempts": 6, "credit": "step"})


def test_edits_count_from_the_list_as_it_was_and_the_list_is_capped() -> None:
    edits = (Edit("delete", 1), Edit("update", 3, "C"), Edit("add", 0, "d"), Edit("add", 0, "e"))
    assert edited(("a", "b", "c"), edits, 3) == ("b", "C", "d")


@pytest.mark.parametrize(
    ("reply", "outcome", "value"),
    [
        ('{"why": "", "edits": []}', "clean", ()),
        ('{"edits": [{"do": "add", "number": 0, "text": " x  y "}]}', "clean", (Edit("add", 0, "x y"),)),
        ('{"edits": [{"do": "delete", "number": 9}, {"do": "delete", "number": 2}]}', "repaired", (Edit("delete", 2),)),
        ('{"edits": [{"do": "eval", "number": 1, "text": "1"}, 5, null]}', "repaired", ()),
        ("no idea", "failed", None),
        ('{"edits": "none"}', "failed", None),
    ],
)
def test_edits_are_read_as_data(reply: str, outcome: str, value: Any) -> None:
    reading = Edits(lessons=2).read(reply)
    assert (reading.outcome, reading.value) == (outcome, value)


def test_a_text_is_cut_to_its_longest() -> None:
    reading = Edits(lessons=0, longest=10).read(json.dumps({"edits": [{"do": "add", "number": 0, "text": "x" * 50}]}))
    assert reading.value == (Edit("add", 0, "x" * 10),)
