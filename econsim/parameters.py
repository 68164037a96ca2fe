"""Base class of parameter models, and the type of fields whose value is a kind.

A parameter model is frozen, forbids unknown keys and NaN, and describes each field with its unit or range; help texts,
the JSON schema and the documentation are generated from it.
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
from econsim.errors import UserError, did_you_mean


class Model(BaseModel):
    """Frozen parameters: unknown keys, infinities and NaN are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _booleans_are_no_numbers(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        # As strings they fail the parsing of a number, with the same error and location as any other string.
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
    """A kind selected by a scenario, with its validated parameters."""

    kind: kinds.Kind
    parameters: Model

    def build(self) -> Any:
        """Return an instance of the kind with these parameters."""
        return self.kind.build(self.parameters)

    def dump(self) -> dict[str, Any]:
        """Return plain data from which validation restores this choice."""
        return {"kind": self.kind.name, **self.parameters.model_dump(mode="json", exclude_unset=False)}


_described: list[str] = []  # rooms whose kinds are being listed in a JSON schema


@dataclass(frozen=True)
class FromRoom:
    """The annotation of a field whose value is a kind of ``room``: ``Annotated[Chosen, FromRoom("populations")]``.

    ``then`` is a second room, which is searched for kinds that ``room`` does not have.
    """

    room: str
    then: str | None = None

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms, in the order in which they are searched."""
        return (self.room,) if self.then is None else (self.room, self.then)

    def load(self, name: str) -> kinds.Kind:
        """Return the kind with a name.

        Raises:
            UserError: no room has such a kind; similar names are listed.
        """
        for room in self.rooms:
            if kinds.exists(room, name):
                return kinds.load(room, name)
        known = {known for room in self.rooms for known in kinds.names(room)}
        raise UserError(f"{', '.join(self.rooms)}: no kind {name!r}{did_you_mean(name, known)}")

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._choose, serialization=core_schema.plain_serializer_function_ser_schema(Chosen.dump)
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        by_name = {"type": "string", "description": f"a name from {' or '.join(self.rooms)}"}
        if self.room in _described:  # a kind with a parameter that is another kind of the same room
            return {"anyOf": [by_name, {"type": "object", "required": ["kind"]}]}
        _described.append(self.room)
        try:
            return {"anyOf": [by_name, *self._options(handler)]}
        finally:
            _described.pop()

    def _options(self, handler: GetJsonSchemaHandler) -> list[dict[str, Any]]:
        options: list[dict[str, Any]] = []
        for name in dict.fromkeys(name for room in self.rooms for name in kinds.names(room)):
            kind = self.load(name)
            model: type[BaseModel] = kind.parameters
            option = dict(handler.resolve_ref_schema(handler(model.__pydantic_core_schema__)))
            name_property = {"kind": {"const": name, "description": kind.summary}}
            option["properties"] = name_property | option.get("properties", {})
            option["required"] = ["kind", *option.get("required", [])]
            options.append(option)
        return options

    def _choose(self, value: Any) -> Chosen:
        if isinstance(value, Chosen):
            return value
        if isinstance(value, str):
            value = {"kind": value}
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            message = "expected a name or a mapping with a key 'kind' that names one of {rooms}"
            raise PydanticCustomError("kind", message, {"rooms": ", ".join(self.rooms)})
        try:
            kind = self.load(value["kind"])
        except UserError as error:
            raise PydanticCustomError("kind", "{reason}", {"reason": str(error)}) from None
        rest = {key: entry for key, entry in value.items() if key != "kind"}
        return Chosen(kind, kind.parameters.model_validate(rest))  # type: ignore[attr-defined]
