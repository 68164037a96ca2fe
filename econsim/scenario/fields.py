"""Which keys a mapping of a scenario may have: those of the model, or of the kind that the mapping chooses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from econsim.errors import UserError
from econsim.parameters import FromRoom


def fields_of(annotation: Any, data: Any) -> dict[str, FieldInfo]:
    """Return the fields of the models that a type allows; of those with a kind, the one that ``data`` names.

    Args:
        annotation: a model, any type made of models and kinds, or what :func:`type_of` returns.
        data: the plain mapping that was written there.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    models = list(_models(annotation, kind))
    chosen = [model for model in models if kind in _kinds_of(model)]
    return {name: field for model in chosen or models for name, field in model.model_fields.items()}


def type_of(field: FieldInfo) -> tuple[Any, ...]:
    """Return a field's type with what annotates it."""
    return (field.annotation, *field.metadata)


def names_kind(field: FieldInfo) -> bool:
    """Return whether a plain name in this field stands for a kind."""
    return any(isinstance(part, FromRoom) for part in _parts(type_of(field)))


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
    """Yield everything that a type is made of: of ``dict[str, A | None]`` also ``A``."""
    yield annotation
    for inner in annotation if isinstance(annotation, tuple) else get_args(annotation):
        yield from _parts(inner)
