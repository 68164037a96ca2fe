from __future__ import annotations

from pathlib import Path

import pytest

import econsim
from econsim.errors import UserError
from econsim.scenario import library

CHECKOUT = Path(econsim.__file__).resolve().parent.parent


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_working_directory_comes_before_plugins_and_those_before_what_is_shipped(workspace: Path) -> None:
    plugin = library.find("planners", "half").parent
    assert library.folders("planners")[0] == plugin
    write(workspace / "planners" / "half.yaml", "# Mine.\nkind: quota\n")
    assert library.folders("planners") == [workspace / "planners", plugin, CHECKOUT / "planners"]
    assert library.find("planners", "half") == workspace / "planners" / "half.yaml"


def test_without_a_checkout_the_copy_inside_the_package_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "econsim"
    copied = write(package / "_library" / "scenarios" / "far.yaml", "# Far away.\n")
    monkeypatch.setattr(library, "_PACKAGE", package)
    monkeypatch.chdir(tmp_path)
    assert library.find("scenarios", "far") == copied


def test_entries_show_the_first_comment_line(workspace: Path) -> None:
    write(workspace / "scenarios" / "plain.yaml", "econsim: 1\n")
    by_name = {entry.name: entry.summary for entry in library.entries("scenarios")}
    assert by_name["pond"] == "A pond with a cautious warden."
    assert by_name["plain"] == ""


def test_a_file_of_any_bytes_can_be_listed(workspace: Path) -> None:
    (workspace / "agents").mkdir()
    (workspace / "agents" / "odd.yaml").write_bytes(b"# \xff\xfe\n")
    assert "odd" in library.names("agents")
    assert "\ufffd" in {entry.name: entry.summary for entry in library.entries("agents")}["odd"]


@pytest.mark.parametrize("name", ["../half", "half.yaml", "", "a/b", "half\0", "~"])
def test_a_name_is_not_a_path(workspace: Path, name: str) -> None:
    with pytest.raises(UserError, match="no entry"):
        library.find("planners", name)


def test_a_miss_names_the_nearest(workspace: Path) -> None:
    with pytest.raises(UserError, match=r"planners/: no entry 'no_fish' \(did you mean no_fishing\b"):
        library.find("planners", "no_fish")


def test_the_summary_of_a_kind_is_read_without_importing_it(workspace: Path) -> None:
    assert library.kind_summary("economies", "pond").startswith("A pond: fishers catch")
    assert library.kind_summary("economies", "nowhere") == ""
