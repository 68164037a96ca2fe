from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from econsim.scenario import library, load
from econsim.scenario.schema import scenario_schema
from econsim.scenario.template import template

pytestmark = pytest.mark.usefixtures("workspace")


def test_the_schema_knows_every_key_of_every_kind() -> None:
    schema = scenario_schema()
    text = json.dumps(schema)
    for key in ("fishers", "catch_share", "growth_rate", "iterations", "extends", "headline"):
        assert f'"{key}"' in text
    assert "planner_label" not in text
    planners = [each for each in schema["properties"]["planner"]["anyOf"] if "properties" in each]
    assert len(planners) >= 1
    assert all(each["properties"]["label"]["type"] == "string" for each in planners)


def test_every_reference_in_the_schema_can_be_followed() -> None:
    schema = scenario_schema()
    references = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema)))
    assert references <= schema["$defs"].keys()


def test_a_template_is_its_source_with_every_key_explained() -> None:
    source = library.find("scenarios", "pond")
    text = template("my_pond", source)
    for key in ("game:", "planner:", "baselines:", "headline:"):
        assert f"#   {key} " in text
    Path("pond.yaml").write_text(text, encoding="utf-8")
    assert load("pond.yaml", {"description": ""}) == load("pond", {"description": ""})
    assert (
        load("pond.yaml").description == "my_pond: a copy of pond; replace this line with a summary of your scenario."
    )
