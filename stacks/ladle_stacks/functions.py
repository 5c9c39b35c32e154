"""A function of Ladle's own: a zip with its role, a log group that forgets, and no surprises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ladle import names
from ladle.planning import permissions
from ladle.planning.grant import Grant
from ladle.project.staging import StagedZip
from ladle_stacks import arns, grants

OWN_LOGS_DAYS = 30
_TRACED = lambda_.CfnFunction.TracingConfigProperty(mode="Active")


@dataclass(frozen=True, slots=True)
class FunctionPlan:
    """``id`` names it in the template, ``entry`` is the module whose ``handle`` runs."""

    id: str
    name: str
    entry: str
    description: str
    grants: Sequence[Grant] = field(repr=False)
    role_name: str | None = None
    memory_mb: int = 512
    timeout_s: int = 60
    traced: bool = False


class ZipCode:
    """A staged zip as an asset; its hash is its content's, so an equal zip is uploaded once."""

    def __init__(self, scope: Construct, id_: str, staged: StagedZip, python: str) -> None:
        self.code_sha256 = staged.code_sha256
        self.runtime = f"python{python}"
        asset = s3_assets.Asset(scope, id_, path=str(staged.path), asset_hash=staged.sha256)
        self.property = lambda_.CfnFunction.CodeProperty(
            s3_bucket=asset.s3_bucket_name, s3_key=asset.s3_object_key
        )


def own_function(
    scope: Construct, plan: FunctionPlan, code: ZipCode, dead_letters: sqs.Queue | None = None
) -> lambda_.CfnFunction:
    """Nobody waits for a platform function's answer, so what it cannot do goes to ``dead_letters``."""
    group = f"/aws/lambda/{plan.name}"
    granted, dead_letter_config = list(plan.grants), None
    if dead_letters is not None:
        granted.append(permissions.dead_letters(dead_letters.queue_arn))
        dead_letter_config = lambda_.CfnFunction.DeadLetterConfigProperty(
            target_arn=dead_letters.queue_arn
        )
    role = grants.function_role(scope, plan.id, group, granted, plan.role_name)
    kept = log_group(scope, f"{plan.id}Logs", group, OWN_LOGS_DAYS)
    function = lambda_.CfnFunction(
        scope,
        plan.id,
        function_name=plan.name,
        description=plan.description,
        code=code.property,
        runtime=code.runtime,
        handler=f"{plan.entry}.handle",
        role=role.role_arn,
        memory_size=plan.memory_mb,
        timeout=plan.timeout_s,
        dead_letter_config=dead_letter_config,
        tracing_config=_TRACED if plan.traced else None,
    )
    function.add_resource_dependency(kept)
    return function


def log_group(scope: Construct, id_: str, name: str, days: int) -> logs.CfnLogGroup:
    """Made before its function: one that Lambda made itself would never forget."""
    group = logs.CfnLogGroup(scope, id_, log_group_name=name, retention_in_days=days)
    group.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
    return group


def lines_to_collector(scope: Construct, kept: logs.CfnLogGroup) -> logs.CfnSubscriptionFilter:
    """All lines: those of the platform say what no line of ours can, a time-out for one."""
    return logs.CfnSubscriptionFilter(
        scope,
        "LinesToCollector",
        log_group_name=kept.ref,
        filter_pattern="",
        destination_arn=arns.function(names.COLLECTOR_FUNCTION),
    )
