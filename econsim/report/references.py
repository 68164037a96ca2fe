"""Bibliographic references: the BibTeX entries of the kinds that a run used, as one line each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

from econsim.kinds import Kind

__all__ = ["in_words", "references_of"]

_FIELD = re.compile(r"(\w+)\s*=\s*")
_COMBINING = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "c": "\u0327", "v": "\u030c"}
_ACCENT = re.compile(r"""\\([`'^~"]|[cv](?=\{))\{?(\w)\}?""")
_SHOWN = ("journal", "booktitle", "institution", "publisher", "howpublished")


def references_of(kinds: Iterable[Kind]) -> list[str]:
    """Return the references of ``kinds`` as text, each work once, sorted."""
    by_title: dict[str, str] = {}
    for kind in kinds:
        for entry in kind.references:
            title, words = _fields(entry).get("title", entry).lower(), in_words(entry)
            by_title[title] = max(by_title.get(title, ""), words, key=len)
    return sorted(by_title.values())


def in_words(entry: str) -> str:
    """Return a BibTeX entry as ``author (year). title. journal.`` in plain text."""
    fields = _fields(entry)
    authors = fields.get("author", "").replace(" and ", "; ")
    venue = next((fields[name] for name in _SHOWN if name in fields), "")
    sentences = [f"{authors} ({fields.get('year', 'no year')})".strip(), fields.get("title", ""), venue]
    if "url" in fields:
        sentences.append(fields["url"])
    return " ".join(each if each.endswith(("?", "!")) else f"{each}." for each in sentences if each)


def _fields(entry: str) -> dict[str, str]:
    fields, position = {}, entry.find(",")
    while match := _FIELD.search(entry, max(position, 0)):
        value, position = _value(entry, match.end())
        plain = _ACCENT.sub(_accented, value).replace("{", "").replace("}", "")
        fields[match.group(1).lower()] = " ".join(plain.split())
    return fields


def _accented(match: re.Match[str]) -> str:
    """Return a letter with an accent of LaTeX as one character."""
    return normalize("NFC", match.group(2) + _COMBINING[match.group(1)])


def _value(entry: str, start: int) -> tuple[str, int]:
    """Return a value that is quoted, in (possibly nested) braces or bare, and the position of its end."""
    if entry[start : start + 1] == '"':
        end = entry.find('"', start + 1)
        return entry[start + 1 : end], end + 1
    if entry[start : start + 1] != "{":
        bare = re.match(r"[^,}]*", entry[start:])
        text = bare.group(0) if bare else ""
        return text.strip(), start + len(text) + 1
    depth = 0
    for end in range(start, len(entry)):
        depth += {"{": 1, "}": -1}.get(entry[end], 0)
        if depth == 0:
            return entry[start + 1 : end], end + 1
    return entry[start + 1 :], len(entry)
