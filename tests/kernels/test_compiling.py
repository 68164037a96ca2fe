"""Compiled kernels: rules become a part of the kernel, and machine code is kept until what it is made of changes."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("numba")

SOURCE = """
import numpy as np
from typing import NamedTuple
from econsim.kernels.compiling import entry, rule
from kernel_constants import SLOPE, UNREAD

class Line(NamedTuple):
    slope: float
    height: float

def unread(x):
    return x

@rule
def lowest(x):
    \"\"\"A rule that a rule calls.\"\"\"
    return max(x, 0.5)

@rule
def value(line, x):
    return line.slope * lowest(x) + line.height

@entry
def values(numbers):
    line = Line(SLOPE, 1.0)
    for index in range(numbers.size):
        numbers[index] = value(line, numbers[index])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return tmp_path


def module_of(folder: Path, source: str = SOURCE, constants: str = "SLOPE, UNREAD = 2.0, 1.0") -> ModuleType:
    """Write both modules anew and return the one with the kernel."""
    (folder / "kernel_constants.py").write_text(constants)
    (folder / "kernel_module.py").write_text(source)
    for name in ("kernel_constants", "kernel_module"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return importlib.import_module("kernel_module")


def stamp_of(module: ModuleType) -> str:
    stamp = module.values._cache._cache_file._source_stamp
    assert isinstance(stamp, str)
    return stamp


def test_the_machine_code_of_a_kernel_holds_its_rules_and_none_of_their_own(folder: Path) -> None:
    module, numbers = module_of(folder), np.array([0.0, 0.5, 2.0])
    module.values(numbers)
    assert numbers.tolist() == [2.0, 2.0, 5.0]
    (compiled,) = module.values.overloads.values()
    names = " ".join(function.name for function in compiled.library.get_defined_functions())
    assert "values" in names
    assert "lowest" not in names


def test_machine_code_is_made_again_where_what_it_is_made_of_changes(folder: Path) -> None:
    first = stamp_of(module_of(folder))
    for source in (
        SOURCE.replace("A rule that a rule calls.", "Another docstring."),
        SOURCE.replace("    return x\n", "    return 2 * x\n"),  # of the function that no kernel calls
        "# A comment.\n" + SOURCE,
    ):
        assert source != SOURCE
        assert stamp_of(module_of(folder, source)) == first
    assert stamp_of(module_of(folder, constants="SLOPE, UNREAD = 2.0, 7.0")) == first
    for source in (SOURCE.replace("0.5", "0.25"), SOURCE.replace("max", "min"), SOURCE.replace(
        "slope: float\n    height: float", "height: float\n    slope: float"
    )):  # fmt: skip
        assert source != SOURCE
        assert stamp_of(module_of(folder, source)) != first
    assert stamp_of(module_of(folder, constants="SLOPE, UNREAD = 3.0, 1.0")) != first


def test_kept_machine_code_is_that_of_the_present_constants(folder: Path) -> None:
    for slope in (2.0, 3.0, 3.0):
        module, numbers = module_of(folder, constants=f"SLOPE, UNREAD = {slope}, 1.0"), np.array([2.0])
        module.values(numbers)
        assert numbers[0] == 2.0 * slope + 1.0
    assert sum(module.values.stats.cache_hits.values()) == 1


def test_functions_inside_functions_of_kernels_are_refused(folder: Path) -> None:
    inside = SOURCE.replace("    return max(x, 0.5)", "    return (lambda y: max(y, 0.5))(x)")
    with pytest.raises(TypeError, match="lowest: functions of kernels are defined at the level of a module"):
        module_of(folder, inside)


GIVEN_A_LINE = SOURCE.replace("def values(numbers):\n    line = Line(SLOPE, 1.0)\n", "def values(line, numbers):\n")


def test_machine_code_with_a_type_that_is_no_longer_there_is_made_again(folder: Path) -> None:
    for name in ("Line", "Path"):
        module, numbers = module_of(folder, GIVEN_A_LINE.replace("Line", name)), np.array([2.0])
        module.values(getattr(module, name)(2.0, 1.0), numbers)
        assert numbers.tolist() == [5.0]
        assert module.values.stats.cache_misses
