"""Conversion of plain data to YAML text."""

from __future__ import annotations

from io import StringIO
from typing import Any


def yaml_text(data: dict[str, Any]) -> str:
    """Return ``data`` as YAML 1.2, with keys in the given order and short lists on one line."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.width = 120
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    text = StringIO()
    yaml.dump(data, text)
    return text.getvalue()
