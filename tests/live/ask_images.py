"""How functions start on Lambda itself: from images and snapshots, in networks, warm and years old."""

from __future__ import annotations

import re
from statistics import median
from typing import Any

from tests.live.ask_deploying import first
from tests.live.checks import Needs, asked, by_hand
from tests.live.leavings import empty
from tests.live.place import Place
from tests.story.tiny_model import tiny_model

from ladle import names
from ladle.policy.statuses import Phase

INIT = re.compile(r"Init Duration: ([\d.]+) ms")
RESTORE = re.compile(r"Restore Duration: ([\d.]+) ms")


def as_image(place: Place) -> str:
    """A model whose function is an image of Lambda's own base."""
    return place.proven("image", packaging="image")


@asked("images.base", needs=Needs.BASE_IMAGES)
def the_image_builds(place: Place) -> str:
    name = place.once(as_image)
    found = place.session.lambda_.get_function(FunctionName=names.function(name))
    assert found["Configuration"]["PackageType"] == "Image"
    return f"{found['Code']['ImageUri'].rpartition(':')[2][:12]} is served as an image"


@asked("images.wheels", needs=Needs.BASE_IMAGES)
def every_wheel_loads(place: Place) -> str:
    name = place.once(as_image)
    status, answer = place.ask(name)
    assert status == 200, answer
    return "onnxruntime, numpy and the parsers answered under Amazon Linux"


@asked("images.cold-start", needs=Needs.BASE_IMAGES)
def a_cold_start_takes(place: Place) -> str:
    name = place.once(as_image)
    place.deal(name, 200)
    found = place.until(
        "a cold start is reported",
        lambda: INIT.findall("\n".join(place.logged(names.log_group(name), '"Init Duration"'))),
        300,
    )
    return f"{len(found)} cold starts, median {median(map(float, found)):.0f} ms at 1,769 MB"


@asked("images.active", needs=Needs.BASE_IMAGES)
def a_retry_publishes_nothing(place: Place) -> str:
    name = place.once(as_image)
    before = place.versions(name)
    again = place.deploy(name)[name]["status"]
    assert (again, place.versions(name)) == ("unchanged", before)
    return f"{again}; versions {sorted(before)}"


@asked("images.bundle")
def the_bundle_is_read_over_tls(place: Place) -> str:
    name = place.once(first)
    found = place.session.lambda_.get_function(FunctionName=names.function(name))
    variables = found["Configuration"]["Environment"]["Variables"]
    assert "AWS_ENDPOINT_URL" not in variables
    assert place.ask(name)[0] == 200
    return f"{variables['LADLE_BUNDLE_KEY']} at version {variables['LADLE_BUNDLE_VERSION'][:12]}"


@asked("images.object", here=True)
def the_pinned_version_is_served(place: Place) -> str:
    name = place.named("object")
    bucket = f"ladle-{name}-{place.session.account}"
    s3 = place.session.s3
    where: Any = {"LocationConstraint": place.session.region}
    s3.create_bucket(
        Bucket=bucket,
        **({} if place.session.region == "us-east-1" else {"CreateBucketConfiguration": where}),
    )
    try:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=bucket, Key="model.onnx", Body=tiny_model(threshold=0.0))
        place.write(name)
        place.shop.ladle("pin", name, f"s3://{bucket}/model.onnx")
        s3.put_object(Bucket=bucket, Key="model.onnx", Body=tiny_model(threshold=1.0))
        place.deploy(name)
        place.wait(name, lambda state: state.phase is Phase.BASELINE)
        _, answer = place.ask(name)
    finally:
        empty(place.session, bucket)
    assert answer["predictions"] == [{"label": 1}], answer
    return "the version that was pinned answers, not the newest"


def warm(place: Place) -> str:
    """A model with an instance that waits, whose second release is tried."""
    keys = {"compute": "{timeout_s: 5, warm: 1}"}
    return place.tried(place.proven("warm", **keys), **keys)


def provisioned(place: Place, name: str) -> list[str]:
    found = place.session.lambda_.list_provisioned_concurrency_configs(
        FunctionName=names.function(name)
    )["ProvisionedConcurrencyConfigs"]
    return sorted(row["FunctionArn"].rpartition(":")[2] for row in found)


@asked("images.warm")
def both_releases_are_kept_warm(place: Place) -> str:
    name = place.once(warm)
    place.until("both versions have instances", lambda: provisioned(place, name) == ["1", "2"], 600)
    place.shop.ladle("rollback", name, "--yes")
    place.settle(name)
    place.until("release 2 has none any more", lambda: provisioned(place, name) == ["1"], 600)
    return "versions 1 and 2 on trial, 1 after it"


@asked("images.warm-gone")
def a_deleted_stack_leaves_none(place: Place) -> str:
    name = place.once(warm)
    place.shop.ladle("destroy", name, "--yes")
    listed = place.session.lambda_.get_paginator("list_functions").paginate()
    there = [row["FunctionName"] for page in listed for row in page["Functions"]]
    assert names.function(name) not in there
    return "the function is gone, and its instances with it"


@asked("images.snap-start")
def snapshots_start_faster(place: Place) -> str:
    name = place.proven("snapped", packaging="zip", compute="{timeout_s: 5, snap_start: true}")
    ids = {place.ask(name)[1]["prediction_id"] for _ in range(20)}
    place.deal(name, 100)
    lines = place.until(
        "a restore is reported",
        lambda: RESTORE.findall(
            "\n".join(place.logged(names.log_group(name), '"Restore Duration"'))
        ),
        300,
    )
    assert len(ids) == 20, "two answers had one id"
    return f"{len(lines)} restores, median {median(map(float, lines)):.0f} ms; 20 ids of 20 calls"


@asked("images.reserved")
def too_much_is_refused(place: Place) -> str:
    name = place.named("reserved")
    place.write(name, compute="{timeout_s: 5, reserved: 950}")
    _, said = place.shop.ladle("deploy", name, "--yes", expect=(0, 1))
    refused = [line for line in said if "concurren" in line.lower()]
    if not refused:
        return "the account has room for 950: nothing was refused"
    return refused[-1].strip()


def parameter(place: Place, name: str) -> str:
    """A parameter that one model may read, named after it."""
    key = f"/{name}/greeting"
    place.client("ssm").put_parameter(
        Name=key, Value="hello", Type="SecureString", Overwrite=True, Tags=[]
    )
    return key


@asked("images.secrets")
def its_own_secret_is_read(place: Place) -> str:
    name = place.named("secret")
    key = parameter(place, name)
    try:
        place.proven("secret", secrets=f"{{GREETING: 'ssm:{key}'}}")
        status, answer = place.ask(name)
        assert status == 200, answer
        errors = place.logged(names.log_group(name), "LD440")
        assert not errors, errors[0]
    finally:
        place.client("ssm").delete_parameter(Name=key)
    return f"started with {key}, no LD440"


@asked("images.old-version")
def an_older_version_starts(place: Place) -> str:
    """That it does after a month, nobody can ask in an afternoon."""
    name = place.tried(place.proven("older"))
    place.shop.ladle("promote", name, "--yes")
    place.wait(name, lambda s: s.phase in (Phase.HOLDBACK, Phase.STABLE))
    place.shop.ladle("rollback", name, "--yes")
    place.settle(name)
    assert place.deal(name, 20) == {1: 20}
    return "release 1 answered 20 of 20 calls after release 2 had been promoted"


by_hand(
    {
        "images.copied": "needs two accounts",
        "images.publisher": "needs two accounts, and somebody without rights of their own",
        "images.codebuild": "needs a machine without an engine; its minutes are billed",
        "images.kept-wheels": "needs two Ladles whose locks differ",
        "images.user": "the log shows the user, the configuration the disk",
        "images.failure-lines": "words of the platform's to compare by eye",
        "images.network": "needs a network of the account with an endpoint for S3",
        "images.large-model": "needs a model of gigabytes",
        "images.arm64": "needs a builder for arm64",
    }
)
