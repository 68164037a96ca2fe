"""The command line starts at once: what is heavy is imported by the commands that need it."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys

import pytest

HEAVY = {
    "torch", "pandas", "numpy", "mesa", "gymnasium", "pettingzoo", "litellm", "scipy", "matplotlib", "pyarrow",
    "jinja2", "ruamel", "plotly", "dash", "flask",
}  # fmt: skip


def imported_by(*code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-X", "importtime", *code], capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}


@pytest.mark.parametrize(
    "code",
    [
        ("-c", "import econsim; econsim.__version__"),
        ("-m", "econsim", "--help"),
        ("-m", "econsim", "run", "--help"),
        ("-m", "econsim", "--version"),
        ("-m", "econsim", "list"),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(code: tuple[str, ...]) -> None:
    found = imported_by(*code)
    assert "econsim" in found
    assert found & HEAVY == set()


def test_checking_a_scenario_for_mistakes_needs_no_torch_until_a_kind_does() -> None:
    found = imported_by("-c", "import econsim.scenario.loading")
    assert "pydantic" in found
    assert found & HEAVY == set()


@pytest.mark.parametrize("command", [["--help"], ["list"]])
def test_help_and_list_take_less_than_a_third_of_a_second(command: list[str]) -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "econsim", *command], capture_output=True, check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    environment = {key: value for key, value in os.environ.items() if not re.match(r"COV|PYTEST", key)}
    # Processor time, the best of five: the machine may be busy with other tests.
    assert min(seconds() for _ in range(5)) < 0.3
