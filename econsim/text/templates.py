"""Restricted Jinja templates of prompts: values, conditions, loops over given values, and a few filters.

A template may come from someone else, so that it must end soon whatever it contains. It cannot call anything, build
long texts with operators or filters, or loop without bound: its own size, the number of passes through its loops, the
size of the values that it sets and the size of the result are limited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["FAULTS", "MOST_BYTES", "Templates"]

MOST_BYTES = 20_000
"""Largest size of a template's file."""
MOST_PASSES = 20_000
"""Largest number of passes through all loops of a template."""
MOST_CHARACTERS = 1_000_000
"""Largest length of a rendered text."""
LONGEST_VALUE = 20_000
"""Largest length of a value that a template sets, or that a filter makes, in characters."""
FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, SyntaxError, TypeError, ValueError)
"""Errors of Python that a template can cause, beside ``jinja2.TemplateError``."""
_LARGEST_FACTOR = 1 << 63
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.List, nodes.Tuple,
    nodes.If, nodes.For, nodes.Assign, nodes.AssignBlock,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos, nodes.Concat,
    nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Keyword,
)  # fmt: skip
_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "first", "float", "int", "last", "length", "lower", "max", "min",
    "title", "trim", "upper",
)  # fmt: skip


class Templates(SandboxedEnvironment):
    """The environment that compiles and renders the restricted templates of one wording."""

    intercepted_binops = frozenset("*%")

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters |= {"join": _joined, "replace": _replaced, "round": _rounded}
        self._allowed_filters = frozenset(self.filters)
        self.filters |= {"_counted": self._counted, "_bounded": _bounded}
        self.globals.clear()
        self._passes = 0

    def compiled(self, source: str) -> Template:
        """Return the template of a text.

        Raises:
            jinja2.TemplateError: the text is not a template, or uses what templates may not use; or one of ``FAULTS``.
        """
        tree = self.parse(source)
        for node in list(tree.find_all(nodes.Node)):
            self._check(node)
        for loop in list(tree.find_all(nodes.For)):
            loop.iter = _filtered(loop.iter, "_counted", loop.lineno)
        for setting in list(tree.find_all(nodes.Assign)):
            setting.node = _filtered(setting.node, "_bounded", setting.lineno)
        for block in list(tree.find_all(nodes.AssignBlock)):
            block.filter = _filtered(block.filter, "_bounded", block.lineno)
        return self.from_string(tree)

    def rendered(self, template: Template, values: dict[str, Any]) -> str:
        """Return a template of this environment with values inserted.

        Raises:
            jinja2.TemplateError: a value is missing, or a limit is exceeded; or one of ``FAULTS``.
        """
        self._passes, size, pieces = 0, 0, []
        for piece in template.generate(values):
            size += len(piece)
            if size > MOST_CHARACTERS:
                raise SecurityError(f"the text is longer than {MOST_CHARACTERS:,} characters")
            pieces.append(piece)
        return "".join(pieces)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Return a product or a remainder; only of numbers, since those of texts can be of any length."""
        for operand in (left, right):
            if not isinstance(operand, (int, float)) or (isinstance(operand, int) and abs(operand) > _LARGEST_FACTOR):
                raise SecurityError(f"{operator} is supported for numbers below {_LARGEST_FACTOR:.0e} only")
        return super().call_binop(context, operator, left, right)

    def _check(self, node: nodes.Node) -> None:
        if not isinstance(node, _ALLOWED) or (isinstance(node, nodes.For) and node.recursive):
            name = type(node).__name__.lower()
            raise TemplateSyntaxError(f"{name} is not supported in templates of prompts", node.lineno)
        if isinstance(node, nodes.Filter) and node.name not in self._allowed_filters:
            allowed = ", ".join(sorted(self._allowed_filters))
            raise TemplateSyntaxError(f"no filter {node.name!r}; the filters are {allowed}", node.lineno)

    def _counted(self, entries: Iterable[Any]) -> Iterator[Any]:
        for entry in entries:
            self._passes += 1
            if self._passes > MOST_PASSES:
                raise SecurityError(f"more than {MOST_PASSES:,} passes through loops")
            yield entry


def _filtered(node: Any, name: str, line: int) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=line)


def _bounded(value: Any) -> Any:
    """Return a value that a template sets, so that values made of it cannot grow without bound."""
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < _LARGEST_FACTOR):
        return value
    if isinstance(value, str):
        return _checked_length(value, len(value))
    raise SecurityError("set takes a text, or a number below 9e+18")


def _joined(entries: Iterable[Any], separator: str = "") -> str:
    texts = [str(entry) for entry in entries]
    return separator.join(_checked_length(texts, sum(map(len, texts)) + len(texts) * len(separator)))


def _replaced(text: str, old: str, new: str) -> str:
    _checked_length(text, len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _rounded(value: float, digits: int = 0) -> float:
    return round(value, digits)


def _checked_length(value: Any, length: int) -> Any:
    if length > LONGEST_VALUE:
        raise SecurityError(f"a value is longer than {LONGEST_VALUE:,} characters")
    return value
