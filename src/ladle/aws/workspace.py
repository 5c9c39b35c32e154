"""The ports of an AWS account, found by their fixed names."""

from __future__ import annotations

from ladle import names
from ladle.aws.counter_store import AwsCounterStore
from ladle.aws.label_store import AwsLabelStore
from ladle.aws.manifest_store import DynamoManifestStore
from ladle.aws.model_target import TargetOf
from ladle.aws.object_store import S3ObjectStore
from ladle.aws.prediction_log import AwsPredictionLog
from ladle.aws.release_copies import S3ReleaseCopies
from ladle.aws.release_inbox import AwsReleaseInbox
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.aws.traffic import RouterByTarget
from ladle.aws.upkeep import DynamoUpkeep
from ladle.ports import Clock, Workspace


def aws_workspace(session: AwsSession, url: str, clock: Clock) -> Workspace:
    """Asks STS for the account, since the bucket's name holds it."""
    bucket = names.store_bucket(session.account, session.region)
    ledger, inbox = AwsReleaseLedger(session.dynamodb), AwsReleaseInbox(session.dynamodb)
    return Workspace(
        url=url,
        objects=S3ObjectStore(session.s3, bucket),
        manifests=DynamoManifestStore(session.dynamodb),
        upkeep=DynamoUpkeep(session.dynamodb),
        copies=S3ReleaseCopies(session.s3, bucket),
        ledger=ledger,
        inbox=inbox,
        counters=AwsCounterStore(session.dynamodb, clock),
        predictions=AwsPredictionLog(session.dynamodb),
        labels=AwsLabelStore(session.dynamodb),
        router=RouterByTarget(lambda _model: session, TargetOf(ledger, inbox), clock),
    )
