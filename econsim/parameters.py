"""Base of every parameter model, and the field type that chooses a kind.

A parameter model is frozen, forbids unknown keys and NaN, and describes each field with its unit or range; help texts,
the JSON schema and the docs are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import PydanticCustomError, core_schema

from econsim import kinds
from econsim.errors import UserError


class Model(BaseModel):
    """Frozen parameters: unknown keys, infinities and NaN are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _booleans_are_no_numbers(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        # As words they fail the parsing of a number, with the error and the place that any other word gets.
        return {
            name: str(value).lower() if isinstance(value, bool) and cls._is_number(name) else value
            for name, value in data.items()
        }

    @classmethod
    def _is_number(cls, name: str) -> bool:
        if name not in cls.model_fields:
            return False
        annotation = cls.model_fields[name].annotation
        accepted = {annotation, *get_args(annotation)}
        return bool(accepted & {int, float}) and bool not in accepted


@dataclass(frozen=True)
class Chosen:
    """A kind that a scenario chose, with its validated parameters."""

    kind: kinds.Kind
    parameters: Model

    def build(self) -> Any:
        """Return the instance that these parameters describe."""
        return self.kind.build(self.parameters)

    def dump(self) -> dict[str, Any]:
        """Return plain data that validates to this choice again."""
        return {"kind": self.kind.name, **self.parameters.model_dump(mode="json", exclude_unset=False)}


_described: list[str] = []  # rooms whose kinds a JSON schema is just listing


@dataclass(frozen=True)
class FromRoom:
    """The annotation of a field whose value is a kind of ``room``: ``Annotated[Chosen, FromRoom("populations")]``.

    ``then`` is another room to look in for what ``room`` does not have.
    """

    room: str
    then: str | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._choose, serialization=core_schema.plain_serializer_function_ser_schema(Chosen.dump)
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        by_name = {"type": "string", "description": f"a name from {self.room}/"}
        if self.room in _described:  # a kind that takes another of its own room
            return {"anyOf": [by_name, {"type": "object", "required": ["kind"]}]}
        _described.append(self.room)
        try:
            return {"anyOf": [by_name, *self._options(handler)]}
        finally:
            _described.pop()

    def _options(self, handler: GetJsonSchemaHandler) -> list[dict[str, Any]]:
        options: list[dict[str, Any]] = []
        for room, name in self._names():
            kind = kinds.load(room, name)
            model: type[BaseModel] = kind.parameters
            option = dict(handler.resolve_ref_schema(handler(model.__pydantic_core_schema__)))
            own = {"kind": {"const": name, "description": kind.summary}}
            option["properties"] = own | option.get("properties", {})
            option["required"] = ["kind", *option.get("required", [])]
            options.append(option)
        return options

    def _names(self) -> list[tuple[str, str]]:
        own = kinds.names(self.room)
        more = kinds.names(self.then) if self.then else []
        return [(self.room, name) for name in own] + [
            (self.then, name) for name in more if self.then and name not in own
        ]

    def _room_of(self, name: str) -> str:
        if self.then and not kinds.has(self.room, name) and kinds.has(self.then, name):
            return self.then
        return self.room

    def _choose(self, value: Any) -> Chosen:
        if isinstance(value, Chosen):
            return value
        if isinstance(value, str):
            value = {"kind": value}
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            raise PydanticCustomError(
                "kind", "expected a name or a mapping with a key 'kind' that names one of {room}", {"room": self.room}
            )
        try:
            kind = kinds.load(self._room_of(value["kind"]), value["kind"])
        except UserError as error:
            raise PydanticCustomError("kind", "{reason}", {"reason": str(error)}) from None
        rest = {key: entry for key, entry in value.items() if key != "kind"}
        return Chosen(kind, kind.parameters.model_validate(rest))  # type: ignore[attr-defined]
