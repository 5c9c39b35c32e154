"""What all models of an account share: the store, the tables, the topic, the four functions."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from ladle import names
from ladle_stacks import arns, grants
from ladle_stacks.host import Host
from ladle_stacks.image_builds import image_builds
from ladle_stacks.platform_functions import platform_functions

_KEEP = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE  # but a first deploy that fails leaves nothing


class PlatformStack(cdk.Stack):
    """One per account and region; every name in it is fixed, so that model stacks find it."""

    def __init__(self, scope: Construct, host: Host) -> None:
        super().__init__(
            scope,
            names.PLATFORM_STACK,
            stack_name=names.PLATFORM_STACK,
            description="Ladle: what all models of this account share",
        )
        store = _store(self, (*_FORGOTTEN, _BUILT) if host.builds else _FORGOTTEN)
        _secret(self)
        releases = _tables(self)
        topic, key = _topic(self)
        platform_functions(self, host, store, releases, topic, key)
        if host.builds:
            image_builds(self)


_FORGOTTEN = (
    s3.LifecycleRule(
        id="forget-retired-bundles",
        prefix="release/",
        noncurrent_version_expiration=cdk.Duration.days(30),
        expired_object_delete_marker=True,
    ),
    s3.LifecycleRule(  # what ladle gc took can be had back for so long
        id="forget-collected",
        prefix=f"{names.OBJECTS}/",
        noncurrent_version_expiration=cdk.Duration.days(30),
        expired_object_delete_marker=True,
    ),
    s3.LifecycleRule(  # requests that were answered later, and their answers
        id="forget-answers",
        prefix=f"{names.ASYNC}/",
        expiration=cdk.Duration.days(names.ANSWERS_KEPT_DAYS),
        noncurrent_version_expiration=cdk.Duration.days(1),
    ),
    s3.LifecycleRule(
        id="forget-broken-uploads",
        abort_incomplete_multipart_upload_after=cdk.Duration.days(2),
    ),
)
_BUILT = s3.LifecycleRule(  # the image has it all; whoever is interrupted takes nothing away
    id="forget-built-sources",
    prefix=f"{names.BUILD_SOURCES}/",
    expiration=cdk.Duration.days(1),
    noncurrent_version_expiration=cdk.Duration.days(1),
)


def _store(scope: Construct, forgotten: Sequence[s3.LifecycleRule]) -> s3.CfnBucket:
    """Objects and bundles. Nothing in it is ever written twice, and no stack deletes it."""
    bucket = s3.Bucket(
        scope,
        "Store",
        bucket_name=arns.store_bucket_name(),
        versioned=True,
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        minimum_tls_version=1.2,
        enforce_ssl=True,
        removal_policy=_KEEP,
        lifecycle_rules=list(forgotten),
    )
    made = bucket.node.default_child
    if not isinstance(made, s3.CfnBucket):
        raise TypeError("a bucket of the CDK is made of one of CloudFormation's")
    return made


def _secret(scope: Construct) -> None:
    """What the line keys of all models are derived from; lines printed under it outlive the stack."""
    secretsmanager.Secret(
        scope,
        "MasterKey",
        secret_name=names.MASTER_SECRET,
        description="Ladle: the key from which each model's line key is derived",
        generate_secret_string=secretsmanager.SecretStringGenerator(
            password_length=64, exclude_punctuation=True
        ),
        removal_policy=_KEEP,
    )


def _tables(scope: Construct) -> dynamodb.Table:
    """docs/formats.md says what is in them. Returns the one whose stream wakes the controller."""
    experiments = _table(scope, "Experiments", names.EXPERIMENTS_TABLE)
    experiments.add_global_secondary_index(
        index_name="GSI1",
        partition_key=_text("sk"),
        sort_key=_text("at"),
        projection_type=dynamodb.ProjectionType.KEYS_ONLY,
    )
    _table(scope, "Counters", names.COUNTERS_TABLE, expires="expires")
    _table(scope, "Predictions", names.PREDICTIONS_TABLE, expires="expires")
    stream = dynamodb.StreamViewType.NEW_IMAGE
    return _table(scope, "Releases", names.RELEASES_TABLE, stream=stream)


def _table(
    scope: Construct,
    id_: str,
    name: str,
    *,
    expires: str | None = None,
    stream: dynamodb.StreamViewType | None = None,
) -> dynamodb.Table:
    recovery = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)
    return dynamodb.Table(
        scope,
        id_,
        table_name=name,
        partition_key=_text("pk"),
        sort_key=_text("sk"),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.AWS_MANAGED,
        point_in_time_recovery_specification=recovery,
        time_to_live_attribute=expires,
        stream=stream,
        removal_policy=_KEEP,
    )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _topic(scope: Construct) -> tuple[sns.CfnTopic, kms.CfnKey]:
    key = kms.CfnKey(
        scope,
        "TopicKey",
        description="Ladle: encrypts alarms on their way to the controller",
        key_policy=grants.topic_key_policy(),
        enable_key_rotation=True,
        pending_window_in_days=7,
    )
    topic = sns.CfnTopic(scope, "Topic", topic_name=names.TOPIC, kms_master_key_id=key.attr_arn)
    sns.CfnTopicPolicy(
        scope, "TopicPolicy", topics=[topic.ref], policy_document=grants.topic_policy(topic.ref)
    )
    return topic, key
