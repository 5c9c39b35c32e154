"""An image that this machine cannot build is built by the platform's project, on moto's CodeBuild.

moto's builds succeed at once and build nothing; how one ends is played here by AWS's own answers.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.contract.training.conftest import FakeClock

from ladle import names
from ladle.aws.image_builds import CodeBuildImages
from ladle.aws.session import AwsSession
from ladle.errors import LadleError
from ladle.ports import ImageSource
from ladle.tools.assembly import images_of

TAG = "a" * 64
STORE = "ladle-store-123456789012-eu-west-1"
REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@dataclass
class Project:
    """CodeBuild with one project, or none yet; ``ends`` is how its builds go on, look by look."""

    s3: Any
    ends: list[str]
    exists: bool = True
    started: list[dict[str, Any]] = field(default_factory=list)
    sources: list[bytes] = field(default_factory=list)

    def make(self) -> None:
        self.exists = True

    def batch_get_projects(self, names: list[str]) -> Any:
        return {"projects": [{"name": name} for name in names if self.exists]}

    def start_build(self, **asked: Any) -> Any:
        assert self.exists
        self.started.append(asked)
        bucket, _, key = asked["sourceLocationOverride"].partition("/")
        self.sources.append(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return {"build": {"id": f"{asked['projectName']}:1"}}

    def batch_get_builds(self, ids: list[str]) -> Any:
        log = {"groupName": names.BUILD_LOG, "streamName": "1"}
        return {"builds": [{"id": ids[0], "buildStatus": self.ends.pop(0), "logs": log}]}


@pytest.fixture
def aws() -> Iterator[AwsSession]:
    from moto import mock_aws

    with mock_aws():
        session = AwsSession("eu-west-1")
        session.s3.create_bucket(
            Bucket=STORE, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield session


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    folder = tmp_path / "asset"
    (folder / "code").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "code" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "code" / "run.sh").chmod(0o755)
    return folder


def builder(aws: AwsSession, project: Project) -> CodeBuildImages:
    repository = f"{REGISTRY}/cdk-assets"
    return CodeBuildImages(project, aws.s3, aws.logs, STORE, repository, FakeClock(), project.make)


def variables(asked: dict[str, Any]) -> dict[str, str]:
    return {v["name"]: v["value"] for v in asked["environmentVariablesOverride"]}


def test_what_is_staged_is_built_under_the_tag_that_the_cdk_gave(
    aws: AwsSession, staged: Path
) -> None:
    project = Project(aws.s3, ["IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED"])
    builder(aws, project).build(ImageSource(TAG, staged, "linux/amd64", {"PYTHON": "3.13"}))
    [asked] = project.started
    assert variables(asked) == {
        "IMAGE": f"{REGISTRY}/cdk-assets:{TAG}",
        "REGISTRY": REGISTRY,
        "PLATFORM": "linux/amd64",
        "ARGUMENTS": "--build-arg PYTHON=3.13",
    }
    archive = zipfile.ZipFile(io.BytesIO(project.sources[0]))
    assert archive.namelist() == ["Dockerfile", "code/run.sh"]
    assert archive.getinfo("code/run.sh").external_attr >> 16 & 0o111, "it can be run still"
    assert aws.s3.list_objects_v2(Bucket=STORE)["KeyCount"] == 0, "the sources were needed once"


def test_a_store_that_takes_no_sources_is_named(aws: AwsSession, staged: Path) -> None:
    aws.s3.delete_bucket(Bucket=STORE)
    project = Project(aws.s3, [])
    with pytest.raises(LadleError, match=r"LD318.*to build the image aaaa"):
        builder(aws, project).build(ImageSource(TAG, staged, "linux/amd64"))


def test_an_image_for_arm_is_built_on_arm(aws: AwsSession, staged: Path) -> None:
    project = Project(aws.s3, ["SUCCEEDED"])
    builder(aws, project).build(ImageSource(TAG, staged, "linux/arm64"))
    assert project.started[0]["environmentTypeOverride"] == "ARM_CONTAINER"


def test_the_first_build_of_an_account_waits_for_its_project(aws: AwsSession, staged: Path) -> None:
    project = Project(aws.s3, ["SUCCEEDED"], exists=False)
    builder(aws, project).build(ImageSource(TAG, staged, "linux/amd64"))
    assert project.started


@pytest.mark.parametrize("end", ["FAILED", "TIMED_OUT", "STOPPED"])
def test_a_build_that_fails_says_its_last_lines(aws: AwsSession, staged: Path, end: str) -> None:
    aws.logs.create_log_group(logGroupName=names.BUILD_LOG)
    aws.logs.create_log_stream(logGroupName=names.BUILD_LOG, logStreamName="1")
    said = [f"step {n}" for n in range(40)] + ["ERROR: no matching distribution for nothing==1"]
    aws.logs.put_log_events(
        logGroupName=names.BUILD_LOG,
        logStreamName="1",
        logEvents=[{"timestamp": 1_795_400_000_000 + n, "message": m} for n, m in enumerate(said)],
    )
    project = Project(aws.s3, [end])
    with pytest.raises(LadleError, match=f"LD263.*{end}") as raised:
        builder(aws, project).build(ImageSource(TAG, staged, "linux/amd64"))
    told = raised.value.finding.what
    assert "no matching distribution" in told
    assert "step 3\n" not in told, "the tail, not all of it"


def test_a_build_without_a_log_still_says_that_it_failed(aws: AwsSession, staged: Path) -> None:
    project = Project(aws.s3, ["FAULT"])
    project.batch_get_builds = lambda ids: {"builds": [{"buildStatus": "FAULT"}]}  # type: ignore[method-assign]
    with pytest.raises(LadleError, match="LD263"):
        builder(aws, project).build(ImageSource(TAG, staged, "linux/amd64"))


def test_the_images_of_an_assembly_are_those_of_the_stacks_that_go(tmp_path: Path) -> None:
    source = {
        "directory": "asset.a",
        "dockerBuildArgs": {"PYTHON": "3.13"},
        "platform": "linux/arm64",
    }
    written = {"files": {}, "dockerImages": {TAG: {"source": source}}}
    for stack in ("ladle-model-a", "ladle-model-b"):
        (tmp_path / f"{stack}.assets.json").write_text(json.dumps(written))
    found = images_of(tmp_path, ["ladle-model-a", "ladle-model-b", "ladle-model-without"])
    assert found == (ImageSource(TAG, tmp_path / "asset.a", "linux/arm64", {"PYTHON": "3.13"}),)
