"""Hands a release over to the controller when CloudFormation asks; retires releases on request."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from ladle import names
from ladle.actions.hand_over import HandOff, Wanted, hand_over, retire
from ladle.aws.bundle_store import AwsBundleStore
from ladle.aws.manifest_store import DynamoManifestStore
from ladle.aws.release_alarms import AwsReleaseAlarms
from ladle.aws.release_inbox import AwsReleaseInbox
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.aws.stack_reader import AwsStackReader
from ladle.aws.versions import VERSIONS
from ladle.catalog import Packaging, Target
from ladle.disk.clock import SystemClock
from ladle.policy.lock import Home, Runtime
from ladle.policy.rollout import RolloutPolicy
from ladle_runtime.handoff.custom_resource import Request, RequestKind, put, serve

_log = logging.getLogger(__name__)


def handle(event: Mapping[str, Any], _context: object) -> Mapping[str, Any]:
    """A custom resource's event, or ``{"retire": {"target": …, "model": …, "releases": [3]}}``."""
    if "retire" in event:
        asked = event["retire"]
        home = Home(Target(asked["target"]), asked.get("base", 0))
        retire(_ports(home), asked["model"], asked["releases"])
        return {"retired": asked["releases"]}
    properties = event["ResourceProperties"]
    home = Home(Target(properties["Target"]), int(properties.get("Base", 0)))
    physical_id = f"ladle-release-{properties['Model']}"
    serve(event, physical_id, lambda request: answer(_ports(home), request), put)
    return {}


def answer(ports: HandOff, request: Request) -> Mapping[str, str]:
    """The attributes of ``Custom::LadleRelease``."""
    if request.kind is RequestKind.DELETE:
        _take_down(ports, request.properties["Model"])
        return {}
    done = hand_over(ports, wanted(request))
    return {"Version": str(done.version), **done.attributes}


def _take_down(ports: HandOff, model: str) -> None:
    """A stack that cannot be deleted is worse than what it leaves behind."""
    for what, left in (("alarms", ports.alarms), ("versions", ports.versions)):
        try:
            left.delete_all(model)
        except Exception:  # noqa: BLE001 - whatever is missing, the stack must go
            _log.exception("the %s of %s are left behind: delete them by hand", what, model)


def wanted(request: Request) -> Wanted:
    """Reads the properties; CloudFormation knows only strings, so absent is empty."""
    properties = request.properties
    return Wanted(
        model=properties["Model"],
        release_digest=properties["ReleaseDigest"],
        model_digest=properties["ModelDigest"],
        experiment_id=properties.get("ExperimentId") or None,
        policy=RolloutPolicy.from_json(json.loads(properties["Policy"])),
        topic_arn=properties["TopicArn"],
        stack_id=request.stack_id,
        request_id=request.id,
        before=request.before.get("ReleaseDigest"),
        target=Target(properties["Target"]),
        packaging=Packaging(packed) if (packed := properties.get("Packaging")) else None,
        runtime=Runtime(**runtime) if (runtime := properties.get("ServingRuntime")) else None,
        serving=properties.get("Serving", {}),
        grants=tuple(properties.get("Grants", ())),
        kept=tuple(properties.get("Kept", ())),
    )


@cache
def _ports(home: Home) -> HandOff:
    aws, clock = AwsSession(), SystemClock()
    return HandOff(
        versions=VERSIONS[home.target](aws, clock, home.base),
        alarms=AwsReleaseAlarms(aws.cloudwatch, home),
        ledger=AwsReleaseLedger(aws.dynamodb),
        inbox=AwsReleaseInbox(aws.dynamodb),
        bundles=AwsBundleStore(aws.s3, names.store_bucket(aws.account, aws.region)),
        stacks=AwsStackReader(aws.cloudformation),
        clock=clock,
        manifests=DynamoManifestStore(aws.dynamodb),
    )
