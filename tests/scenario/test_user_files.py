"""Files and texts that cannot be read or written are refused with a clear message before work starts."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from typer.testing import CliRunner

from econsim.cli.application import app
from econsim.errors import ScenarioError, UserError
from econsim.populations.personas.texts import read_texts
from econsim.populations.quantile_table import Parameters, QuantileTable
from econsim.populations.survey.reading import read as read_survey
from econsim.report import figures, page, tables, write_report  # noqa: F401  read before privileges are given up
from econsim.runs import execute
from econsim.scenario import load, with_overrides
from econsim.storage.user_files import check_writable, read_user_file
from econsim.text.wording import Wording

ROOT = Path(__file__).parents[2]
TAXED = """
econsim: 1
economy: {kind: one_step, workers: 3}
agents: {worker: best_response}
planner: us_federal
"""
UNREADABLE = {
    "pipe.yaml": r"pipe\.yaml: a named pipe; write its content to a file first",
    "socket.yaml": r"socket\.yaml: a socket; expected a file",
    "loop.yaml": r"loop\.yaml: a loop of symbolic links",
    "folder.yaml": r"folder\.yaml: is a directory; expected a file",
    "huge.yaml": r"huge\.yaml: larger than [\d,]+ bytes",
    "endless.yaml": r"endless\.yaml: a device",
    f"{'long' * 200}.yaml": "file name too long",
    f"{'long/' * 2000}one.yaml": "file name too long",
    "zero\0.yaml": r"zero\\0\.yaml: a path cannot contain a zero byte",
    "half\ud800.yaml": r"half\\ud800\.yaml: a path cannot contain a zero byte or half a character",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.yaml")
    os.symlink("loop.yaml", "loop.yaml")
    os.mkdir("folder.yaml")
    os.symlink("/dev/zero", "endless.yaml")
    with open("huge.yaml", "wb") as file:
        file.truncate(1 << 40)  # a sparse file
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.yaml")
        yield tmp_path


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_scenario_that_is_no_ordinary_file_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(UserError, match=UNREADABLE[name]):
        load(name)
    if "\0" not in name and "\ud800" not in name:
        for command in (["run", name], ["validate", name]):
            refused = CliRunner().invoke(app, command)
            assert refused.exit_code == 2, refused.output


@pytest.mark.parametrize("name", ["pipe.yaml", "loop.yaml", "huge.yaml", "endless.yaml", "folder.yaml"])
def test_data_files_and_wordings_pass_the_same_check(folder: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"population.texts: cannot read {UNREADABLE[name]}"):
        read_texts(Path(name))
    with pytest.raises(UserError, match=f"population.file: cannot read {UNREADABLE[name]}"):
        read_survey(name)
    with pytest.raises(UserError, match=f"population.file: cannot read {UNREADABLE[name]}"):
        QuantileTable(Parameters(file=name))
    (folder / "wording").mkdir()
    os.rename(name, folder / "wording" / "rules.txt")
    if name == "loop.yaml":
        (folder / "wording" / "rules.txt").unlink()
        os.symlink("rules.txt", folder / "wording" / "rules.txt")
    with pytest.raises(UserError, match=UNREADABLE[name].replace(name.replace(".", r"\."), r"rules\.txt")):
        Wording(ROOT / "econsim/text/prompts", str(folder / "wording"), "agents.worker.wording").render("rules")


@pytest.mark.parametrize(
    "command",
    [
        ["resume", "long" * 200],
        ["report", "long" * 200],
        ["cite", "long" * 200],
        ["audit", "long" * 200],
        ["--plugin", "long" * 200, "list"],
        ["watch", "long" * 200],
    ],
)
def test_paths_that_are_too_long_give_one_line(folder: Path, command: list[str]) -> None:
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "Traceback" not in refused.output
    assert "internal error" not in refused.output


def test_half_a_character_is_found_before_the_run_is_made(folder: Path) -> None:
    Path("half.yaml").write_text('econsim: 1\ndescription: "tea \\ud83d"\neconomy: {kind: one_step}\n')
    with pytest.raises(ScenarioError, match=r"^half\.yaml:2: description: contains half of a character"):
        load("half.yaml")
    with pytest.raises(ScenarioError, match=r"planner\.label: contains half of a character"):
        load("one_step", {"planner.label": "x\udc80"})
    with pytest.raises(ScenarioError, match="description: contains half"):
        with_overrides(load("one_step"), {"description": "\ud800"})
    with pytest.raises(UserError, match="the name of this folder is not valid Unicode text"):
        execute(load("one_step", {"game.workers": 3}), folder / "run\udcff", quiet=True)
    assert not list(folder.glob("run*"))


def test_a_text_that_begins_with_a_per_cent_sign_must_be_quoted(folder: Path) -> None:
    with pytest.raises(ScenarioError, match=r"description: .* a text that begins with % must be in quotes: '%\.\.\.'"):
        load("one_step", ["description=%growth"])
    for text in ("%growth", "a tax of\n% of income", "%"):
        scenario = load("one_step", {"description": text})
        assert scenario.description == text
        assert with_overrides(scenario, ["seed=7"]).description == text
    Path("quoted.yaml").write_text('econsim: 1\ndescription:\n  "one\n\n% two"\neconomy: {kind: one_step}\n')
    assert load("quoted.yaml").description == "one\n% two"


def test_a_folder_that_cannot_be_written_to_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match=r"/proc: cannot write into this folder \(.+\); change its permissions"):
        check_writable(Path("/proc"))
    check_writable(folder)
    assert read_user_file(shutil.copy(ROOT / "README.md", folder / "page.md"), 1 << 20).startswith(b"#")


@contextmanager
def unprivileged() -> Iterator[None]:
    """Act as a user whom permissions bind, also where the tests are run by root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_report_in_a_read_only_folder_is_refused_before_figures_are_drawn() -> None:
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        (Path(folder) / "taxed.yaml").write_text(TAXED)
        run = execute(load(Path(folder) / "taxed.yaml"), Path(folder) / "run", quiet=True)
        os.chmod(run.path, 0o555)
        with (
            unprivileged(),
            pytest.raises(UserError, match=r"cannot write into this folder \(permission denied\)"),
        ):
            write_report(run)
        assert not (run.path / "figures").exists()
