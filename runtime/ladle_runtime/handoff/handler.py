"""Hands a release over to the controller when CloudFormation asks; retires releases on request."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ladle import names
from ladle.actions.hand_over import HandOff, hand_over, leave, retire
from ladle.actions.wanted_release import Wanted
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
    """A custom resource's event, or ``{"retire": {"target": …, "base": …, "model": …, "releases": [3]}}``."""
    if "retire" in event:
        asked = event["retire"]
        home = Home(Target(asked["target"]), int(asked.get("base", 0)))
        retire(_ports(home), asked["model"], asked["releases"])
        return {"retired": asked["releases"]}
    physical_id = f"ladle-release-{event['ResourceProperties']['Model']}"
    serve(event, physical_id, lambda request: answer(_ports, request), put)
    return {}


def answer(ports_of: Callable[[Home], HandOff], request: Request) -> Mapping[str, str]:
    """The attributes of ``Custom::LadleRelease``."""
    model, homes = request.properties["Model"], _homes(request.properties)
    if request.kind is RequestKind.DELETE:
        for home in homes:
            _take_down(ports_of(home), model)
        return {}
    asked = wanted(request)
    ports = ports_of(asked.home)
    done = hand_over(ports, asked)
    for home in _homes(request.before) - homes:
        try:
            leave(ports_of(home), home, model, done.version)
        except Exception:
            if not ports.stacks.is_rolling_back(request.stack_id):
                raise
            _log.exception("%s on %s is left behind: delete it by hand", model, home.target)
    return {"Version": str(done.version), **done.attributes}


def _homes(properties: Mapping[str, Any]) -> frozenset[Home]:
    """Where a stack with these properties keeps releases: one home, two while the model moves."""
    both = (properties, properties.get("Leaves"))
    return frozenset(_home(named) for named in both if named)


def _home(properties: Mapping[str, Any]) -> Home:
    """The first home of a model says no base, and had no other target once."""
    return Home(Target(properties.get("Target", Target.LAMBDA)), int(properties.get("Base", 0)))


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
    home, leaves = _home(properties), properties.get("Leaves")
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
        target=home.target,
        packaging=Packaging(packed) if (packed := properties.get("Packaging")) else None,
        runtime=Runtime(**runtime) if (runtime := properties.get("ServingRuntime")) else None,
        serving=properties.get("Serving", {}),
        grants=tuple(properties.get("Grants", ())),
        kept=tuple(properties.get("Kept", ())),
        base=home.base,
        leaves=_home(leaves) if leaves else None,
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
