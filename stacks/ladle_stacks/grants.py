"""All permissions that Ladle ever gives stand here: exact actions on exact resources.

A resource is ``*`` only where AWS knows no narrower one; the row says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from ladle import names
from ladle_stacks import arns

Statements = Sequence[iam.PolicyStatement]

KEY_ADMINISTRATION = (
    "CancelKeyDeletion",
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "DisableKey",
    "EnableKey",
    "EnableKeyRotation",
    "Encrypt",
    "GenerateDataKey",
    "GetKeyPolicy",
    "GetKeyRotationStatus",
    "ListResourceTags",
    "PutKeyPolicy",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
)


def allow(
    service: str,
    actions: Sequence[str],
    *resources: str,
    when: Mapping[str, Any] | None = None,
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=[f"{service}:{action}" for action in actions],
        resources=list(resources),
        conditions=when,
    )


def function_role(
    scope: Construct, id_: str, log_group: str, grants: Statements, name: str | None = None
) -> iam.Role:
    """A function's role: its grants and its own log group, in one policy that nothing waits for."""
    return iam.Role(
        scope,
        f"{id_}Role",
        role_name=name,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        inline_policies={"grants": iam.PolicyDocument(statements=[*grants, _logs(log_group)])},
    )


def _logs(log_group: str) -> iam.PolicyStatement:
    streams = arns.log_group(f"{log_group}:*")
    return allow("logs", ["CreateLogStream", "PutLogEvents"], streams)


# Functions of a model


def serving(model: str) -> Statements:
    """The serving function reads its own releases' models, and nothing else of the store."""
    return [allow("s3", ["GetObjectVersion"], arns.store(f"release/{model}/*"))]


def bundle(model: str, store_key: str | None, asset_objects: str | None) -> Statements:
    """Copies one model into the model's own folder; the secret only to derive the line key."""
    own = arns.store(f"release/{model}/*")
    grants = [
        allow("s3", ["GetObject", "PutObject"], own),
        _list_store(*filter(None, [f"release/{model}/*", store_key])),
        allow("secretsmanager", ["GetSecretValue"], arns.master_secret()),
    ]
    if store_key is not None:
        read = ["GetObject", "GetObjectVersion"]
        grants.append(allow("s3", read, arns.store(store_key)))
    if asset_objects is not None:
        grants.append(allow("s3", ["GetObject"], asset_objects))
    return grants


def handoff(model: str) -> Statements:
    """Publishes and deletes versions; makes the alias but never moves it."""
    function, versions = _function_and_versions(model)
    look = ["GetAlias", "GetFunctionConfiguration", "ListVersionsByFunction"]
    native_alarms = arns.alarm(names.native_alarm(model, 0).removesuffix("0") + "*")
    own_rows = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"MODEL#{model}", "MODELS"]}}
    releases = arns.table(names.RELEASES_TABLE)
    return [
        allow("lambda", [*look, "CreateAlias", "PublishVersion"], function, versions),
        allow("lambda", ["DeleteFunction"], versions),  # qualified: a version
        allow("cloudwatch", ["DeleteAlarms", "PutMetricAlarm"], native_alarms),
        allow("cloudwatch", ["DescribeAlarms"], arns.alarm("*")),
        allow("dynamodb", ["ConditionCheckItem", "GetItem", "PutItem"], releases, when=own_rows),
        allow("dynamodb", ["GetItem"], arns.table(names.EXPERIMENTS_TABLE)),
        _list_store(f"release/{model}/*"),
        allow("s3", ["DeleteObject"], arns.store(f"release/{model}/*")),
        allow("cloudformation", ["DescribeStacks"], arns.stack(names.model_stack(model))),
    ]


def _function_and_versions(model: str) -> tuple[str, str]:
    name = names.function(model)
    return arns.function(name), arns.function(f"{name}:*")


def _list_store(*prefixes: str) -> iam.PolicyStatement:
    """Without it S3 answers 403 for an object that is not there."""
    return allow(
        "s3",
        ["ListBucket"],
        arns.store(),
        when={"StringLike": {"s3:prefix": list(prefixes)}},
    )


def router_role(scope: Construct, model: str) -> iam.Role:
    """The only role that may move a model's traffic; only the controller may take it."""
    function, versions = _function_and_versions(model)
    return iam.Role(
        scope,
        "RouterRole",
        role_name=names.router_role(model),
        assumed_by=iam.AccountRootPrincipal().with_conditions(
            {"ArnEquals": {"aws:PrincipalArn": arns.role(names.CONTROLLER_ROLE)}}
        ),
        inline_policies={
            "grants": iam.PolicyDocument(
                statements=[
                    allow("lambda", ["GetAlias", "UpdateAlias"], function, versions),
                    allow("lambda", ["InvokeFunction"], function, versions),
                    allow(
                        "lambda", ["InvokeFunction"], arns.function(names.handoff_function(model))
                    ),
                ]
            )
        },
    )


# Functions of the platform


def intake() -> Statements:
    return [
        _rows(names.PREDICTIONS_TABLE, "PutItem", "Query"),
        _rows(names.COUNTERS_TABLE, "PutItem", "UpdateItem"),
        _rows(names.RELEASES_TABLE, "GetItem"),  # the policy: who may label, and for how long
    ]


def collector() -> Statements:
    return [
        _rows(names.PREDICTIONS_TABLE, "PutItem", "Query"),
        _rows(names.COUNTERS_TABLE, "PutItem", "UpdateItem"),
        _rows(names.RELEASES_TABLE, "GetItem"),  # the policy: the windows, whether labels come
        allow("secretsmanager", ["GetSecretValue"], arns.master_secret()),
    ]


def judge() -> Statements:
    return [
        _rows(names.RELEASES_TABLE, "GetItem", "Query"),
        _rows(names.COUNTERS_TABLE, "Query"),
        allow(  # a metric has no ARN
            "cloudwatch",
            ["PutMetricData"],
            "*",
            when={"StringEquals": {"cloudwatch:namespace": names.METRIC_NAMESPACE}},
        ),
    ]


def controller(topic_key: str) -> Statements:
    return [
        _rows(names.RELEASES_TABLE, "DeleteItem", "GetItem", "PutItem", "Query"),
        _rows(names.COUNTERS_TABLE, "Query"),
        allow("sts", ["AssumeRole"], arns.role(names.router_role("*"))),
        allow("cloudwatch", ["DescribeAlarms"], arns.alarm("*")),
        allow("cloudwatch", ["GetMetricStatistics"], "*"),  # a metric has no ARN
        allow("sns", ["Publish"], arns.topic()),
        allow("kms", ["Decrypt", "GenerateDataKey"], topic_key),
        allow(
            "dynamodb",
            ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"],
            arns.table(f"{names.RELEASES_TABLE}/stream/*"),
        ),
    ]


def dead_letters(queue_arn: str) -> iam.PolicyStatement:
    return allow("sqs", ["SendMessage"], queue_arn)


def _rows(table: str, *actions: str) -> iam.PolicyStatement:
    return allow("dynamodb", actions, arns.table(table))


# Resource policies


def topic_key_policy() -> iam.PolicyDocument:
    """An alarm whose topic it cannot encrypt for is cut silently: CloudWatch is let in by name."""
    administration = iam.PolicyStatement(
        principals=[iam.AccountRootPrincipal()],
        actions=[f"kms:{action}" for action in KEY_ADMINISTRATION],
        resources=["*"],  # of a key's own policy: this key
    )
    alarms = iam.PolicyStatement(
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=["*"],
    )
    return iam.PolicyDocument(statements=[administration, alarms])


def topic_policy(topic_arn: str) -> iam.PolicyDocument:
    """Alarms of this account may ring; nobody else's."""
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        ]
    )
