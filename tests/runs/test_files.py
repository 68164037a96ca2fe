from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from econsim.errors import RunError
from econsim.storage.files import appearing, appearing_folder, write_json, write_text


def no_space(*_: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_appears_with_its_whole_content(tmp_path: Path) -> None:
    with appearing(tmp_path / "a.bin") as file:
        file.write(b"half")
        assert not (tmp_path / "a.bin").exists()
    assert (tmp_path / "a.bin").read_bytes() == b"half"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_file_and_leaves_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    write_text(tmp_path / "a.txt", "old")
    monkeypatch.setattr(os, call, no_space)
    with pytest.raises(RunError, match=r"no space left to write .*a\.txt"):
        write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_file_beyond_the_allowed_size_is_refused_by_a_real_limit(tmp_path: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path; from econsim.storage.files import write_text;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "write_text(Path(sys.argv[1]), 'x' * 100_000)"
    )
    target = tmp_path / "big.txt"
    done = subprocess.run([sys.executable, "-c", program, str(target)], capture_output=True, text=True, check=False)
    assert "RunError: no space left" in done.stderr
    assert os.listdir(tmp_path) == []


def test_other_refusals_say_why(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="No such file or directory"):
        write_text(tmp_path / "nowhere" / "a.txt", "text")


def test_nan_never_reaches_a_json_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"welfare": float("nan")})
    assert os.listdir(tmp_path) == []


def test_a_folder_appears_at_once_and_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "step"
    for content in ("one", "two"):
        with appearing_folder(target) as partial:
            (partial / "x").write_text(content)
    assert (target / "x").read_text() == "two"
    with pytest.raises(ZeroDivisionError), appearing_folder(target):
        raise ZeroDivisionError
    assert (target / "x").read_text() == "two"
    assert os.listdir(tmp_path) == ["step"]


def test_what_is_not_a_file_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(RunError, match="this is not a file, and is left as it is"):
            write_text(path, "text")
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]
