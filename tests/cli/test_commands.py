from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Econsim = Callable[..., CompletedProcess[str]]


@pytest.fixture
def pond(econsim_command: Econsim, pond_plugin: Path) -> Econsim:
    return lambda *arguments: econsim_command(*arguments, "--plugin", str(pond_plugin))


def test_list_names_what_there_is(pond: Econsim) -> None:
    done = pond("list")
    assert done.returncode == 0
    assert "pond" in done.stdout
    assert "A pond with a cautious warden." in done.stdout
    assert "Someone with a long rod." in done.stdout
    assert "A pond: fishers catch, a warden sets the share that stays." in done.stdout
    assert "A shoal of equal fish." in pond("list", "populations").stdout


def test_global_options_may_stand_anywhere(econsim_command: Econsim, pond_plugin: Path) -> None:
    for arguments in (["--plugin", str(pond_plugin), "list"], ["list", f"--plugin={pond_plugin}"]):
        assert "cautious warden" in econsim_command(*arguments).stdout


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pond", ["scenarios/pond", "  planner: half", "economies/pond", "at least 1, at most 1,000", "logistic"]),
        ("scenarios/pond", ["fisher: 20 players, acting in every step", "    stock (tonnes of fish)", "as leader"]),
        ("economies/pond", ["fisher: 10 players, acting in every step", "    a number from 0 to 1"]),
        ("half", ["planners/half", "catch_share: 0.5", "planners/quota", "Share of the stock a year."]),
        ("agents/angler", ["agents/angler", "Catches the same every day.", "catch", "at least 0", "Fish a day."]),
    ],
)
def test_describe(pond: Econsim, name: str, expected: list[str]) -> None:
    done = pond("describe", name)
    assert done.returncode == 0
    assert [text for text in expected if text not in done.stdout] == []


def test_validate_tells_every_mistake_and_leaves_with_2(pond: Econsim, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("extends: pond\n", encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("extends: pond\nsed: 1\nseed: -1\nagents: {fishr: angler}\n", encoding="utf-8")
    (tmp_path / "role.yaml").write_text("extends: pond\nagents: {fishr: angler}\n", encoding="utf-8")
    done = pond("validate", "good.yaml", "pond", "bad.yaml", "role.yaml", "absent.yaml", "pnd")
    assert done.returncode == 2
    assert done.stdout == "good.yaml: ok\npond: ok\n"
    assert done.stderr.splitlines() == [
        "bad.yaml:2: sed: unknown key (did you mean seed or seeds?)",
        "bad.yaml:3: seed: expected at least 0, found -1",
        "role: agents.fishr: unknown role (did you mean fisher?)",
        "absent.yaml: no such file or directory",
        "scenarios/: no entry 'pnd' (did you mean pond?)",
    ]


def test_init_writes_a_scenario_that_is_valid_and_never_overwrites(pond: Econsim, tmp_path: Path) -> None:
    done = pond("init", "my_pond", "--from", "pond")
    assert done.returncode == 0
    written = tmp_path / "scenarios" / "my_pond.yaml"
    assert "econsim run my_pond" in done.stdout
    assert pond("validate", str(written)).returncode == 0
    written.write_text("mine", encoding="utf-8")
    again = pond("init", "my_pond", "--from", "pond")
    assert again.returncode == 2
    assert "already exists" in again.stderr
    assert written.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["light (1)", "joe's pond", "v1.2+fix"])
def test_init_takes_every_name_that_a_scenario_may_have(pond: Econsim, tmp_path: Path, name: str) -> None:
    assert pond("init", name, "--from", "pond").returncode == 0
    assert (tmp_path / "scenarios" / f"{name}.yaml").is_file()


@pytest.mark.parametrize("name", ["../x", "a/b", "", "-x", "mine.yaml"])
def test_init_takes_no_path(pond: Econsim, tmp_path: Path, name: str) -> None:
    assert pond("init", "--from", "pond", "--", name).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_cite_prints_the_literature_of_the_kinds_once(pond: Econsim) -> None:
    done = pond("cite", "pond")
    assert done.returncode == 0
    assert done.stdout.count("@article{gordon1954") == 1
    assert done.stdout.count("@book{walton1653") == 1


def test_schema_is_json(pond: Econsim) -> None:
    done = pond("schema")
    assert done.returncode == 0
    assert "economy" in json.loads(done.stdout)["properties"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "pnd"], "scenarios/: no entry 'pnd' (did you mean pond?)"),
        (["run", "pond", "econmy.fishers=3"], "command line: econmy: unknown key (did you mean economy or econsim?)"),
        (["run", "pond", "economy.fisher=3"], "command line: economy.fisher: unknown key (did you mean fishers?)"),
        (["run", "pond", "economy.fishers"], "expected key=value"),
        (["run", "pond", "--seed", "-3"], "command line: seed: expected at least 0, found -3"),
        (["run", "pond", "--seed", "x"], "Invalid value for '--seed'"),
        (["run", "pond", "--device", "tpu"], "tpu"),
        (["run", "pond", "--economy.fishers=3"], "No such option"),
        (["runn", "pond"], "No such command"),
        (["describe", "pnd"], "there is nothing with the name 'pnd' (did you mean pond?)"),
        (["report", "nowhere"], "nowhere"),
        (["resume", "nowhere"], "nowhere"),
        (["compare", "nowhere"], "nowhere"),
        (["cite", "nowhere"], "no entry 'nowhere'"),
        (["list", "fish"], "fish"),
        (["list", "--plugin", "no_such_package"], "no such package or folder"),
        (["list", "--plugin"], "requires an argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_input_leaves_with_2_and_one_clear_message(
    pond: Econsim, econsim_command: Econsim, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = (econsim_command if "--plugin" in arguments else pond)(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_version_and_help(econsim_command: Econsim) -> None:
    assert econsim_command("--version").stdout.startswith("econsim ")
    assert "describe" in econsim_command("--help").stdout
    assert econsim_command().returncode == 2
