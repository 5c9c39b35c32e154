"""The functions that watch and steer, and what wakes each of them."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ladle import names
from ladle.planning import permissions
from ladle.project.function_code import PLATFORM_ENTRIES
from ladle_stacks import arns
from ladle_stacks.functions import FunctionPlan, ZipCode, own_function
from ladle_stacks.host import Host

# A call that watches windows shorter than a minute works until the next one is due.
_WATCH_S = 120
_NAMELESS = frozenset({"logs.amazonaws.com", "s3.amazonaws.com"})  # sources without an account
# As long as a function may: a file of labels is one call. The door gives up on a call after 30 s.
_FILE_S = 900


def platform_functions(
    scope: Construct,
    host: Host,
    store: s3.CfnBucket,
    releases: dynamodb.Table,
    topic: sns.CfnTopic,
    key: kms.CfnKey,
) -> None:
    code = ZipCode(
        scope, "Code", host.stage_platform(tuple(PLATFORM_ENTRIES.values())), host.python()
    )
    dead_letters = _dead_letters(scope)
    made = {plan.id: own_function(scope, plan, code, dead_letters) for plan in _plans(key.attr_arn)}
    _woken_each_minute(scope, made["Judge"])
    _woken_each_minute(scope, made["Controller"])
    _woken_by_topic(scope, made["Controller"], topic)
    _woken_by_inbox(scope, made["Controller"], releases)
    _woken_by_log_lines(scope, made["Collector"])
    _called_by_doors(scope, made["Intake"])
    _woken_by_files(scope, made["Intake"], store)


def _plans(topic_key: str) -> list[FunctionPlan]:
    entry = PLATFORM_ENTRIES
    return [
        FunctionPlan(
            "Intake",
            names.INTAKE_FUNCTION,
            entry["intake"],
            "Ladle: takes late labels",
            permissions.intake(),
            timeout_s=_FILE_S,
        ),
        FunctionPlan(
            "Collector",
            names.COLLECTOR_FUNCTION,
            entry["collector"],
            "Ladle: counts prediction lines",
            permissions.collector(),
        ),
        FunctionPlan(
            "Judge",
            names.JUDGE_FUNCTION,
            entry["judge"],
            "Ladle: turns counters into evidence",
            permissions.judge(),
            timeout_s=_WATCH_S,
        ),
        FunctionPlan(
            "Controller",
            names.CONTROLLER_FUNCTION,
            entry["controller"],
            "Ladle: the only writer of traffic",
            permissions.controller(topic_key),
            role_name=names.CONTROLLER_ROLE,
            timeout_s=_WATCH_S,
        ),
    ]


def _dead_letters(scope: Construct) -> sqs.Queue:
    return sqs.Queue(
        scope,
        "DeadLetters",
        queue_name="ladle-dead-letters",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=cdk.Duration.days(14),
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )


def _woken_each_minute(scope: Construct, function: lambda_.CfnFunction) -> None:
    id_ = function.node.id
    target = events.CfnRule.TargetProperty(id=id_, arn=function.attr_arn)
    rule = events.CfnRule(
        scope,
        f"{id_}EachMinute",
        description="Ladle: when no event comes, time passes all the same",
        schedule_expression="rate(1 minute)",
        targets=[target],
    )
    _may_invoke(scope, f"{id_}ByRule", function, "events.amazonaws.com", rule.attr_arn)


def _woken_by_topic(scope: Construct, function: lambda_.CfnFunction, topic: sns.CfnTopic) -> None:
    sns.CfnSubscription(
        scope, "AlarmsWake", topic_arn=topic.ref, protocol="lambda", endpoint=function.attr_arn
    )
    _may_invoke(scope, "ControllerByTopic", function, "sns.amazonaws.com", topic.ref)


def _woken_by_inbox(
    scope: Construct, function: lambda_.CfnFunction, releases: dynamodb.Table
) -> None:
    """Only new messages wake it, not its own writes. A batch that fails is given up in the end:
    the one-minute rule reads the inbox anyway.
    """
    message = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"INBOX#"}]}}}}'
    lambda_.CfnEventSourceMapping(
        scope,
        "InboxWakes",
        function_name=function.ref,
        event_source_arn=releases.table_stream_arn,
        starting_position="TRIM_HORIZON",
        batch_size=10,
        maximum_retry_attempts=3,
        maximum_record_age_in_seconds=600,
        filter_criteria=lambda_.CfnEventSourceMapping.FilterCriteriaProperty(
            filters=[lambda_.CfnEventSourceMapping.FilterProperty(pattern=message)]
        ),
    )


def _woken_by_log_lines(scope: Construct, function: lambda_.CfnFunction) -> None:
    """One permission for the log groups of all models, present and future."""
    groups = arns.log_group(names.log_group("*"))
    _may_invoke(scope, "CollectorByLogs", function, "logs.amazonaws.com", groups)
    endpoints = arns.log_group(names.endpoint_log_group("*"))
    _may_invoke(scope, "CollectorByEndpoints", function, "logs.amazonaws.com", endpoints)


def _called_by_doors(scope: Construct, function: lambda_.CfnFunction) -> None:
    """One permission for the labels of all models, present and future."""
    feedback = arns.route_of_any_api("POST", "/feedback")
    _may_invoke(scope, "IntakeByDoors", function, "apigateway.amazonaws.com", feedback)


def _woken_by_files(scope: Construct, function: lambda_.CfnFunction, store: s3.CfnBucket) -> None:
    """S3 asks whether it may before the bucket gets its configuration; the bucket's name is fixed."""
    laid = s3.CfnBucket.LambdaConfigurationProperty(
        event="s3:ObjectCreated:*",
        function=function.attr_arn,
        filter=s3.CfnBucket.NotificationFilterProperty(
            s3_key=s3.CfnBucket.S3KeyFilterProperty(
                rules=[
                    s3.CfnBucket.FilterRuleProperty(name="prefix", value=f"{names.LABEL_FILES}/")
                ]
            )
        ),
    )
    store.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        lambda_configurations=[laid]
    )
    permission = _may_invoke(scope, "IntakeByFiles", function, "s3.amazonaws.com", arns.store())
    store.add_resource_dependency(permission)


def _may_invoke(
    scope: Construct, id_: str, function: lambda_.CfnFunction, service: str, source: str
) -> lambda_.CfnPermission:
    return lambda_.CfnPermission(
        scope,
        id_,
        action="lambda:InvokeFunction",
        function_name=function.attr_arn,
        principal=service,
        source_arn=source,
        source_account=cdk.Aws.ACCOUNT_ID if service in _NAMELESS else None,
    )
