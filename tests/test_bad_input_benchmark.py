"""The short version of ``benchmarks/bad_input.py``, and its committed result: no fault, and nothing silent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from forked_commands import Commands

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
SHORT = """
import sys, json, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import bad_input
with tempfile.TemporaryDirectory() as parent:
    base = Path(parent)
    whole, interrupted, seconds = bad_input.prepared(base)
    result = {"mutations": bad_input.mutations(40), "kills": bad_input.kills(1, base, whole, seconds),
              "two_resumes": {"outcomes": {}},
              "corruptions": bad_input.damaged(int(sys.argv[2]), base, whole, interrupted)}
    print(json.dumps({"unsound": bad_input.unsound(result), "result": result}))
"""


@pytest.fixture(scope="module")
def short(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    script = tmp_path_factory.mktemp("script") / "short.py"
    script.write_text(SHORT)
    done = commands.run_script(script, BENCHMARKS, "1")  # which forks the runs from a process without threads
    assert done.returncode == 0, done.stderr
    content: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return content


def test_no_bad_input_is_a_fault(short: dict[str, object]) -> None:
    assert short["unsound"] == [], short["result"]


def test_the_committed_result_has_no_fault() -> None:
    result = json.loads((BENCHMARKS / "results" / "bad_input.json").read_text())["result"]
    sound = {"accepted", "refused", "identical", "one_refused", "error_names_file", "warned", "harmless"}
    corruptions = result["corruptions"]
    tables = [result[name]["outcomes"] for name in ("mutations", "kills", "two_resumes")]
    tables += [*corruptions["finished"].values(), *corruptions["interrupted"].values()]
    assert {name for table in tables for name in table} <= sound
    assert all(sum(table.values()) for table in tables)
