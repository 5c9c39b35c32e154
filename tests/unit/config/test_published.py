"""The published JSON Schema and the models say the same; every default has its reason."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.unit.config.examples import BLOCK, THREE, WHOLE

from ladle.cli.schema import SCHEMA
from ladle.config import publish
from ladle.config.defaults import REASONS, defaults
from ladle.config.parse import parse
from ladle.config.schema import ModelConfig

PUBLISHED: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(PUBLISHED)
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    7,
    10**6,
    1.5,
    "",
    "x",
    "10s",
    "0s",
    "0.5%",
    "0.9x",
    "1.2x",
    [],
    ["x"],
    {},
    {"x": 1},
]
SECTIONS: dict[str, Any] = PUBLISHED["properties"]


def test_the_published_schema_is_the_models() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == publish.as_text(), "run scripts/generate"


@pytest.mark.parametrize("text", [THREE, WHOLE, BLOCK])
def test_a_valid_config_is_valid_by_the_published_schema(text: str) -> None:
    VALIDATOR.validate(parse(text.encode(), "model.yaml").document.data)


@given(st.sampled_from(sorted(SECTIONS)), st.sampled_from(ODD))
def test_the_published_schema_refuses_a_key_exactly_when_the_models_do(
    key: str, value: Any
) -> None:
    data = {"name": "fraud", "model": "model.onnx", "type": "generic", key: value}
    assert VALIDATOR.is_valid(data) == is_valid(data)


@given(
    st.sampled_from(
        ["compute", "door", "traffic", "rollout", "monitor", "logs", "cost", "network"]
    ),
    st.data(),
)
def test_the_published_schema_refuses_a_nested_key_exactly_when_the_models_do(
    section: str, data: st.DataObject
) -> None:
    name = SECTIONS[section]["$ref"].split("/")[-1]
    key = data.draw(st.sampled_from([*PUBLISHED["$defs"][name]["properties"], "unknown"]))
    whole = {"name": "fraud", "model": "model.onnx", "type": "generic"}
    whole[section] = {key: data.draw(st.sampled_from(ODD))}  # type: ignore[assignment]
    assert VALIDATOR.is_valid(whole) == is_valid(whole)


def is_valid(data: dict[str, Any]) -> bool:
    try:
        ModelConfig.model_validate_json(json.dumps(data))
    except ValidationError:
        return False
    return True


def test_every_default_has_a_reason_and_no_reason_is_left_over() -> None:
    keys = [row.key for row in defaults()]
    assert sorted(keys) == sorted(REASONS)


def test_a_default_stands_as_it_would_be_written() -> None:
    written = {row.key: row.written for row in defaults()}
    assert written["rollout.bake"] == "60m"
    assert written["monitor.guards.failures.fine_below"] == "0.5%"
    assert written["door.auth"] == "iam"
    assert written["compute.spot"] == "false"


def test_a_key_that_is_written_is_marked_as_set() -> None:
    config = parse((THREE + "rollout: {bake: 10m}\n").encode(), "model.yaml").config
    assert [row.key for row in defaults(config) if row.is_set] == ["rollout.bake"]
