"""What cdk-nag finds in these stacks and why it stays: each finding by rule, construct and reason.

Wildcards in ARNs come from the table of permissions itself; the others stand here, reviewed. A team
that runs cdk-nag on its app calls ``acknowledge(app, specs)`` before it synthesizes; a finding that
is not here is new, and a row that matches none fails our tests.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import aws_cdk as cdk
from constructs import IConstruct

from ladle import names
from ladle.catalog import Packaging, Target, Tracing
from ladle.planning import between, permissions
from ladle.planning.grant import Grant
from ladle.planning.moving import logged_with
from ladle.planning.service_spec import ServiceSpec
from ladle_stacks import image_builds
from ladle_stacks.doors.accepted import Row, accepted
from ladle_stacks.targets import ecs_accepted

PACKS = ("AwsSolutions", "Serverless", "NIST.800.53.R5")
CDKS_OWN = "CloudFormation-Validate"  # whose rules are numbers
WATCHERS = ("Intake", "Collector", "Judge", "Controller")
ROLES = {
    "serving": "ServingRole",
    "bundler": "BundlerRole",
    "hand-off": "HandoffRole",
    "router": "RouterRole",
    "execution": "ExecutionRole",
    "machine": "MachineRole",
    "door": "DoorRole",
    "asking": "AsksRole",
    "invoking": "InvokesRole",
}
_OF_THE_STACK = {"bundler", "hand-off", "router"}  # the other roles are of a home
_NEXT_MINUTE = "what is lost here is done by the next minute's call"
_ALONE = "one role, one policy, nothing to attach elsewhere"
_LAMBDA_LATEST = "the newest Python that all locked wheels are proven with"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """``path`` of the construct in the app; ``rule`` with the finding's own words, where it has any."""

    path: str
    rule: str
    reason: str


def of_app(specs: Sequence[ServiceSpec], *, builds: bool = False) -> Iterator[Acknowledgement]:
    yield from of_platform(builds=builds)
    for spec in specs:
        yield from of_model(spec)


def acknowledge(app: cdk.App, specs: Sequence[ServiceSpec]) -> None:
    """Tells cdk-nag's packs what is known. Raises KeyError for a construct that there is not."""
    by_path: dict[str, list[Acknowledgement]] = defaultdict(list)
    platform = app.node.try_find_child(names.PLATFORM_STACK)
    builds = platform is not None and platform.node.try_find_child("Images") is not None
    for row in of_app(specs, builds=builds):
        by_path[row.path].append(row)
    for path, rows in by_path.items():
        cdk.Validations.of(_construct(app, path)).acknowledge(
            *(cdk.Acknowledgment(id=f"{_pack(r.rule)}::{r.rule}", reason=r.reason) for r in rows)
        )


def _construct(app: cdk.App, path: str) -> IConstruct:
    found: IConstruct = app
    for part in path.split("/"):
        child = found.node.try_find_child(part)
        if child is None:
            raise KeyError(path)
        found = child
    return found


def _pack(rule: str) -> str:
    return next((pack for pack in PACKS if rule.startswith(f"{pack}-")), CDKS_OWN)


def of_platform(*, builds: bool = False) -> Iterator[Acknowledgement]:
    stack = names.PLATFORM_STACK
    yield from _rows(stack, _PLATFORM)
    if builds:
        yield from _rows(stack, image_builds.ACCEPTED)
    for role in permissions.of_platform(builds=builds):
        yield from _wildcards(f"{stack}/{role.holder.title()}Role/Resource", role.grants)


def of_model(spec: ServiceSpec) -> Iterator[Acknowledgement]:
    """What a moving model keeps of its old home is read by no pack: it was answered for before."""
    stack = names.model_stack(spec.model)
    home = f"{stack}/{names.home_scope(spec.base)}".rstrip("/")
    yield from _rows(stack, _MODEL)
    if (base := logged_with(spec)) is not None:
        yield from _rows(f"{stack}/{names.home_scope(base)}".rstrip("/"), (_LOG,))
    yield from _rows(home, _OF_TARGET[spec.target](spec))
    yield from _rows(stack, accepted(spec))
    told = tuple(f"Notify{number}" for number in range(len(spec.notify)))
    yield from _rows(stack, (("Serverless-SNSRedrivePolicy", told, "history tells it too"),))
    for path, grants in _policies(spec, stack, home):
        yield Acknowledgement(path, "NIST.800.53.R5-IAMNoInlinePolicy", _ALONE)
        yield from _wildcards(path, grants)


def _policies(spec: ServiceSpec, stack: str, home: str) -> Iterator[tuple[str, Sequence[Grant]]]:
    """By path: one of each role, and those of the hand-off that come and go with a home."""
    apart = permissions.of_homes(spec)
    elsewhere = {"hand-off": list(chain(*apart.values()))}
    for role in permissions.of_model(spec):
        where = stack if role.holder in _OF_THE_STACK else home
        without = elsewhere.get(role.holder, ())
        granted = [grant for grant in role.grants if grant not in without]
        yield f"{where}/{ROLES[role.holder]}/Resource", granted
    for base, grants in apart.items():
        if base in (0, spec.base):
            yield f"{home if base else stack}/HandoffGrants", grants


def _of_function(spec: ServiceSpec) -> Iterator[Row]:
    """What is found at the function that serves, unless its config asks for what would mend it."""
    function = ("Function",)
    yield "Serverless-LambdaDLQ", function, _WAITED_FOR
    yield "NIST.800.53.R5-LambdaDLQ", function, _WAITED_FOR
    if spec.packaging is Packaging.ZIP:
        yield from _ZIP
    if spec.compute.reserved is None:
        yield "NIST.800.53.R5-LambdaConcurrency", function, "the door limits the rate"
    if spec.compute.snap_start:
        yield "W2530", function, "the hand-off publishes its versions"
    if not spec.network:
        yield "NIST.800.53.R5-LambdaInsideVPC", function, "it calls AWS only"
    if spec.tracing is not Tracing.XRAY:
        yield "Serverless-LambdaTracing", function, _TRACED
    if any(thing.arn == "*" for grant in permissions.serving(spec) for thing in grant.things):
        rule, role = "Serverless-LambdaStarPermissions", ("ServingRole/Resource",)
        yield rule, role, _NO_ARN


def _wildcards(path: str, grants: Iterable[Grant]) -> Iterator[Acknowledgement]:
    """Each ARN with a ``*``, with the sentence of the grant that needs it; once however often."""
    seen: set[str] = set()
    for grant in grants:
        for thing in grant.things:
            if "*" in thing.arn and thing.arn not in seen:
                seen.add(thing.arn)
                arn = thing.arn.replace("${", "<").replace("}", ">")
                rule = f"AwsSolutions-IAM5[Resource::{arn}]"
                yield Acknowledgement(path, rule, grant.sentence)


def _rows(stack: str, rows: Iterable[Row]) -> Iterator[Acknowledgement]:
    for rule, ids, reason in rows:
        yield from (Acknowledgement(f"{stack}/{id_}", rule, reason) for id_ in ids)


_PLATFORM: tuple[Row, ...] = (
    ("AwsSolutions-S1", ("Store/Resource",), "every object is named by the hash of its bytes"),
    ("AwsSolutions-SMG4", ("MasterKey/Resource",), "labels come weeks after lines signed with it"),
    ("AwsSolutions-L1", WATCHERS, _LAMBDA_LATEST),
    ("Serverless-LambdaLatestVersion", WATCHERS, _LAMBDA_LATEST),
    ("Serverless-LambdaTracing", WATCHERS, "no request passes through it"),
    ("Serverless-SQSRedrivePolicy", ("DeadLetters/Resource",), "it is where dead letters go"),
    (
        "Serverless-LambdaStarPermissions",
        ("JudgeRole/Resource", "ControllerRole/Resource"),
        "a metric has no ARN; writing is held to a namespace",
    ),
    ("Serverless-EventBusDLQ", ("JudgeEachMinute", "ControllerEachMinute"), _NEXT_MINUTE),
    ("Serverless-SNSRedrivePolicy", ("AlarmsWake",), _NEXT_MINUTE),
    ("Serverless-LambdaEventSourceMappingDestination", ("InboxWakes",), _NEXT_MINUTE),
    (
        "NIST.800.53.R5-S3BucketLoggingEnabled",
        ("Store/Resource",),
        "every object is named by the hash of its bytes",
    ),
    ("NIST.800.53.R5-S3BucketReplicationEnabled", ("Store/Resource",), "one region is asked for"),
    ("NIST.800.53.R5-S3DefaultEncryptionKMS", ("Store/Resource",), "encrypted with S3's own key"),
    (
        "NIST.800.53.R5-SecretsManagerRotationEnabled",
        ("MasterKey/Resource",),
        "labels come weeks after lines signed with it",
    ),
    (
        "NIST.800.53.R5-SecretsManagerUsingKMSKey",
        ("MasterKey/Resource",),
        "encrypted with the service's own key",
    ),
    (
        "NIST.800.53.R5-DynamoDBInBackupPlan",
        tuple(f"{t}/Resource" for t in ("Experiments", "Counters", "Predictions", "Releases")),
        "recovers to any second of 35 days; a backup plan is the account's own",
    ),
    (
        "NIST.800.53.R5-IAMNoInlinePolicy",
        tuple(f"{id_}Role/Resource" for id_ in WATCHERS),
        "one role, one policy, nothing to attach elsewhere",
    ),
    (
        "NIST.800.53.R5-CloudWatchLogGroupEncrypted",
        tuple(f"{id_}Logs" for id_ in WATCHERS),
        "encrypted with the service's own key",
    ),
    ("NIST.800.53.R5-LambdaConcurrency", WATCHERS, "new accounts refuse any reservation"),
    ("NIST.800.53.R5-LambdaInsideVPC", WATCHERS, "it calls AWS only"),
)
_HELPERS = ("Handoff", "Bundler")
_OWN_KEY = "encrypted with the service's own key; lines hold no input"
_LOG: Row = ("NIST.800.53.R5-CloudWatchLogGroupEncrypted", ("Logs",), _OWN_KEY)
_TRACED = "a trace of each request is the team's to pay for"
_NO_ARN = "neither looking at network interfaces nor writing traces knows an ARN"
_WAITED_FOR = "whoever calls it waits for its answer"
_MODEL: tuple[Row, ...] = (
    ("AwsSolutions-L1", _HELPERS, _LAMBDA_LATEST),
    ("Serverless-LambdaLatestVersion", _HELPERS, _LAMBDA_LATEST),
    ("Serverless-LambdaTracing", _HELPERS, "no request passes through it"),
    ("Serverless-LambdaDLQ", _HELPERS, _WAITED_FOR),
    ("NIST.800.53.R5-LambdaDLQ", _HELPERS, _WAITED_FOR),
    (
        "NIST.800.53.R5-CloudWatchLogGroupEncrypted",
        ("HandoffLogs", "BundlerLogs"),
        _OWN_KEY,
    ),
    ("NIST.800.53.R5-LambdaConcurrency", _HELPERS, "called once a deploy"),
    ("NIST.800.53.R5-LambdaInsideVPC", _HELPERS, "it calls AWS only"),
)
_ZIP: tuple[Row, ...] = (
    ("AwsSolutions-L1", ("Function",), "the Python that model.yaml names"),
    ("Serverless-LambdaLatestVersion", ("Function",), "the Python that model.yaml names"),
)


def _before_endpoints(function: str) -> Iterator[Row]:
    """What is found at a function that passes requests on."""
    yield "AwsSolutions-L1", (function,), _LAMBDA_LATEST
    yield "Serverless-LambdaLatestVersion", (function,), _LAMBDA_LATEST
    yield "Serverless-LambdaDLQ", (function,), _WAITED_FOR
    yield "NIST.800.53.R5-LambdaDLQ", (function,), _WAITED_FOR
    yield "NIST.800.53.R5-CloudWatchLogGroupEncrypted", (f"{function}Logs",), _OWN_KEY
    yield "NIST.800.53.R5-LambdaConcurrency", (function,), "the door limits the rate"
    yield "NIST.800.53.R5-LambdaInsideVPC", (function,), "it calls AWS only"


def _of_async(_spec: ServiceSpec) -> Iterator[Row]:
    yield from _before_endpoints("Asks")
    yield "Serverless-LambdaTracing", ("Asks",), "the answer is made elsewhere, and later"


def _of_endpoint(spec: ServiceSpec) -> Iterator[Row]:
    """Nothing, where the door itself asks it: its role says all."""
    if not between.stands(spec):
        return
    yield from _before_endpoints("Invokes")
    if spec.tracing is Tracing.XRAY:
        yield "Serverless-LambdaStarPermissions", ("InvokesRole/Resource",), _NO_ARN
    else:
        yield "Serverless-LambdaTracing", ("Invokes",), _TRACED


_OF_TARGET: dict[Target, Callable[[ServiceSpec], Iterator[Row]]] = {
    Target.LAMBDA: _of_function,
    Target.SAGEMAKER: _of_endpoint,
    Target.ECS: ecs_accepted.accepted,
    Target.SAGEMAKER_ASYNC: _of_async,
    Target.SAGEMAKER_SERVERLESS: lambda _spec: iter(()),
}
