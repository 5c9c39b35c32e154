"""The JSON Schema of model.yaml is made from the models; editors read what is published of it."""

from __future__ import annotations

import json
from typing import Any

from ladle.config.messages import NEEDED
from ladle.config.schema import ModelConfig


def json_schema() -> dict[str, Any]:
    made = ModelConfig.model_json_schema()
    properties = made.pop("properties")
    order = [*NEEDED, *(key for key in properties if key not in NEEDED)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ladle model.yaml",
        "description": "One model: three keys are needed, everything else has a default.",
        "type": "object",
        "required": list(NEEDED),
        "additionalProperties": False,
        "properties": {key: _plain(properties[key]) for key in order},
        "$defs": {name: _plain(section) for name, section in made["$defs"].items()},
    }


def as_text() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _plain(node: Any) -> Any:
    """Without the titles that pydantic makes of names, and without a section's default as a whole:
    each of its keys has its own.
    """
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _plain(each) for name, each in value.items()}
        if key == "properties"
        else _plain(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and isinstance(value, dict) and value)
    }
