"""The function between an HTTP API and an endpoint."""

from __future__ import annotations

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ladle import names
from ladle.catalog import Tracing
from ladle.planning import between
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets.sagemaker import endpoint_of
from ladle.project.function_code import INVOKING_ENTRY
from ladle_stacks.functions import FunctionPlan, ZipCode, own_function
from ladle_stacks.host import Host


def invoking_function(home: Construct, host: Host, spec: ServiceSpec) -> lambda_.CfnFunction:
    code = ZipCode(home, "InvokesCode", host.stage_platform((INVOKING_ENTRY,)), host.python())
    plan = FunctionPlan(
        "Invokes",
        names.invoking_function(spec.model),
        INVOKING_ENTRY,
        f"Ladle: asks the endpoint of {spec.model} for its door",
        tuple(between.grants(spec, endpoint_of(spec.model))),
        timeout_s=between.timeout_s(spec),
        traced=spec.tracing is Tracing.XRAY,
    )
    return own_function(home, plan, code)
