"""Copies a release's model once, when CloudFormation asks, and derives its line key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ladle import names
from ladle.actions.make_bundle import Source, WantedBundle, make_bundle
from ladle.aws.bundle_store import AwsBundleStore
from ladle.aws.master_key import MasterKey
from ladle.aws.session import AwsSession
from ladle.catalog import ModelIn
from ladle.digest import Digest
from ladle.ports import BundleStore
from ladle.quality.line_keys import line_key
from ladle_runtime.handoff.custom_resource import Request, RequestKind, put, serve


@dataclass(frozen=True, slots=True)
class Store:
    """The store's bucket, and the key that model keys are derived from."""

    bucket: str
    bundles: BundleStore
    master: MasterKey


def handle(event: Mapping[str, Any], _context: object) -> Mapping[str, Any]:
    physical_id = f"ladle-bundle-{event['ResourceProperties']['Model']}"
    serve(event, physical_id, lambda request: answer(_store(), request), put, secret=True)
    return {}


def answer(store: Store, request: Request) -> Mapping[str, str]:
    """The attributes of ``Custom::LadleBundle``; a deleted stack leaves its bundles in the store."""
    if request.kind is RequestKind.DELETE:
        return {}
    log_key = line_key(store.master.read(), request.properties["Model"]).hex()
    if request.properties.get("ModelIn") == ModelIn.IMAGE:  # which has the model already
        return {"LogKey": log_key}
    asked = wanted(request.properties)
    made = make_bundle(store.bundles, asked)
    return {
        "Bucket": store.bucket,
        "Key": made.key,
        "VersionId": made.version_id,
        "Sha256": made.sha256,
        "LogKey": log_key,
    }


def wanted(properties: Mapping[str, Any]) -> WantedBundle:
    """The store is asked before the asset: a pinned model's bytes are what was recorded."""
    sources = []
    if properties.get("StoreKey"):
        version = properties.get("StoreVersion") or None
        sources.append(Source(None, properties["StoreKey"], version))
    if properties.get("ObjectKey"):
        version = properties["ObjectVersion"]
        sources.append(Source(properties["ObjectBucket"], properties["ObjectKey"], version))
    if properties.get("AssetKey"):
        sources.append(Source(properties["AssetBucket"], properties["AssetKey"], None))
    return WantedBundle(
        model=properties["Model"],
        release_digest=properties["ReleaseDigest"],
        model_digest=Digest.parse(properties["ModelDigest"]),
        file_name=properties["FileName"],
        sources=tuple(sources),
    )


@cache
def _store() -> Store:
    aws = AwsSession()
    bucket = names.store_bucket(aws.account, aws.region)
    return Store(bucket, AwsBundleStore(aws.s3, bucket), MasterKey(aws.secrets))
