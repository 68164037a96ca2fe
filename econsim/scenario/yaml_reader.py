"""YAML 1.2 reader that keeps the line of every key.

It reads mappings, lists, text, numbers, booleans and null, which is all that a scenario needs. ``1e-3`` is a number and
``no`` is text. Files cannot refer to Python objects; the size of a file and of its expanded content is limited.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from econsim.errors import Problem, ScenarioError
from econsim.storage.user_files import read_user_file, shown

MOST_BYTES = 200_000
MOST_VALUES = 20_000
DEEPEST = 40
_TAG = "tag:yaml.org,2002:"
_PREFIXED_INTEGER = re.compile(r"[-+]?0[box]")


@dataclass(frozen=True)
class Node:
    """A value and its location: ``file:line`` of its key, or ``command line``.

    ``content`` is a scalar, a ``dict[str, Node]`` or a ``list[Node]``. ``alias`` is the alias under which the top-level
    key of the value was written; empty where it was written under its canonical name.
    """

    content: Any
    where: str
    alias: str = ""

    def plain(self) -> Any:
        """Return the value as plain Python data."""
        if isinstance(self.content, dict):
            return {key: child.plain() for key, child in self.content.items()}
        if isinstance(self.content, list):
            return [child.plain() for child in self.content]
        return self.content

    def place(self, keys: Sequence[str | int]) -> str:
        """Return the location of the value at ``keys``, or of the innermost existing value around it."""
        return self.innermost(keys).where

    def innermost(self, keys: Sequence[str | int]) -> Node:
        """Return the node at ``keys``, or the innermost existing node around it."""
        node = self
        for key in keys:
            try:
                node = node.content[key]
            except (KeyError, IndexError, TypeError):
                break
        return node

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Yield the dotted key and the location of every value below this one that is not a non-empty mapping."""
        if not isinstance(self.content, dict) or not self.content:
            yield prefix.rstrip("."), self.where
            return
        for key, child in self.content.items():
            yield from child.leaves(f"{prefix}{key}.")

    def texts(self, key: str = "") -> Iterator[tuple[str, Node]]:
        """Yield the dotted key and the node of every text in this value."""
        if isinstance(self.content, str):
            yield key, self
        elif isinstance(self.content, (dict, list)):
            entries = self.content.items() if isinstance(self.content, dict) else enumerate(self.content)
            for name, child in entries:
                yield from child.texts(f"{key}.{name}".lstrip("."))

    def lines(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Yield the dotted key and the location of every value below this one."""
        if isinstance(self.content, dict):
            for key, child in self.content.items():
                yield f"{prefix}{key}", child.where
                yield from child.lines(f"{prefix}{key}.")


def read(path: Path) -> Node:
    """Return the mapping that a YAML file contains.

    Raises:
        UserError: the file cannot be opened, is not a regular file, or is too large.
        ScenarioError: the file is not UTF-8, not YAML, or not a mapping.
    """
    label, raw = shown(path), read_user_file(path, MOST_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _mistake(f"{label}:{raw.count(10, 0, error.start) + 1}", "not UTF-8 text") from None
    node = parse(text, lambda line: f"{label}:{line + 1}")
    if not isinstance(node.content, dict):
        raise _mistake(f"{label}:1", "expected a mapping of keys to values")
    return node


def parse(text: str, where: Callable[[int], str]) -> Node:
    """Return the value of a YAML text; ``where`` gives the location of a line, counted from 0.

    Raises:
        ScenarioError: the text is not YAML, or contains something that a scenario may not contain.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        _check_directives(text, where)
        root = _composed(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _mistake(where(mark.line if mark else 0), _explain(error.problem or error.context)) from None
    except RecursionError:
        raise _mistake(where(0), f"nested deeper than {DEEPEST} levels") from None
    except (YAMLError, ValueError) as error:
        raise _mistake(where(0), _explain(str(error).split("\n", 1)[0])) from None
    return Node(None, where(0)) if root is None else _Reader(where).build(root, root.start_mark.line, 0)


@lru_cache(maxsize=256)
def _composed(text: str) -> Any:
    """Return the parser's node graph of a text, which nobody changes; a sweep reads the same few files for each run."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).compose(text)


def _check_directives(text: str, where: Callable[[int], str]) -> None:
    from ruamel.yaml import YAML
    from ruamel.yaml.tokens import DirectiveToken

    if not re.search(r"^%", text, re.MULTILINE):
        return
    for token in YAML(typ="safe", pure=True).scan(text):
        if isinstance(token, DirectiveToken):
            message = "YAML directives (%) are not supported; a text that begins with % must be in quotes: '%...'"
            raise _mistake(where(token.start_mark.line), message)


class _Reader:
    """A converter of the parser's node graph, which aliases can make huge or infinite, into a bounded tree."""

    def __init__(self, where: Callable[[int], str]) -> None:
        self._where = where
        self._count = 0

    def build(self, node: Any, line: int, depth: int) -> Node:
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        self._count += 1
        if depth > DEEPEST:
            raise self._mistake(line, f"nested deeper than {DEEPEST} levels")
        if self._count > MOST_VALUES:
            raise self._mistake(line, f"expands to more than {MOST_VALUES:,} values")
        tag = str(node.tag)
        if isinstance(node, MappingNode) and tag == _TAG + "map":
            return self._mapping(node, line, depth)
        if isinstance(node, SequenceNode) and tag == _TAG + "seq":
            children = [self.build(child, child.start_mark.line, depth + 1) for child in node.value]
            return Node(children, self._where(line))
        return Node(self._scalar(node, tag, line), self._where(line))

    def _mapping(self, node: Any, line: int, depth: int) -> Node:
        content: dict[str, Node] = {}
        for key, value in node.value:
            key_line = key.start_mark.line
            if not isinstance(key.value, str):
                raise self._mistake(key_line, "a key must be text, not a list or a mapping")
            if key.value in content:
                raise self._mistake(key_line, f"the key {key.value!r} is given twice")
            content[key.value] = self.build(value, key_line, depth + 1)
        return Node(content, self._where(line))

    def _scalar(self, node: Any, tag: str, line: int) -> str | int | float | bool | None:
        read = _SCALARS.get(tag.removeprefix(_TAG))
        if read is None or not isinstance(node.value, str):
            raise self._mistake(line, f"the tag {tag.replace(_TAG, '!!')} is not supported")
        try:
            return read(node.value)
        except ValueError:
            raise self._mistake(line, f"{node.value[:40]!r} is not a number") from None

    def _mistake(self, line: int, message: str) -> ScenarioError:
        return _mistake(self._where(line), message)


def _integer(text: str) -> int:
    digits = text.replace("_", "").lower()
    return int(digits, 0 if _PREFIXED_INTEGER.match(digits) else 10)


def _number(text: str) -> float:
    return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))


_SCALARS: dict[str, Callable[[str], str | int | float | bool | None]] = {
    "str": str,
    "timestamp": str,
    "int": _integer,
    "float": _number,
    "bool": lambda text: text.lower() == "true",
    "null": lambda text: None,
}


def _explain(problem: str | None) -> str:
    problem = problem or "not YAML"
    if "'\\t'" in problem:
        return "expected spaces, found a tab"
    if "another document" in problem:
        return "expected one YAML document, found the start of a second (---)"
    return f"not YAML: {problem.splitlines()[0]}"


def _mistake(where: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(where, "", message)])
