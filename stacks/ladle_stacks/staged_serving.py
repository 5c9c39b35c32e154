"""What the hand-off is told of a release that gets an endpoint of its own; names and number it adds itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from ladle import names
from ladle.planning.service_spec import ServiceSpec
from ladle_stacks import arns


def staged_serving(
    scope: Construct,
    spec: ServiceSpec,
    model: Mapping[str, Any],
    variant: Mapping[str, Any],
    config: Mapping[str, Any],
    tags: Mapping[str, str],
) -> Mapping[str, str]:
    """``model``, ``variant`` and ``config`` as CreateModel and CreateEndpointConfig take them."""
    to_json = cdk.Stack.of(scope).to_json_string
    return {
        "Model": to_json(model),
        "Variant": to_json(variant),
        "Config": to_json(config),
        "Tags": to_json({**spec.tags, **tags, "ladle:model": spec.model}),
        "LogDays": str(spec.log_retention_days),
        "LinesTo": arns.function(names.COLLECTOR_FUNCTION),
        "Door": cdk.Fn.ref("Door"),  # another door leads nowhere before it is handed over again
    }
