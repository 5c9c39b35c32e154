"""All that Ladle's roles ever may stands here once: stacks grant it, plans say it in sentences.

A resource is ``*`` only where AWS knows no narrower one; the row says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from ladle import digest, names
from ladle.catalog import Tracing
from ladle.planning import arns
from ladle.planning.grant import Grant, RoleGrants, Thing, allow
from ladle.planning.moving import leading, left_of
from ladle.planning.pinned_object import PinnedObject
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets import planning_of
from ladle.planning.things import own_folder, own_log
from ladle.secret_reference import SecretReference, SecretService

Grants = Sequence[Grant]


def of_model(spec: ServiceSpec) -> tuple[RoleGrants, ...]:
    """Every role of a model's stack, by who holds it."""
    model, target = spec.model, planning_of(spec.target)
    bundler, handoff_ = names.bundle_function(model), names.handoff_function(model)
    printing = (own_log(target.log_group(spec)),) if target.PRINTS_ITSELF else ()
    return (
        RoleGrants("serving", (*serving(spec), *printing)),
        RoleGrants(
            "bundler",
            (
                *bundle(model, spec.store_key, model_asset(spec), spec.source.object),
                own_log(f"/aws/lambda/{bundler}"),
            ),
        ),
        RoleGrants(
            "hand-off",
            (*handoff(spec), own_log(f"/aws/lambda/{handoff_}"), *chain(*of_homes(spec).values())),
        ),
        RoleGrants("router", tuple(router(spec))),
        *target.other_roles(spec),
    )


def of_platform(*, builds: bool = False) -> tuple[RoleGrants, ...]:
    """Every role of what all models share; a key and a queue have no fixed name. ``builds``: with the
    project that builds images.
    """
    watching = {
        "intake": intake(),
        "collector": collector(),
        "judge": judge(),
        "controller": controller("${TopicKey.Arn}"),
    }
    builders = (RoleGrants("builder", tuple(builder())),) if builds else ()
    return builders + tuple(
        RoleGrants(
            holder,
            (*grants, dead_letters("${DeadLetters.Arn}"), own_log(f"/aws/lambda/ladle-{holder}")),
        )
        for holder, grants in watching.items()
    )


def model_asset(spec: ServiceSpec) -> Thing | None:
    """The model's file among what the CDK uploads, when the checkout has it."""
    if spec.source.path is None or spec.is_in_image:
        return None
    suffix = spec.source.file_name.rpartition(".")[2]
    return uploaded(arns.cdk_asset(digest.hex_of(spec.model_digest), suffix))


def uploaded(arn: str) -> Thing:
    return Thing(arn, "the model file that the CDK uploads")


# Roles of a model


def serving(spec: ServiceSpec) -> Grants:
    """All versions of a function have one role: what earlier ones need to start stays in it."""
    own = _own_serving(spec)
    return (*own, *(_of_earlier(grant) for grant in map(Grant.read, spec.kept) if grant not in own))


def _of_earlier(grant: Grant) -> Grant:
    things = (Thing(t.arn, f"{t.called}, for earlier releases") for t in grant.things)
    return replace(grant, things=tuple(things))


def of_this_release(spec: ServiceSpec) -> tuple[str, ...]:
    """What it needs to start that not every release of its model does, for its successors to keep."""
    bare = replace(spec, secrets={}, network={}, tracing=Tracing.NONE, kept=())
    common = _own_serving(bare)
    return tuple(g.written() for g in _own_serving(spec) if g not in common)


def _own_serving(spec: ServiceSpec) -> Grants:
    return (*planning_of(spec.target).serving_grants(spec), *secrets(spec))


def secrets(spec: ServiceSpec) -> Iterator[Grant]:
    """Exactly those that the config names, and the keys that it names with them."""
    for variable, written in spec.secrets.items():
        reference = SecretReference.parse(written)
        if reference is None:
            continue
        called = f"the secret of {variable}"
        thing = Thing(arns.secret(reference), called)
        if reference.service is SecretService.PARAMETERS:
            yield allow("ssm", ["GetParameter"], thing)
        else:
            yield allow("secretsmanager", ["GetSecretValue"], thing)
        if reference.kms_arn is not None:
            yield allow("kms", ["Decrypt"], Thing(reference.kms_arn, f"the key of {called}"))


def bundle(
    model: str, store_key: str | None, asset: Thing | None, pinned: PinnedObject | None
) -> Grants:
    """Copies one model into the model's own folder; the secret only to derive the line key."""
    grants = [
        allow("s3", ["GetObject", "PutObject"], own_folder(model)),
        _list_store(*filter(None, [f"release/{model}/*", store_key])),
        allow("secretsmanager", ["GetSecretValue"], _MASTER_KEY),
    ]
    if store_key is not None:
        recorded = Thing(arns.store(store_key), "the pinned model in the store")
        grants.append(allow("s3", ["GetObject", "GetObjectVersion"], recorded))
    if asset is not None:
        grants.append(allow("s3", ["GetObject"], asset))
    if pinned is not None:
        there = Thing(arns.object_of(pinned.bucket, pinned.key), pinned.address)
        grants.append(allow("s3", ["GetObjectVersion"], there))
        if pinned.kms_key is not None:
            grants.append(
                allow("kms", ["Decrypt"], Thing(pinned.kms_key, f"the key of {there.called}"))
            )
    return grants


def handoff(spec: ServiceSpec) -> Grants:
    """Publishes and deletes versions; where traffic begins, but never where it goes from there."""
    model = spec.model
    alarms = names.native_alarm(model, 0).removesuffix("0") + "*"
    own_rows = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"MODEL#{model}", "MODELS"]}}
    releases = Thing(arns.table(names.RELEASES_TABLE), f"its own rows of {names.RELEASES_TABLE}")
    stack = names.model_stack(model)
    return [
        *(() if spec.base else publishing(spec)),
        allow("cloudwatch", ["DeleteAlarms", "PutMetricAlarm"], _alarm(alarms)),
        allow("cloudwatch", ["DescribeAlarms"], _ANY_ALARM),
        allow("dynamodb", ["ConditionCheckItem", "GetItem", "PutItem"], releases, when=own_rows),
        _rows(names.EXPERIMENTS_TABLE, "GetItem"),
        _list_store(f"release/{model}/*"),
        allow("s3", ["DeleteObject"], own_folder(model)),
        allow("cloudformation", ["DescribeStacks"], Thing(arns.stack(stack), f"the stack {stack}")),
    ]


def publishing(spec: ServiceSpec) -> Grants:
    return tuple(planning_of(spec.target).publishing_grants(spec))


def of_homes(spec: ServiceSpec) -> Mapping[int, Grants]:
    """What the hand-off may in homes that come or go, by base: such a policy goes with its home, after
    the hand-off has taken down what of the home is in no template.
    """
    left = left_of(spec)
    moved = (spec,) if spec.base else ()
    return {home.base: publishing(home) for home in (*moved, *((left,) if left else ()))}


def router(spec: ServiceSpec) -> Grants:
    """The only role that may move a model's traffic; only the controller may take it."""
    helper, left = names.handoff_function(spec.model), left_of(spec)
    granted = list(planning_of(spec.target).routing_grants(spec))
    of_the_move = (*planning_of(left.target).routing_grants(left), *leading(spec)) if left else ()
    for grant in of_the_move:  # serverless endpoints are led by the stage too
        if grant not in granted:
            granted.append(grant)
    return [*granted, allow("lambda", ["InvokeFunction"], Thing(arns.function(helper), helper))]


# Functions of the platform


def intake() -> Grants:
    return [
        _rows(names.PREDICTIONS_TABLE, "PutItem", "Query"),
        _rows(names.COUNTERS_TABLE, "PutItem", "UpdateItem"),
        _rows(names.RELEASES_TABLE, "GetItem"),  # the policy: who may label, and for how long
        allow("secretsmanager", ["GetSecretValue"], _MASTER_KEY),  # what opens sealed ids
        allow("s3", ["GetObject", "GetObjectVersion"], _LABEL_FILES),
    ]


def collector() -> Grants:
    return [
        _rows(names.PREDICTIONS_TABLE, "PutItem", "Query"),
        _rows(names.COUNTERS_TABLE, "PutItem", "UpdateItem"),
        _rows(names.RELEASES_TABLE, "GetItem"),  # the policy: the windows, whether labels come
        allow("secretsmanager", ["GetSecretValue"], _MASTER_KEY),
    ]


def judge() -> Grants:
    ours = f"metrics of the namespace {names.METRIC_NAMESPACE}"
    return [
        _rows(names.RELEASES_TABLE, "GetItem", "Query"),
        _rows(names.COUNTERS_TABLE, "Query"),
        allow(  # a metric has no ARN
            "cloudwatch",
            ["PutMetricData"],
            Thing("*", ours),
            when={"StringEquals": {"cloudwatch:namespace": names.METRIC_NAMESPACE}},
        ),
    ]


def controller(topic_key: str) -> Grants:
    stream = arns.table(f"{names.RELEASES_TABLE}/stream/*")
    return [
        _rows(names.RELEASES_TABLE, "DeleteItem", "GetItem", "PutItem", "Query"),
        _rows(names.COUNTERS_TABLE, "Query"),
        allow("sts", ["AssumeRole"], Thing(arns.role(names.router_role("*")), "a model's router")),
        allow("cloudwatch", ["DescribeAlarms"], _ANY_ALARM),
        allow("cloudwatch", ["GetMetricStatistics"], Thing("*", "any metric")),  # it has no ARN
        allow("budgets", ["ViewBudget"], Thing(arns.budgets(), "any budget")),
        allow("sns", ["Publish"], Thing(arns.topic(), f"the topic {names.TOPIC}")),
        allow("kms", ["Decrypt", "GenerateDataKey"], Thing(topic_key, "the key of that topic")),
        allow(
            "dynamodb",
            ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"],
            Thing(stream, f"changes of {names.RELEASES_TABLE}"),
        ),
    ]


def builder() -> Grants:
    """Builds what a deploy stages, and writes images of the CDK's own repository."""
    sources = Thing(arns.store(f"{names.BUILD_SOURCES}/*"), f"{names.BUILD_SOURCES}/* of the store")
    images = Thing(arns.cdk_images(), "the images that the CDK uploads")
    sends = ["CompleteLayerUpload", "InitiateLayerUpload", "PutImage", "UploadLayerPart"]
    return [
        allow("s3", ["GetObject", "GetObjectVersion"], sources),
        _list_store(f"{names.BUILD_SOURCES}/*"),
        allow("ecr", ["GetAuthorizationToken"], Thing("*", "the registry")),  # it has no ARN
        allow("ecr", ["BatchCheckLayerAvailability", "BatchGetImage"], images),
        allow("ecr", sends, images),
        own_log(names.BUILD_LOG),
    ]


def dead_letters(queue_arn: str) -> Grant:
    return allow("sqs", ["SendMessage"], Thing(queue_arn, "the queue of dead letters"))


_MASTER_KEY = Thing(arns.master_secret(), f"the secret {names.MASTER_SECRET}")
_LABEL_FILES = Thing(arns.store(f"{names.LABEL_FILES}/*"), f"{names.LABEL_FILES}/* of the store")
_ANY_ALARM = Thing(arns.alarm("*"), "any alarm")


def _list_store(*prefixes: str) -> Grant:
    """Without it S3 answers 403 for an object that is not there."""
    named = [prefix if prefix.endswith("*") else "the pinned model" for prefix in prefixes]
    called = f"{' and '.join(named)} of the store"
    when = {"StringLike": {"s3:prefix": list(prefixes)}}
    return allow("s3", ["ListBucket"], Thing(arns.store(), called), when=when)


def _rows(table: str, *actions: str) -> Grant:
    return allow("dynamodb", actions, Thing(arns.table(table), table))


def _alarm(name: str) -> Thing:
    return Thing(arns.alarm(name), f"the alarms {name}")
