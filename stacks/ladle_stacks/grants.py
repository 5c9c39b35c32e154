"""The permissions of ``ladle.planning.permissions`` as policies, each role with one of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from ladle import names
from ladle.planning import permissions
from ladle.planning.grant import Grant
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.things import own_log
from ladle_stacks import arns
from ladle_stacks.home import home_of

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


def function_role(
    scope: Construct, id_: str, log_group: str, grants: Iterable[Grant], name: str | None = None
) -> iam.Role:
    """A function's role: its grants and its own log group, in one policy that nothing waits for."""
    return iam.Role(
        scope,
        f"{id_}Role",
        role_name=name,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        inline_policies={"grants": _document([*grants, own_log(log_group)])},
    )


def named_role(
    scope: Construct, id_: str, name: str, service: str, grants: Iterable[Grant]
) -> iam.Role:
    """A role that other policies refer to by its name."""
    return iam.Role(
        scope,
        f"{id_}Role",
        role_name=name,
        assumed_by=iam.ServicePrincipal(service),
        inline_policies={"grants": _document(grants)},
    )


def router_role(scope: Construct, spec: ServiceSpec) -> iam.Role:
    """The only role that may move a model's traffic; only the controller may take it."""
    return iam.Role(
        scope,
        "RouterRole",
        role_name=names.router_role(spec.model),
        assumed_by=iam.AccountRootPrincipal().with_conditions(
            {"ArnEquals": {"aws:PrincipalArn": arns.role(names.CONTROLLER_ROLE)}}
        ),
        inline_policies={"grants": _document(permissions.router(spec))},
    )


def handing_grants(scope: Construct, spec: ServiceSpec) -> Iterator[iam.CfnPolicy]:
    """What the hand-off may in a home that comes or goes. That of a left home which came itself is there."""
    role = scope.node.find_child("HandoffRole")
    if not isinstance(role, iam.Role):
        raise TypeError("the hand-off has a role of its own")
    for base, granted in permissions.of_homes(spec).items():
        if base not in (0, spec.base):
            continue
        yield iam.CfnPolicy(
            home_of(scope, spec) if base else scope,
            "HandoffGrants",
            policy_name=f"home-{base}",
            policy_document=_document(granted),
            roles=[role.role_name],
        )


def _document(grants: Iterable[Grant]) -> iam.PolicyDocument:
    return iam.PolicyDocument(statements=[_statement(grant) for grant in grants])


def _statement(grant: Grant) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=list(grant.actions),
        resources=[arns.filled(thing.arn) for thing in grant.things],
        conditions=dict(grant.when) or None,
    )


# Resource policies


def own_key_policy() -> iam.PolicyDocument:
    """The account's own policies say who may use it."""
    return iam.PolicyDocument(statements=[_administration()])


def _administration() -> iam.PolicyStatement:
    return iam.PolicyStatement(
        principals=[iam.AccountRootPrincipal()],
        actions=[f"kms:{action}" for action in KEY_ADMINISTRATION],
        resources=["*"],  # of a key's own policy: this key
    )


def topic_key_policy() -> iam.PolicyDocument:
    """An alarm whose topic it cannot encrypt for is cut silently: CloudWatch is let in by name."""
    alarms = iam.PolicyStatement(
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=["*"],
    )
    return iam.PolicyDocument(statements=[_administration(), alarms])


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
