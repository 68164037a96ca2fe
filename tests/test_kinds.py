"""A kind is a module: found by name, checked for its convention, imported only when asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from econsim import kinds
from econsim.errors import EconsimWarning, UserError
from econsim.scenario import load

SOUND = '''"""Sound: a kind for tests.

More about it.
"""
from econsim.parameters import Model

__all__ = ["Parameters", "Sound"]
REFERENCES = ("@misc{sound}",)


class Parameters(Model):
    """Parameters."""

    size: int = 1
    """Size, at least 1."""


class _Private:
    pass


class Unlisted:
    pass


class Sound:
    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
'''

Plugin = Callable[..., str]
NO_PLANNER = {"planner": None, "headline": None, "evaluation.floor": None, "evaluation.ceiling": None}


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    """Return a function that adds a plug-in with modules ``{name: source}`` in the room ``agents``."""
    package = f"plugin_{tmp_path.name}"

    def add(**modules: str) -> str:
        room = tmp_path / package / "agents"
        room.mkdir(parents=True)
        for name, source in modules.items():
            (room / f"{name}.py").write_text(source)
        return kinds.add_plugin(str(tmp_path / package))

    return add


def test_a_kind_of_a_plugin_is_found_described_and_built(plugin: Plugin) -> None:
    plugin(sound=SOUND)
    kind = kinds.load("agents", "sound")
    assert (kind.room, kind.name, kind.summary) == ("agents", "sound", "Sound: a kind for tests.")
    assert kind.references == ("@misc{sound}",)
    built = kind.build(kind.parameters(size=3))
    assert built.parameters.size == 3


def test_names_lists_without_importing(plugin: Plugin) -> None:
    package = plugin(zz_sound=SOUND, zz_broken="raise RuntimeError", _zz_private="")
    found = [name for name in kinds.names("agents") if "zz" in name]
    assert found == ["zz_broken", "zz_sound"]
    assert f"{package}.agents.zz_sound" not in sys.modules


def test_a_miss_names_the_nearest(plugin: Plugin) -> None:
    plugin(fishery_warden=SOUND)
    with pytest.raises(UserError, match=r"no kind 'fishery_wardn' \(did you mean fishery_warden\?\)"):
        kinds.load("agents", "fishery_wardn")


@pytest.mark.parametrize("name", ["", "_announcing", "a.b", "../x", "os", "__init__", "1"])
def test_a_name_that_is_no_kind_imports_nothing(name: str) -> None:
    with pytest.raises(UserError, match="agents: no kind"):
        kinds.load("agents", name)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (SOUND.replace("class Parameters(Model)", "class Settings(Model)").replace("parameters: Parameters", "p"), "1"),
        (SOUND.replace('__all__ = ["Parameters", "Sound"]', ""), "2 classes: Sound, Unlisted"),
        (SOUND.replace('__all__ = ["Parameters", "Sound"]', '__all__ = ["Parameters"]'), "0 classes: none"),
    ],
    ids=["no parameters", "two classes", "no class"],
)
def test_a_module_that_breaks_the_convention_is_a_user_error(plugin: Plugin, source: str, found: str) -> None:
    plugin(unsound=source)
    with pytest.raises(UserError, match=f"found {found}"):
        kinds.load("agents", "unsound")


def test_a_renamed_kind_loads_under_its_old_name_with_a_warning(plugin: Plugin, tmp_path: Path) -> None:
    package = plugin(sound=SOUND, __init__='RENAMED = {"zz_noise": "sound"}')
    with pytest.warns(EconsimWarning, match="kind zz_noise is now called sound"):
        kind = kinds.load("agents", "zz_noise")
    assert kind.name == "sound"
    assert kind.module.__name__ == f"{package}.agents.sound"
    assert kinds.exists("agents", "zz_noise")
    assert "zz_noise" not in kinds.names("agents")


def test_a_scenario_may_use_an_old_name() -> None:
    # Under agents too, where several roles lead: planners are looked for there second.
    for key in ("planner", "agents.planner"):
        with pytest.warns(EconsimWarning, match="kind lessons is now called llm_lessons"):
            scenario = load("one_step", {key: "lessons", "training": None, **({} if key == "planner" else NO_PLANNER)})
        chosen = scenario.planner if key == "planner" else scenario.agents["planner"]
        assert chosen is not None
        assert chosen.dump()["kind"] == "llm_lessons"


def test_a_plugin_that_is_not_there_is_a_user_error(tmp_path: Path) -> None:
    for name in ("no_such_package_at_all", str(tmp_path / "nowhere"), "not an identifier"):
        with pytest.raises(UserError, match="no such package or folder"):
            kinds.add_plugin(name)


def test_a_folder_whose_name_belongs_to_another_package_is_refused(plugin: Plugin, tmp_path: Path) -> None:
    plugin(sound=SOUND)
    kinds.load("agents", "sound")
    namesake = tmp_path / "elsewhere" / f"plugin_{tmp_path.name}"
    (namesake / "agents").mkdir(parents=True)
    (namesake / "__init__.py").touch()
    (tmp_path / "elsewhere" / "numpy").mkdir()
    for folder in (namesake, tmp_path / "elsewhere" / "numpy"):
        with pytest.raises(UserError, match=f"a package called {folder.name} is loaded already .*; rename the folder"):
            kinds.add_plugin(str(folder))
    assert kinds.plugins().count(namesake.name) == 1


def test_a_plugin_is_added_once_and_lends_its_folder(plugin: Plugin, tmp_path: Path) -> None:
    package = plugin(sound=SOUND)
    assert kinds.add_plugin(package) == package
    assert kinds.plugins().count(package) == 1
    assert tmp_path / package in kinds.plugin_folders()


@pytest.mark.parametrize("room", ["economies", "agents", "planners", "populations", "networks", "training"])
def test_every_shipped_kind_keeps_the_convention(room: str) -> None:
    for name in kinds.names(room):
        kind = kinds.load(room, name)
        assert kind.summary, name
        undescribed = [key for key, field in kind.parameters.model_fields.items() if not field.description]  # type: ignore[attr-defined]
        assert undescribed == [], name


def test_a_class_that_lacks_methods_names_them_and_the_file(plugin: Plugin) -> None:
    body = "from abc import ABC, abstractmethod\n\n\nclass Sound(ABC):\n    @abstractmethod\n    def act(self): ...\n"
    abstract = SOUND.replace("class Sound:", body)
    plugin(unfinished=abstract)
    kind = kinds.load("agents", "unfinished")
    with pytest.raises(UserError, match=r"kind unfinished \(.*unfinished\.py\): the class Sound lacks act"):
        kind.build(kind.parameters())
