"""Conversion of pydantic's validation errors into problems with their location, what was expected and similar names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic import AliasChoices, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from econsim.errors import Problem, did_you_mean
from econsim.scenario.fields import fields_of, type_of

Keys = tuple[int | str, ...]
Place = Callable[[Sequence[int | str]], str]

_COMPLETE = (
    "extra_forbidden",
    "missing",
    "union_tag_not_found",
    "union_tag_invalid",
    "scenario",
    "kind",
    "value_error",
)
_PLAINER = (
    ("Value error, ", ""),
    ("Input should be ", "expected "),
    ("expected a valid dictionary or instance of ", "expected a mapping for "),
    ("a valid tuple", "a list"),
    ("a valid dictionary", "a mapping"),
    ("a valid integer", "a whole number"),
    ("a valid number", "a number"),
    ("a valid string", "text"),
    ("greater than or equal to", "at least"),
    ("less than or equal to", "at most"),
    (", unable to parse string as a number", ""),
    (", unable to parse string as an integer", ""),
)


def problems(error: ValidationError, model: Any, data: Any, place: Place) -> list[Problem]:
    """Return one problem for each mistake.

    Args:
        error: the error that validating ``data`` against ``model`` raised.
        model: the model or annotated type.
        data: the plain data that was validated; its kinds determine which keys are permitted.
        place: a function that returns the location (file and line) of the value at a path of keys.
    """
    by_keys: dict[Keys, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        by_keys.setdefault(_keys(detail, data), []).append(detail)
    return [
        Problem(place(_written(keys, details)), ".".join(map(str, keys)), _message(details, model, data, keys))
        for keys, details in by_keys.items()
        if not _is_other_shape(keys, details, by_keys)
    ]


def _is_other_shape(keys: Keys, details: Sequence[ErrorDetails], by_keys: Iterable[Keys]) -> bool:
    """Return whether a mistake inside of the value is known, whose shape an alternative has, and others have not."""
    is_inside = any(len(other) > len(keys) and other[: len(keys)] == keys for other in by_keys)
    return is_inside and all(detail["type"] not in _COMPLETE for detail in details)


def _written(keys: Keys, details: Sequence[ErrorDetails]) -> Keys:
    """Return the path of the wrong value; where the key itself is wrong, the path of the mapping that contains it."""
    return keys[:-1] if details[0]["loc"][-1:] == ("[key]",) else keys


def _keys(detail: ErrorDetails, data: Any) -> Keys:
    """Return the path of a mistake, without the names of union members that pydantic inserts."""
    keys: Keys = ()
    for key in detail["loc"]:
        inner = _child(data, key)
        if inner is not _ABSENT:
            keys, data = (*keys, key), inner
    return (*keys, detail["loc"][-1]) if detail["type"] == "missing" else keys


def _message(details: Sequence[ErrorDetails], model: Any, data: Any, keys: Keys) -> str:
    """Return what was expected; ``details`` has one entry for each alternative, none of which the value matches."""
    expected = " or ".join(dict.fromkeys(_expected(detail, model, data, keys) for detail in details))
    complete = any(detail["type"] in _COMPLETE for detail in details)
    return expected if complete else f"{expected}, found {_short(details[0]['input'])}"


def _expected(detail: ErrorDetails, model: Any, data: Any, keys: Keys) -> str:
    if detail["type"] == "extra_forbidden":
        return f"unknown key{did_you_mean(str(keys[-1]), _known_keys(model, data, keys[:-1]))}"
    if detail["type"] == "missing":
        return "missing"
    if detail["type"] == "union_tag_not_found":
        return "expected a mapping with a key 'kind'"
    if detail["type"] == "union_tag_invalid":
        known = [tag.strip(" '") for tag in detail["ctx"]["expected_tags"].split(",")]
        return f"no kind {detail['ctx']['tag']!r}{did_you_mean(detail['ctx']['tag'], known)}"
    message = detail["msg"]
    for verbose, plain in _PLAINER:
        message = message.replace(verbose, plain)
    return message


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _known_keys(model: Any, data: Any, keys: Keys) -> Iterable[str]:
    """Return the keys that the mapping at ``keys`` may have."""
    annotation: Any = model
    for key in keys:
        field = fields_of(annotation, data).get(str(key))
        annotation = annotation if field is None else type_of(field)
        data = _child(data, key)
    return [name for key, field in fields_of(annotation, data).items() for name in (key, *_other_names(field))]


def _other_names(field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    return [str(name) for name in alias.choices[1:]] if isinstance(alias, AliasChoices) else []


def _child(data: Any, key: int | str) -> Any:
    try:
        return data[key]
    except (KeyError, IndexError, TypeError):
        return _ABSENT


_ABSENT = object()
