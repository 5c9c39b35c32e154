"""The ports of an AWS account, found by their fixed names."""

from __future__ import annotations

from collections.abc import Callable

from ladle import names
from ladle.aws.counter_store import AwsCounterStore
from ladle.aws.label_store import AwsLabelStore
from ladle.aws.led_door import LedDoor
from ladle.aws.manifest_store import DynamoManifestStore
from ladle.aws.model_homes import HomesOf
from ladle.aws.object_store import S3ObjectStore
from ladle.aws.prediction_log import AwsPredictionLog
from ladle.aws.release_copies import S3ReleaseCopies
from ladle.aws.release_inbox import AwsReleaseInbox
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.aws.traffic import RouterOfHome
from ladle.aws.upkeep import DynamoUpkeep
from ladle.ports import Clock, FrontDoor, TrafficRouter, Workspace
from ladle.releases.homes import Homes

Behind = Callable[[Callable[[str], Homes], RouterOfHome, FrontDoor], TrafficRouter]


def aws_workspace(session: AwsSession, url: str, clock: Clock, behind: Behind) -> Workspace:
    """Asks STS for the account, since the bucket's name holds it. ``behind`` puts a model's homes behind
    its door.
    """
    bucket = names.store_bucket(session.account, session.region)
    ledger, inbox = AwsReleaseLedger(session.dynamodb), AwsReleaseInbox(session.dynamodb)
    homes_of = HomesOf(ledger, inbox)
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
        router=behind(
            lambda model: homes_of(model).as_they_are,
            RouterOfHome(lambda _model: session, clock),
            LedDoor(lambda _model: session),
        ),
    )
