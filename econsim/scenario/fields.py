"""Permitted keys of the mappings in a scenario: those of the model, or of the kind that a mapping selects."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from econsim.errors import UserError
from econsim.parameters import FromRoom


def fields_of(annotation: Any, data: Any) -> dict[str, FieldInfo]:
    """Return the fields of the models that a type allows; of models with a kind, the one that ``data`` names.

    Args:
        annotation: a model, any type composed of models and kinds, or a result of :func:`type_of`.
        data: the plain mapping whose keys are checked.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    models = list(_models(annotation, kind))
    models_of_kind = [model for model in models if kind in _kinds_of(model)]
    return {name: field for model in models_of_kind or models for name, field in model.model_fields.items()}


def type_of(field: FieldInfo) -> tuple[Any, ...]:
    """Return a field's type with its metadata."""
    return (field.annotation, *field.metadata)


def metadata_of(field: FieldInfo) -> Iterator[Any]:
    """Yield all parts of a field's type, and the marks and bounds of the field and of its entries."""
    for part in _parts(type_of(field)):
        yield part
        yield from getattr(part, "__metadata__", ())


def names_kind(field: FieldInfo) -> bool:
    """Return whether a plain name in this field refers to a kind, unlike names that are values of a mapping in it."""
    return any(isinstance(part, FromRoom) for part in _alternatives(type_of(field)))


def allows_none(field: FieldInfo) -> bool:
    """Return whether a field may be empty and has no option ``none``, so that the word ``none`` stands for empty."""
    parts = list(_alternatives(type_of(field)))
    options = [option for part in parts if get_origin(part) is Literal for option in get_args(part)]
    return type(None) in parts and "none" not in options


def _models(annotation: Any, kind: Any) -> Iterator[type[BaseModel]]:
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part
        elif isinstance(part, FromRoom) and isinstance(kind, str):
            try:
                parameters: Any = part.load(kind).parameters
            except UserError:
                continue
            yield parameters


def _kinds_of(model: type[BaseModel]) -> tuple[Any, ...]:
    field = model.model_fields.get("kind")
    return get_args(field.annotation) if field is not None else ()


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield a type and all types nested in it: for ``dict[str, A | None]`` also ``A``."""
    yield annotation
    for inner in annotation if isinstance(annotation, tuple) else get_args(annotation):
        yield from _parts(inner)


def _alternatives(annotation: Any) -> Iterator[Any]:
    """Yield a type and the members of its unions with their metadata: both of ``dict[str, A] | B``, but not ``A``."""
    yield annotation
    origin = get_origin(annotation)
    if isinstance(annotation, tuple) or origin in (Annotated, Union, UnionType):
        for part in annotation if isinstance(annotation, tuple) else get_args(annotation):
            yield from _alternatives(part)
