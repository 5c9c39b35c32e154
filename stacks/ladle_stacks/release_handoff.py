"""What makes a release: a copy of its model before the function changes, a version after it.

Both custom resources live in the model's own stack and find the platform by fixed names. No
template holds a version or an alias: the hand-off makes them, the controller moves them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from ladle import digest, names
from ladle.planning import permissions
from ladle.planning.service_spec import Left, ServiceSpec
from ladle.project.function_code import HANDOFF_ENTRIES
from ladle_stacks import arns
from ladle_stacks.functions import FunctionPlan, ZipCode, own_function
from ladle_stacks.grants import handing_grants
from ladle_stacks.home import home_of
from ladle_stacks.host import Host

# CloudFormation waits for an answer this long, in place of an hour; the functions give up before.
_ANSWER_S = 360


@dataclass(frozen=True, slots=True)
class Handing:
    """The function that releases are handed over by, and the model copy that the next one reads."""

    handoff: lambda_.CfnFunction
    bundle: cdk.CfnCustomResource
    rights: Sequence[cdk.CfnResource] = ()  # beside those of its role, while it needs them


def bundle_and_handoff(scope: Construct, host: Host, spec: ServiceSpec) -> Handing:
    staged = host.stage_platform(tuple(HANDOFF_ENTRIES.values()))
    code = ZipCode(scope, "HandoffCode", staged, host.python())
    handoff = own_function(scope, _handoff_plan(spec), code)
    asset, locator, pinned = _model_asset(scope, spec), spec.source.locator, spec.source.object
    bundler = own_function(scope, _bundle_plan(spec, asset), code)
    bundle = _custom(
        home_of(scope, spec),  # what a home's function was told of it must not change
        "Bundle",
        "Custom::LadleBundle",
        bundler,
        {
            "Model": spec.model,
            "ReleaseDigest": spec.release_digest,
            "ModelDigest": spec.model_digest,
            "FileName": spec.source.file_name,
            "ModelIn": str(spec.model_in) if spec.is_in_image else None,
            "StoreKey": spec.store_key,
            "StoreVersion": locator.version_id if locator and spec.store_key else None,
            "ObjectBucket": pinned.bucket if pinned else None,
            "ObjectKey": pinned.key if pinned else None,
            "ObjectVersion": pinned.version_id if pinned else None,
            "AssetBucket": asset.s3_bucket_name if asset else None,
            "AssetKey": asset.s3_object_key if asset else None,
        },
    )
    return Handing(handoff, bundle, tuple(handing_grants(scope, spec)))


def release(
    scope: Construct,
    handing: Handing,
    first: cdk.CfnResource | None,
    spec: ServiceSpec,
    serving: Mapping[str, Any],
) -> cdk.CfnCustomResource:
    """Handed over after ``first`` is as it shall be, if anything, and whatever it refers to.

    ``serving`` is what the target's versions are made of; docs/formats.md has it target by target.
    """
    made = _custom(
        scope,
        "Release",
        "Custom::LadleRelease",
        handing.handoff,
        {
            "Model": spec.model,
            "Target": str(spec.target),
            "Packaging": str(spec.packaging),
            "ServingRuntime": asdict(spec.built_with) if spec.built_with else None,
            "ReleaseDigest": spec.release_digest,
            "ModelDigest": spec.model_digest,
            "ExperimentId": spec.experiment_id,
            "Grants": list(permissions.of_this_release(spec)) or None,
            "Kept": list(spec.kept) or None,
            "Serving": {k: v for k, v in serving.items() if v is not None} or None,
            "Policy": digest.canonical_json(spec.policy.to_json()).decode(),
            "TopicArn": arns.topic(),
            "Base": str(spec.base) if spec.base else None,
            "Leaves": _leaves(spec.left),
        },
    )
    for needed in (*([first] if first else ()), *handing.rights):
        made.add_resource_dependency(needed)
    return made


def _leaves(left: Left | None) -> Mapping[str, str] | None:
    return {"Target": str(left.home.target), "Base": str(left.home.base)} if left else None


def read_from_the_store(bundle: cdk.CfnCustomResource) -> Mapping[str, str]:
    """Of the environment of a process that fetches its model itself."""

    def of_bundle(attribute: str) -> str:
        return bundle.get_att(attribute).to_string()

    return {
        "LADLE_BUNDLE_BUCKET": of_bundle("Bucket"),
        "LADLE_BUNDLE_KEY": of_bundle("Key"),
        "LADLE_BUNDLE_VERSION": of_bundle("VersionId"),
        "LADLE_BUNDLE_SHA256": of_bundle("Sha256"),
        "LADLE_LOG_KEY": of_bundle("LogKey"),
    }


def _custom(
    scope: Construct,
    id_: str,
    type_: str,
    function: lambda_.CfnFunction,
    properties: Mapping[str, Any],
) -> cdk.CfnCustomResource:
    made = cdk.CfnCustomResource(
        scope, id_, service_token=function.attr_arn, service_timeout=_ANSWER_S
    )
    made.add_override("Type", type_)
    for name, value in properties.items():
        if value is not None:
            made.add_property_override(name, value)
    return made


def _model_asset(scope: Construct, spec: ServiceSpec) -> s3_assets.Asset | None:
    """The model's file, when the checkout has it: by its content, so that it is uploaded once."""
    if spec.source.path is None or spec.is_in_image:
        return None
    hash_ = digest.hex_of(spec.model_digest)
    return s3_assets.Asset(scope, "ModelFile", path=spec.source.path, asset_hash=hash_)


def _handoff_plan(spec: ServiceSpec) -> FunctionPlan:
    return FunctionPlan(
        "Handoff",
        names.handoff_function(spec.model),
        HANDOFF_ENTRIES["handoff"],
        f"Ladle: hands releases of {spec.model} over to the controller",
        permissions.handoff(spec),
        timeout_s=300,
    )


def _bundle_plan(spec: ServiceSpec, asset: s3_assets.Asset | None) -> FunctionPlan:
    arn = asset.bucket.arn_for_objects(asset.s3_object_key) if asset else None
    return FunctionPlan(
        "Bundler",
        names.bundle_function(spec.model),
        HANDOFF_ENTRIES["bundle"],
        f"Ladle: copies each release's model of {spec.model}, once",
        permissions.bundle(
            spec.model,
            spec.store_key,
            permissions.uploaded(arn) if arn else None,
            spec.source.object,
        ),
        timeout_s=300,
    )
