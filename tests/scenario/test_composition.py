from __future__ import annotations

from pathlib import Path

import pytest

from econsim.errors import ScenarioError
from econsim.scenario import Scenario, load


def economy(scenario: Scenario) -> dict[str, object]:
    return scenario.game.dump()


def write(name: str, text: str) -> None:
    path = Path("scenarios") / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


pytestmark = pytest.mark.usefixtures("workspace")


def test_names_become_the_content_of_their_files() -> None:
    scenario = load("pond")
    assert scenario.agents["fisher"].dump() == {"kind": "angler", "catch": 4}
    assert scenario.planner is not None
    assert scenario.planner.dump() == {"kind": "quota", "catch_share": 0.5}
    assert scenario.planner_label == "half"
    assert {label: each.dump()["catch_share"] for label, each in scenario.baselines.items()} == {
        "no_fishing": 0,
        "quota": 0.2,
    }


def test_a_name_without_a_file_is_a_kind() -> None:
    assert load("pond", ["agents.fisher=angler"]).agents["fisher"].dump() == {"kind": "angler", "catch": 3}


def test_parameters_may_name_files_too() -> None:
    def taught_by(teacher: str) -> dict[str, object]:
        dumped = load("one_step", {"agents.worker": {"kind": "imitation", "teacher": teacher}}).agents["worker"].dump()
        assert isinstance(dumped["teacher"], dict)
        return dumped["teacher"]

    file = Path("agents/bounded_teacher.yaml")
    file.parent.mkdir(exist_ok=True)
    file.write_text("kind: noisy_response\nrationality: 7\n", encoding="utf-8")
    assert taught_by("bounded_teacher")["rationality"] == 7
    assert taught_by("noisy_response")["kind"] == "noisy_response"  # a kind
    file.write_text("kind: imitation\nteacher: bounded_teacher\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="no kind 'bounded_teacher'"):  # of itself
        taught_by("bounded_teacher")


def test_a_dotted_key_patches_what_a_name_stands_for_and_keeps_its_label() -> None:
    scenario = load("pond", ["planner.catch_share=0.3", "agents.fisher.catch=9", "baselines.quota.catch_share=0.1"])
    assert scenario.planner is not None
    assert scenario.planner.dump()["catch_share"] == 0.3
    assert scenario.planner_label == "half"
    assert scenario.agents["fisher"].dump()["catch"] == 9
    assert scenario.baselines["quota"].dump()["catch_share"] == 0.1
    assert list(scenario.baselines) == ["no_fishing", "quota"]


def test_a_mapping_with_a_kind_replaces_and_one_without_is_laid_over() -> None:
    before = ["economy.fishers=30", "economy.seasons=[1.0]"]
    assert economy(load("pond", [*before, "economy={kind: pond}"]))["fishers"] == 10
    laid_over = economy(load("pond", [*before, "economy={fishers: 5}"]))
    assert (laid_over["fishers"], laid_over["seasons"]) == (5, [1.0])


def test_a_later_override_wins() -> None:
    assert load("pond", ["seed=1", "seed=2"]).seed == 2
    replaced = load("pond", ["planner.catch_share=1", "planner=no_fishing", "evaluation=none"])
    assert replaced.policies()["no_fishing"].dump() == {"kind": "quota", "catch_share": 0.0}


@pytest.mark.parametrize("nothing", ["training=none", "training=null", "training="])
def test_no_training(nothing: str) -> None:
    assert load("pond", [nothing]).training is None


def test_a_default_can_be_patched_without_naming_its_kind() -> None:
    changed = economy(load("pond", ["economy.stock.weight=3", "economy.growth.growth_rate=0.1"]))
    assert changed["stock"] == {"kind": "shoal", "weight": 3.0}
    assert changed["growth"] == {"kind": "logistic", "growth_rate": 0.1}


def test_a_scenario_extends_another() -> None:
    write("big_pond", "# Many.\nextends: pond\neconomy: {fishers: 500}\nbaselines: {third: {kind: quota}}\n")
    write("bigger_pond", "extends: big_pond\neconomy: {fishers: 900}\nplanner: no_fishing\nevaluation: none\n")
    scenario = load("bigger_pond")
    assert (scenario.name, scenario.description, scenario.seed) == ("bigger_pond", "", 7)
    assert economy(scenario)["fishers"] == 900
    assert list(scenario.baselines) == ["no_fishing", "quota", "third"]
    assert scenario.planner_label == "no_fishing"
    assert load("big_pond").description == "Many."


def test_a_scenario_extends_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "lower.yaml").write_text("extends: pond\neconomy: {fishers: 500}\n")
    below = tmp_path / "below"
    below.mkdir()
    (below / "upper.yaml").write_text("extends: ../lower.yaml\nseed: 3\n")
    scenario = load(below / "upper.yaml")
    assert (economy(scenario)["fishers"], scenario.seed) == (500, 3)
    (below / "upper.yaml").write_text("extends: lower.yaml\n")
    with pytest.raises(ScenarioError, match=r"upper.yaml:1: extends: there is no file .*/below/lower.yaml"):
        load(below / "upper.yaml")
    (tmp_path / "lower.yaml").write_text("extends: below/upper.yaml\n")
    (below / "upper.yaml").write_text("extends: ../lower.yaml\n")
    with pytest.raises(ScenarioError, match=r"lower.yaml:1: extends: below/upper.yaml itself extends this scenario"):
        load(below / "upper.yaml")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": "extends: b\n", "b": "\nextends: a\n"}, "scenarios/b.yaml:2: extends: a itself extends this scenario"),
        ({"a": "extends: a\n"}, "scenarios/a.yaml:1: extends: a itself extends this scenario"),
        ({"a": "econsim: 1\nextends: ponds\n"}, "scenarios/a.yaml:2: extends: scenarios/: no entry 'ponds'"),
        ({"a": "extends: [pond]\n"}, "scenarios/a.yaml:1: extends: scenarios/: no entry"),
    ],
)
def test_what_cannot_be_extended(files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        write(name, text)
    with pytest.raises(ScenarioError) as raised:
        load("a")
    assert message in str(raised.value)
