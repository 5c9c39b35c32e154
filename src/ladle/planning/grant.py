"""A grant is actions on things; the sentence that people read is made of the same two."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# What an action does, as a verb before what it is done to. An action without a verb has no grant.
VERBS: dict[str, str] = {
    "apigateway:GET": "look at",
    "apigateway:PATCH": "move the traffic of",
    "application-autoscaling:DescribeScalableTargets": "look at",
    "application-autoscaling:DeregisterScalableTarget": "size",
    "application-autoscaling:PutScalingPolicy": "size",
    "application-autoscaling:RegisterScalableTarget": "size",
    "cloudformation:DescribeStackResource": "look at",
    "budgets:ViewBudget": "look at",
    "cloudformation:DescribeStacks": "look at",
    "cloudwatch:DeleteAlarms": "delete",
    "cloudwatch:DescribeAlarms": "look at",
    "cloudwatch:GetMetricStatistics": "read",
    "cloudwatch:PutMetricAlarm": "set",
    "cloudwatch:PutMetricData": "write",
    "dynamodb:ConditionCheckItem": "check",
    "dynamodb:DeleteItem": "delete",
    "dynamodb:DescribeStream": "follow",
    "dynamodb:GetItem": "read",
    "dynamodb:GetRecords": "follow",
    "dynamodb:GetShardIterator": "follow",
    "dynamodb:ListStreams": "follow",
    "dynamodb:PutItem": "write",
    "dynamodb:Query": "read",
    "dynamodb:UpdateItem": "change",
    "ec2:AssignPrivateIpAddresses": "address",
    "ec2:CreateNetworkInterface": "make",
    "ec2:DeleteNetworkInterface": "delete",
    "ec2:DescribeNetworkInterfaces": "look at",
    "ec2:DescribeSubnets": "look at",
    "ec2:UnassignPrivateIpAddresses": "address",
    "ecr:BatchCheckLayerAvailability": "fetch",
    "ecr:BatchGetImage": "fetch",
    "ecr:CompleteLayerUpload": "write",
    "ecr:GetAuthorizationToken": "sign in to",
    "ecr:GetDownloadUrlForLayer": "fetch",
    "ecr:InitiateLayerUpload": "write",
    "ecr:PutImage": "write",
    "ecr:UploadLayerPart": "write",
    "ecs:CreateService": "make",
    "ecs:DeleteService": "delete",
    "ecs:DeregisterContainerInstance": "join and leave",
    "ecs:DeregisterTaskDefinition": "delete",
    "ecs:DescribeServices": "look at",
    "ecs:DescribeTaskDefinition": "look at",
    "ecs:DiscoverPollEndpoint": "listen to",
    "ecs:ListTaskDefinitionFamilies": "look at",
    "ecs:ListTaskDefinitions": "look at",
    "ecs:Poll": "listen to",
    "ecs:RegisterContainerInstance": "join and leave",
    "ecs:RegisterTaskDefinition": "make",
    "ecs:StartTelemetrySession": "report to",
    "ecs:SubmitAttachmentStateChanges": "report to",
    "ecs:SubmitContainerStateChange": "report to",
    "ecs:SubmitTaskStateChange": "report to",
    "ecs:TagResource": "mark",
    "ecs:UpdateContainerInstancesState": "join and leave",
    "ecs:UpdateService": "fill",
    "elasticloadbalancing:CreateRule": "make the rule of",
    "elasticloadbalancing:DeleteRule": "delete",
    "elasticloadbalancing:DescribeRules": "look at",
    "elasticloadbalancing:DescribeTargetHealth": "look at",
    "elasticloadbalancing:ModifyRule": "move the traffic of",
    "iam:CreateServiceLinkedRole": "make",
    "iam:PassRole": "hand on",
    "kms:CreateGrant": "lend",
    "kms:Decrypt": "decrypt with",
    "kms:DescribeKey": "look at",
    "kms:GenerateDataKey": "encrypt with",
    "lambda:CreateAlias": "make the alias of",
    "lambda:DeleteFunction": "delete",
    "lambda:DeleteFunctionConcurrency": "start again",
    "lambda:DeleteProvisionedConcurrencyConfig": "keep warm",
    "lambda:GetProvisionedConcurrencyConfig": "keep warm",
    "lambda:GetAlias": "look at",
    "lambda:GetFunctionConcurrency": "look at",
    "lambda:GetFunctionConfiguration": "look at",
    "lambda:InvokeFunction": "call",
    "lambda:ListVersionsByFunction": "look at",
    "lambda:PutFunctionConcurrency": "stop",
    "lambda:PutProvisionedConcurrencyConfig": "keep warm",
    "lambda:PublishVersion": "publish versions of",
    "lambda:UpdateAlias": "move the traffic of",
    "logs:CreateLogGroup": "make",
    "logs:CreateLogStream": "write",
    "logs:DeleteLogGroup": "delete",
    "logs:PutLogEvents": "write",
    "logs:PutRetentionPolicy": "bound",
    "logs:PutSubscriptionFilter": "send on",
    "logs:TagResource": "tag",
    "s3:DeleteObject": "delete",
    "s3:GetObject": "read",
    "s3:GetObjectVersion": "read",
    "s3:ListBucket": "list",
    "s3:PutObject": "write",
    "sagemaker:AddTags": "tag",
    "sagemaker:CreateEndpoint": "make",
    "sagemaker:CreateEndpointConfig": "make",
    "sagemaker:CreateModel": "make",
    "sagemaker:DeleteEndpoint": "delete",
    "sagemaker:DeleteEndpointConfig": "delete",
    "sagemaker:DeleteModel": "delete",
    "sagemaker:DescribeEndpoint": "look at",
    "sagemaker:DescribeEndpointConfig": "look at",
    "sagemaker:DescribeModel": "look at",
    "sagemaker:InvokeEndpoint": "call",
    "sagemaker:InvokeEndpointAsync": "ask",
    "sagemaker:ListTags": "look at",
    "sagemaker:UpdateEndpoint": "let releases join and leave",
    "sagemaker:UpdateEndpointWeightsAndCapacities": "move the traffic of",
    "secretsmanager:GetSecretValue": "read",
    "sns:Publish": "publish to",
    "sqs:SendMessage": "send to",
    "ssm:GetParameter": "read",
    "xray:PutSpans": "write",
    "xray:PutSpansForIndexing": "write",
    "xray:PutTelemetryRecords": "write",
    "xray:PutTraceSegments": "write",
    "sts:AssumeRole": "act as",
}


@dataclass(frozen=True, slots=True)
class Thing:
    """``arn`` as CloudFormation writes it, and what people call it."""

    arn: str
    called: str


@dataclass(frozen=True, slots=True)
class Grant:
    """``when`` is an IAM condition; what it narrows stands in what its things are called."""

    actions: tuple[str, ...]
    things: tuple[Thing, ...]
    when: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """As in ``read and write release/fraud/* of the store``."""
        verbs = listed(dict.fromkeys(VERBS[action] for action in self.actions))
        return f"{verbs} {listed(dict.fromkeys(thing.called for thing in self.things))}"

    def written(self) -> str:
        """As a release carries it, and its successors: ``read`` gives the same grant again.

        A template holds it as plain text, where ``${`` would look like a reference that nobody resolves.
        """
        things = [[thing.arn, thing.called] for thing in self.things]
        text = json.dumps([self.actions, things, self.when], sort_keys=True)
        return text.replace("${", r"$\u007b")

    @classmethod
    def read(cls, text: str) -> Grant:
        actions, things, when = json.loads(text)
        return cls(tuple(actions), tuple(Thing(*thing) for thing in things), when)

    def to_json(self) -> dict[str, Any]:
        return {
            "sentence": self.sentence,
            "actions": list(self.actions),
            "resources": [thing.arn for thing in self.things],
            "condition": dict(self.when) or None,
        }


@dataclass(frozen=True, slots=True)
class RoleGrants:
    """All that one role may do; ``holder`` is who has it."""

    holder: str
    grants: tuple[Grant, ...]

    def to_json(self) -> dict[str, Any]:
        return {"holder": self.holder, "grants": [grant.to_json() for grant in self.grants]}


def allow(
    service: str, actions: Iterable[str], *things: Thing, when: Mapping[str, Any] | None = None
) -> Grant:
    return Grant(tuple(f"{service}:{action}" for action in actions), things, when or {})


def listed(words: Iterable[str]) -> str:
    """``a``; ``a and b``; ``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
