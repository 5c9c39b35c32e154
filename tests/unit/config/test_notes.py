"""What a valid config leaves without effect is said."""

from __future__ import annotations

import pytest
from tests.unit.planning.specs import config_of

from ladle.config.notes import notes

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\n"


def says_no_effect(keys: str) -> bool:
    return any("max_instances has no effect" in note for note in notes(config_of(BARE + keys)))


@pytest.mark.parametrize("target", ["lambda", "auto"])
def test_a_ceiling_of_instances_has_no_effect_on_a_function_and_what_has_is_named(
    target: str,
) -> None:
    config = config_of(f"{BARE}target: {target}\ncompute: {{max_instances: 5}}\n")
    [said] = [note for note in notes(config) if "max_instances" in note]
    assert "compute.reserved bounds its instances, door.rate_per_s (50) its requests" in said


@pytest.mark.parametrize(
    "keys",
    [
        "compute: {max_instances: 5, gpu: 1}\n",
        "compute: {max_instances: 5, min_instances: 1}\n",
        "target: ecs\ncompute: {max_instances: 5}\n",
        "target: lambda\n",
    ],
)
def test_where_machines_scale_it_is_not_said(keys: str) -> None:
    assert not says_no_effect(keys)
