"""What the documentation's build makes of docstrings and equations: headings of sections, MathML."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import pytest

from econsim import kinds

HOOKS = Path(__file__).resolve().parent.parent / "docs" / "hooks"
ROOMS = ("economies", "games", "populations", "agents", "planners", "training")
SECTIONS = ("State", "Actions", "Observations", "Dynamics", "Rewards", "Conservation", "Calibration", "Checks")


@pytest.fixture(autouse=True)
def _hooks() -> Iterator[None]:
    pytest.importorskip("griffe", reason="needs econsim[docs]")
    pytest.importorskip("latex2mathml", reason="needs econsim[docs]")
    sys.path.insert(0, str(HOOKS))
    yield
    sys.path.remove(str(HOOKS))


@pytest.mark.parametrize("name", kinds.names("economies"))
def test_every_economy_has_a_heading_for_each_section(name: str) -> None:
    from headings import with_headings

    lines = with_headings(cleandoc(kinds.load("economies", name).module.__doc__ or "")).splitlines()
    assert [line[2:] for line in lines if line.startswith("# ")][: len(SECTIONS)] == list(SECTIONS)
    assert [line for line in lines if line.startswith(" ")] == []  # an indented body would be shown as code


def test_prose_and_code_are_no_sections() -> None:
    from headings import with_headings

    for text in (
        "Summary.\n\nA sentence, then code:\n    x = 1",
        "Summary.\n\nTwo lines\nof prose.",
        "Args:\n    x: one",
    ):
        assert with_headings(text) == text


def test_equations_become_mathml() -> None:
    from maths import on_page_content

    inline = on_page_content(r'<p>income <span class="arithmatex">\(z &lt; v l\)</span></p>')
    assert inline.startswith("<p>income <math")
    assert "<mo>&#x0003C;</mo><mi>v</mi><mi>l</mi>" in inline
    block = on_page_content('<div class="arithmatex">\\[\n\\frac{a}{b}\n\\]</div>')
    assert block.startswith('<div class="equation"><math')
    assert 'display="block"' in block
    assert "<mfrac>" in block


def test_names_of_functions_stand_apart_from_variables() -> None:
    from maths import on_page_content

    page = on_page_content(r'<span class="arithmatex">\(d \log x\)</span>')
    assert page.count("<mspace") == 2


def test_equations_are_plain_text_on_the_command_line() -> None:
    text = kinds.load("economies", "gather_trade_build").documentation
    assert "``u = (C^(1 - eta) - 1) / (1 - eta) - c L``" in text
    assert "``l = 60 (1 - t)^0.4``" in kinds.load("economies", "one_step").documentation
    described = [kinds.load(room, name) for room in ROOMS for name in kinds.names(room)]
    assert [kind.name for kind in described if re.search(r"[$\\]", kind.documentation)] == []
