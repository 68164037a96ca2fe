"""MathML for the equations of a page, so that no script, font or other host is needed to show them.

``pymdownx.arithmatex`` marks what stands between dollar signs; this hook of MkDocs turns each mark into MathML, which
browsers typeset themselves.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from latex2mathml.converter import convert

_MARKED = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">(?:\\\((?P<inline>.*?)\\\)|\\\[(?P<block>.*?)\\\])</(?P=tag)>', re.S
)

_BESIDE_A_NAME = re.compile(r"(?<=</mi>)(?=<mi>[a-z]{3,}</mi>)|(?<=<mi>(?:log|exp|max|min)</mi>)(?=<mi>)")


def on_page_content(html: str, **_: Any) -> str:
    """Return the page with its equations as MathML."""
    return _MARKED.sub(_mathml, html)


def _mathml(equation: re.Match[str]) -> str:
    if equation["block"] is None:
        return _spaced(convert(unescape(equation["inline"])))
    mathml = convert(unescape(equation["block"].strip()), display="block")
    return f'<div class="equation">{_spaced(mathml)}</div>'


def _spaced(mathml: str) -> str:
    """Set the name of a function apart from the variables beside it: MathML has no rule of its own for that."""
    return _BESIDE_A_NAME.sub('<mspace width="0.17em" />', mathml)
