"""JSON schema of scenarios for editors, with every key and every kind with its parameters, units and ranges."""

from __future__ import annotations

from typing import Any

from econsim.scenario import library
from econsim.scenario.aliases import ALIASES
from econsim.scenario.model import Scenario


def scenario_schema() -> dict[str, Any]:
    """Return the schema of a scenario file (JSON Schema 2020-12); this imports all kinds."""
    schema: dict[str, Any] = Scenario.model_json_schema()
    properties = schema["properties"]
    # This key is only in the model: in a file, the label is the planner's key `label`.
    del properties["planner_label"]
    properties["extends"] = {
        "description": "A scenario that this one extends, a name or the path of a YAML file from its folder: "
        "keys that are not given here are taken from it.",
        "anyOf": [{"enum": library.names("scenarios")}, {"type": "string", "pattern": r"\.ya?ml$"}],
    }
    properties["baselines"] = {
        "description": properties["baselines"].get("description", ""),
        "anyOf": [{"type": "array", "items": {"type": "string"}}, _without_description(properties["baselines"])],
    }
    for alias, name in ALIASES.items():
        properties[alias] = {"description": f"An alias of {name}.", "$ref": f"#/properties/{name}"}
    _let_planner_have_label(properties["planner"])
    schema["required"] = ["econsim"]
    return schema


def _without_description(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "description"}


def _let_planner_have_label(schema: dict[str, Any]) -> None:
    for option in schema["anyOf"]:
        if "kind" in option.get("properties", {}):
            option["properties"]["label"] = {"type": "string", "description": "The label of this planner in tables."}
