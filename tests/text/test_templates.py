"""Templates of prompts that come from someone else: they end soon, and every error names the key, file and line."""

import os
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest

from econsim.errors import UserError
from econsim.text.wording import Wording

SHIPPED = Path(__file__).parents[2] / "econsim/text/prompts"
VALUES: dict[str, Any] = {"lines": [str(number) for number in range(1000)], "skill": "12.5", "steps": 3, "none": None}


def rendered(folder: Path, text: str) -> str:
    (folder / "rules.txt").write_text(text)
    return Wording(SHIPPED, str(folder), "agents.worker.wording").render("rules", **VALUES)


HOSTILE = {
    "{{ 1 / 0 }}": "ZeroDivisionError: division by zero",
    "{{ steps // 0 }}": "ZeroDivisionError",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}": "macro is not supported",
    "{% for x in lines recursive %}{{ loop(lines) }}{% endfor %}": "is not supported",
    "{% include '/etc/passwd' %}": "include is not supported",
    "{% import 'other' as other %}": "import is not supported",
    "{% extends 'other' %}": "extends is not supported",
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}": "call is not supported",
    "{% for a in lines %}{% for b in lines %}{% for c in lines %}{% endfor %}{% endfor %}{% endfor %}": "20,000 passes",
    "{{ '%999999999d' % 1 }}": "% is supported for numbers",
    "{{ '%999999999d' | format(1) }}": "no filter 'format'; the filters are abs",
    "{{ 'a' * 999999999 }}": "* is supported for numbers",
    "{{ 10 ** 10 ** 10 }}": "pow is not supported",
    "{% set a = 'ab' %}" + "{% set a = a ~ a %}" * 60: "a value is longer than 20,000 characters",
    "{% set a %}ab{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 60: "longer than 20,000 characters",
    "{% set a = 10 %}" + "{% set a = a * a %}" * 60: "a number below 9e+18",
    "{% set a = [1] %}": "set takes a text, or a number",
    "{{ lines | join('x' * 999) }}": "* is supported for numbers",
    "{{ lines" + " | join('abcdefghijklmnopqrstuvwxyz')" * 6 + " }}": "longer than 20,000 characters",
    "{{ skill" + " | replace('2', '22222222222222222222')" * 9 + " }}": "longer than 20,000 characters",
    "{% for a in lines %}" + "{{ lines }}" * 200 + "{% endfor %}": "the text is longer than 1,000,000",
    "{{ '{0:>999999999}'.format(1) }}": "call is not supported",
    "{{ skill.__class__.__mro__ }}": "unsafe",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}": "RecursionError: maximum",
    "{% if steps %}" * 110 + "{% endif %}" * 110: "too many levels of indentation",
    "{% for a in lines %}" * 40 + "{% endfor %}" * 40: "too many statically nested blocks",
    "{{ " + "9" * 9000 + " }}": "Exceeds the limit (4300 digits)",
    "{{ steps | int(base=99) + skill }}": "TypeError",
    "{{ lines[5000].name }}": "no element 5000",
    "{% if %}": "Expected an expression",
    "{{ unknown }}": "'unknown' is undefined",
}
WITHOUT_A_LINE = {  # of the template as a whole
    "the text is longer than 1,000,000", "RecursionError: maximum", "too many levels of indentation",
    "too many statically nested blocks", "Exceeds the limit (4300 digits)",
}  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_template_ends_soon_with_an_error_that_names_key_file_and_line(tmp_path: Path, number: int) -> None:
    text, message = list(HOSTILE.items())[number]
    with pytest.raises(UserError, match=re.escape(message)) as refused:
        rendered(tmp_path, f"Rules.\n{text}")
    assert str(refused.value).startswith(f"agents.worker.wording: {tmp_path / 'rules.txt'}:")
    if message not in WITHOUT_A_LINE:
        assert f"{tmp_path / 'rules.txt'}:2: " in str(refused.value)


def test_ordinary_templates_are_rendered_as_before(tmp_path: Path) -> None:
    text = """
{% set named %} a worker {% endset %}
You are {{ named | trim }} of skill {{ skill }}, {{ steps * 2 + 1 }} step{{ "s" if steps > 1 }}.
{% for line in lines[:3] if line != "1" %}
{{ loop.index }}/{{ loop.length }} {{ line | upper }}{% if not loop.last %},{% endif %}

{% else %}
nothing
{% endfor %}
{{ lines | length }} {{ lines[-2:] | join(", ") }} {{ skill | replace(".", ",") }} {{ (7 / 3) | round(2) }} {{ 7 % 4 }}
{% if none is none and steps in [2, 3] %}done{% endif %}
"""
    plain = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(text.strip())
    assert "1/2 0,\n2/2 2\n1000 998, 999 12,5 2.33 3\ndone" in plain.render(VALUES)
    assert rendered(tmp_path, text) == plain.render(VALUES).strip()


def test_a_template_that_is_no_ordinary_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rules.txt")
    wording = Wording(SHIPPED, str(tmp_path), "agents.worker.wording")
    with pytest.raises(UserError, match=r"agents\.worker\.wording: .*rules\.txt: a named pipe"):
        wording.render("rules")
    (tmp_path / "rules.txt").unlink()
    (tmp_path / "rules.txt").write_text("x" * 30_000)
    with pytest.raises(UserError, match="larger than 20,000 bytes"):
        wording.render("rules")
    (tmp_path / "rules.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="expected UTF-8 text"):
        wording.render("rules")
