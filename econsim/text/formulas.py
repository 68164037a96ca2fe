r"""Formulas as plain text, for readers of prompts: $\alpha Y / K^{1-\alpha}$ becomes alpha Y / K^(1-alpha)."""

from __future__ import annotations

import re

__all__ = ["plain_formulas"]

_FORMULA = re.compile(r"\$\$?([^$]+)\$\$?")
_WITH_ONE = re.compile(r"\\(underline|overline|bar|hat|text|mathrm|sqrt)\s*\{([^{}]*)\}")
_FRACTION = re.compile(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_RAISED = re.compile(r"([_^])\{([^{}]*)\}")
_COMMAND = re.compile(r"\\([a-zA-Z]+)")
_SIGNS = {"cdot": "*", "times": "*", "le": "<=", "leq": "<=", "ge": ">=", "geq": ">=", "ne": "!="}
_DROPPED = ("left", "right", "quad", "bigl", "bigr", "big")
_ENDS = {"underline": "{}_low", "overline": "{}_high", "bar": "{}_mean", "hat": "{}_hat", "sqrt": "sqrt({})"}


def plain_formulas(text: str) -> str:
    """Return a text whose formulas between dollar signs are written without LaTeX."""
    return _FORMULA.sub(lambda match: _plain(match[1]), text)


def _plain(formula: str) -> str:
    before = ""
    while before != formula:  # from the innermost braces outwards
        before = formula
        formula = _WITH_ONE.sub(lambda match: _ENDS.get(match[1], "{}").format(match[2]), formula)
        formula = _FRACTION.sub(r"(\1) / (\2)", formula)
        formula = _RAISED.sub(lambda match: match[1] + _grouped(match[2]), formula)
    formula = _COMMAND.sub(lambda match: "" if match[1] in _DROPPED else _SIGNS.get(match[1], match[1]), formula)
    return re.sub(r"\\[,;! ]", " ", formula).replace("{", "").replace("}", "").replace("\\", "")


def _grouped(content: str) -> str:
    return content if re.fullmatch(r"\\?\w+", content) else f"({content})"
