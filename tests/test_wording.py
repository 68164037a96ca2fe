"""Wording of everything that a user can read: standard terms in code, YAML, documentation, report and notebooks.

Prompts in template files are not read, since their text keys recorded answers of language models. Only words that are
always wrong here are listed. "House", for example, is not: workers of Gather-Trade-Build build houses.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "econsim").rglob("*.py"))
TEXT_FILES = sorted(
    path
    for pattern in (
        "econsim/**/*.yaml",
        "econsim/report/pages/*",
        "econsim/watch/assets/*",
        "scenarios/**/*.yaml",
        "agents/**/*.yaml",
        "planners/**/*.yaml",
        "docs/**/*.md",
        "*.md",
        "analysis/*.md",
        "benchmarks/*.md",
    )
    for path in ROOT.glob(pattern)
)
NOTEBOOKS = sorted((ROOT / "analysis").glob("*.ipynb"))

REPLACEMENTS = {
    r"minds?": "agent, policy or policy network",
    r"deeds?": "action",
    r"luck|(?:un)?lucky": "shocks, random draws or common random numbers",
    r"a head": "per person, per capita (or, of a network, an output head)",
    r"films?|pictures?": "recording, animation, frame, image or figure",
    r"faults? of ours": "internal error",
    r"stopped to grow": "stopped growing or converged",
    r"(?:say )?--yes to agree|say --yes": "Confirm with --yes",
    r"(?:that|who) (?:is|are) none": "no GPU, simulated GPU, scripted model",
    r"who leads|who follows": "leader, follower",
    r"told": "given, shown, informed, or distinguished",
    r"furnish\w*": "equipped, provided",
    r"sight": "view or observation",
    r"crowds?": "stacked networks, population or group",
    r"purses?": "spending limit, budget, wealth or coin",
    r"towers?": "encoder",
    r"portraits?": "persona, description of a person",
    r"speech|spoken": "session or use of a language model",
    r"pretend(?:s|ed|ing)?": "simulated",
    r"apprentices?": "imitating policy, learner",
    r"foresees?|foreseen|foreseeing": "expect, estimate, forecast",
}
"""Words and phrases that are not used, as regular expressions, and what is written instead."""

EXCEPTIONS = {
    ("agents/persona_households.yaml", "mind"): "a parameter of the kind archetypes",
    ("econsim/llm/persona_generation.py", "portrait"): "a prompt and its reply, which key the replay store",
    ("econsim/nn/encoders.py", "sight"): "a random stream; also the name of weights in checkpoints",
    ("econsim/training/curriculum.py", "minds"): "a key of checkpoints",
}
"""By file and word, the reason why the word stays."""

_WORDS = re.compile(
    "|".join(
        rf"(?<![\w.`])(?P<w{number}>{words})(?![\w`]|\.\w)".replace(" ", r"\s+")
        for number, words in enumerate(REPLACEMENTS)
    ),
    re.I,
)
"""All words, except in identifiers, in names of files and modules, and alone in quoted code."""
_QUESTION = re.compile(r"(What|Who|Whom|Whose|How|Where|When|Why|Which|Whether)\b")


class Text(NamedTuple):
    """A text that a user can read, with the file and the line where it starts."""

    path: str
    line: int
    text: str


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _strings(path: Path) -> Iterator[Text]:
    """Yield string constants, docstrings and the constant parts of f-strings of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Text(_name(path), node.lineno, node.value)


def _cells(path: Path) -> Iterator[Text]:
    """Yield the text and the code of a notebook's cells; the line is the number of the cell."""
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"], 1):
        if cell["cell_type"] in ("markdown", "code"):
            yield Text(f"{_name(path)}, cell", number, "".join(cell["source"]).replace("\n", " "))


@cache
def all_texts() -> list[Text]:
    return [*_texts()]


def _texts() -> Iterator[Text]:
    for path in MODULES:
        yield from _strings(path)
    for path in TEXT_FILES:
        yield Text(_name(path), 1, path.read_text(encoding="utf-8"))
    for path in NOTEBOOKS:
        yield from _cells(path)


class Match(NamedTuple):
    """A word that is not used, and where it was found."""

    path: str
    line: int
    word: str
    replacement: str


def matches_in(text: Text) -> Iterator[Match]:
    for match in _WORDS.finditer(text.text):
        words = list(REPLACEMENTS)[int(str(match.lastgroup)[1:])]
        line = text.line + text.text.count("\n", 0, match.start())
        yield Match(text.path, line, " ".join(match[0].split()).lower(), REPLACEMENTS[words])


@pytest.fixture(scope="module")
def matches() -> list[Match]:
    return [match for text in all_texts() for match in matches_in(text)]


def test_every_text_uses_the_standard_terms(matches: list[Match]) -> None:
    wrong = [match for match in matches if (match.path, match.word) not in EXCEPTIONS]
    lines = [f"{match.path}:{match.line}: {match.word!r}; write {match.replacement}" for match in wrong]
    assert not lines, "\n".join([f"{len(lines)} words that this project does not use:", *lines])


def test_every_exception_is_needed(matches: list[Match]) -> None:
    assert set(EXCEPTIONS) <= {(match.path, match.word) for match in matches}


def test_module_docstrings_name_their_subject() -> None:
    wrong = []
    for path in MODULES:
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if not docstring or _QUESTION.match(docstring):
            wrong.append(f"{_name(path)}: {docstring.splitlines()[:1]}")
    lines = [f"{len(wrong)} module docstrings do not open with a noun phrase that names the concept:", *wrong]
    assert not wrong, "\n".join(lines)


def test_the_search_finds_words_and_their_lines() -> None:
    text = Text("page.md", 3, "A reminder.\nTwo Minds of the same\nmake. Say\n--yes to agree: shared_towers")
    words = [(match.line, match.word) for match in matches_in(text)]
    assert words == [(4, "minds"), (5, "say --yes to agree")]


def test_every_kind_of_text_is_read() -> None:
    paths = {text.path.partition(",")[0] for text in all_texts()}
    assert {"README.md", "CHANGELOG.md", "docs/index.md", "scenarios/one_step.yaml", "econsim/__init__.py"} <= paths
    assert {"econsim/report/pages/report.html", "analysis/1_quick_start.ipynb"} <= paths
