from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from econsim.errors import ScenarioError, UserError
from econsim.scenario.yaml_reader import MOST_BYTES, parse, read
from econsim.storage.user_files import shown

ALIAS_BOMB = "\n".join(["a0: &a0 [1, 1]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 30))])


def value(text: str) -> Any:
    return parse(text, lambda line: f"line {line + 1}").plain()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-3", 0.001),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0o17", 15),
        ("012", 12),
        ("-.5", -0.5),
        (".inf", math.inf),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("2020-01-01", "2020-01-01"),
        ("[1, [2, {a: b}]]", [1, [2, {"a": "b"}]]),
        ("&x [1]", [1]),
        ("{a: &x 1, b: *x}", {"a": 1, "b": 1}),
        ("{1: a, null: b}", {"1": "a", "null": "b"}),
    ],
)
def test_yaml_1_2(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_not_a_number_is_a_number_to_yaml() -> None:
    assert math.isnan(value(".nan"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "line 2: the key 'a' is given twice"),
        ("a:\n\tb: 1", "line 2: expected spaces, found a tab"),
        ("a: [1", "line 1: not YAML: expected ',' or ']'"),
        ("a: 1\nb: 'x", "line 2: not YAML: found unexpected end of stream"),
        ("a: 1\n---\nb: 2", "line 2: expected one YAML document"),
        ("%YAML 1.1\n---\na: no", "line 1: YAML directives (%) are not supported"),
        ("a: *b", "found undefined alias 'b'"),
        ("? [1, 2]\n: 3", "line 1: a key must be text"),
        (
            "a: 1\nb: !!python/object/apply:os.system [x]",
            "line 2: the tag !!python/object/apply:os.system is not supported",
        ),
        ("a: !!binary aGk=", "the tag !!binary is not supported"),
        ("a: !!int x", "line 1: 'x' is not a number"),
        ("a: " + "9" * 5000, "is not a number"),
        ("a: \x00", "special characters are not allowed"),
        ("[" * 3000, "nested deeper than 40 levels"),
        ("[" * 50 + "]" * 50, "nested deeper than 40 levels"),
        ("a: &x [*x]", "nested deeper than 40 levels"),
        (ALIAS_BOMB, "expands to more than 20,000 values"),
    ],
)
def test_what_a_scenario_may_not_hold(text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        value(text)
    assert message in str(raised.value)


def test_every_key_remembers_its_line() -> None:
    node = parse("a:\n  b: 1\n  c: [x,\n y]\nd: {e: 2}", lambda line: str(line + 1))
    assert dict(node.lines()) == {"a": "1", "a.b": "2", "a.c": "3", "d": "5", "d.e": "5"}
    assert node.place(("a", "c", 1)) == "4"
    assert node.place(("a", "missing", "x")) == "1"
    assert node.place(("d", "e", "deeper")) == "5"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: 1\nb: \xff\n", "bad.yaml:2: not UTF-8 text"),
        (b"- a\n- b\n", "bad.yaml:1: expected a mapping"),
        (b"", "bad.yaml:1: expected a mapping"),
        (b"#" * (MOST_BYTES + 1), "larger than 200,000 bytes"),
    ],
)
def test_a_file_must_be_a_readable_mapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_bytes(content)
    with pytest.raises(UserError) as raised:
        read(tmp_path / "bad.yaml")
    assert message in str(raised.value)


def test_a_byte_order_mark_is_not_content(tmp_path: Path) -> None:
    (tmp_path / "marked.yaml").write_bytes("a: 1".encode("utf-8-sig"))
    assert read(tmp_path / "marked.yaml").plain() == {"a": 1}


@pytest.mark.parametrize("name", ["absent.yaml", ".", "a\0b.yaml", "a" * 300])
def test_a_file_that_cannot_be_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"no such file|is a directory|zero byte|name too long"):
        read(tmp_path / name)


def test_paths_are_shown_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "scenarios" / "x.yaml") == str(Path("scenarios") / "x.yaml")
