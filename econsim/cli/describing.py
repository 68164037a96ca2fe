"""Pages of scenarios, agents, planners and kinds that ``econsim describe`` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from econsim import kinds
from econsim.cli.console_tables import table
from econsim.errors import command
from econsim.parameters import Chosen, FromRoom
from econsim.scenario import library
from econsim.scenario.composition import extended
from econsim.scenario.yaml_reader import MOST_BYTES, read
from econsim.storage.user_files import read_user_file, shown


def described_file(axis: str, name: str) -> str:
    """Return the page of a scenario, agent or planner: its path, its YAML, and the kind that it configures."""
    path = library.find(axis, name)
    page = f"{axis}/{name}  ({shown(path)})\n\n{indented(path)}"
    if axis == "scenarios":
        plugins = kinds.plugin_options()
        presets = extended(path).plain().get("presets") or {}
        return (
            f"{page}\n\nRun it with: {command('run', name)}{plugins}"
            f"\nOverride any key: {command('run', name, 'seed=7')}{plugins}"
            + "".join(f"\nPreset {label}: {command('run', name, f'preset={label}')}{plugins}" for label in presets)
        )
    kind = read(path).plain().get("kind")
    return f"{page}\n\n{described_kind(kinds.load(axis, kind))}" if isinstance(kind, str) else page


def described_kind(kind: kinds.Kind) -> str:
    """Return the page of a kind: its docstring and its parameters."""
    parameters: Any = kind.parameters
    rows = [_row(name, field) for name, field in parameters.model_fields.items()]
    listed = table([("parameter", "default", "values", "meaning"), *rows], indent="  ") if rows else "  no parameters"
    return f"{kind.room}/{kind.name}\n\n{kind.documentation}\n\n{listed}"


def indented(path: Path) -> str:
    """Return the text of a YAML file, indented."""
    text = read_user_file(path, MOST_BYTES).decode("utf-8-sig", "replace")
    return "\n".join(f"  {line}".rstrip() for line in text.rstrip().splitlines())


def _row(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    return name, _default(field), _values(field), " ".join((field.description or "").split())


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, Chosen):
        return value.kind.name
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, dict):
        return str(value.get("kind") or ", ".join(f"{key} {entry}" for key, entry in value.items()) or "empty")
    return "none" if value is None else str(value)


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(str(option) for option in get_args(field.annotation))
    inner = [entry for argument in get_args(field.annotation) for entry in getattr(argument, "__metadata__", ())]
    return ", ".join(filter(None, (_bound(entry) for entry in (*field.metadata, *inner))))


def _bound(metadata: Any) -> str:
    match metadata:
        case Ge(ge=bound):
            return f"at least {bound:,}"
        case Gt(gt=bound):
            return f"above {bound:,}"
        case Le(le=bound):
            return f"at most {bound:,}"
        case Lt(lt=bound):
            return f"below {bound:,}"
        case FromRoom(rooms=rooms):
            return "; ".join(f"kinds of {room}: {', '.join(kinds.names(room))}" for room in rooms)
    return ""
