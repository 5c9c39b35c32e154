"""The CDK builds no image whose tag the repository holds: what copies and CodeBuild's images rest on.

Its own command line against moto's server; whoever would build is ``false``, so that a build fails.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from ladle.testing.images import image
from ladle.tools import processes
from ladle.tools.assembly import images_of
from ladle.tools.cdk import find_cdk

pytestmark = [pytest.mark.gate, pytest.mark.timeout(600)]
APP = """
import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as assets
app = cdk.App(analytics_reporting=False)
assets.DockerImageAsset(cdk.Stack(app, "one"), "Image", directory="image")
app.synth()
"""
ACCOUNT, REGION = "123456789012", "eu-west-1"
WHERE = f"{ACCOUNT}-{REGION}"


@pytest.fixture
def aws() -> Iterator[Mapping[str, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        _wait_for(port)
        yield {
            **processes.inherited(),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DOCKER": "false",
        }
        server.terminate()


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("moto's server does not listen")


def test_an_image_that_is_there_is_not_built(
    aws: Mapping[str, str], tmp_path: Path, root: Path
) -> None:
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "app.py").write_text(APP)
    _cdk(root, tmp_path, aws, "synth", "--app", f"{sys.executable} app.py", "--output", "made")
    [wanted] = images_of(tmp_path / "made", ["one"])
    _bootstrap(aws)
    deploy = ("deploy", "one", "--app", "made", "--require-approval", "never", "--ci")
    assert "Building Image" in _cdk(root, tmp_path, aws, *deploy)
    made, _ = image(b"a layer")
    _client("ecr", aws).put_image(
        repositoryName=f"cdk-hnb659fds-container-assets-{WHERE}",
        imageManifest=made.content,
        imageTag=wanted.tag,
    )
    assert "Building Image" not in _cdk(root, tmp_path, aws, *deploy)


def _cdk(root: Path, folder: Path, aws: Mapping[str, str], *words: str) -> str:
    """What it prints; how its deploys end is CloudFormation's, which moto plays in part."""
    done = subprocess.run(
        [str(find_cdk(root)), *words, "--no-notices"],
        cwd=folder,
        env=dict(aws),
        capture_output=True,
        text=True,
        check=words[0] == "synth",
    )
    return done.stdout + done.stderr


def _bootstrap(aws: Mapping[str, str]) -> None:
    """As much of it as an image needs."""
    version = "/cdk-bootstrap/hnb659fds/version"
    _client("ssm", aws).put_parameter(Name=version, Value="30", Type="String")
    _client("ecr", aws).create_repository(repositoryName=f"cdk-hnb659fds-container-assets-{WHERE}")
    _client("s3", aws).create_bucket(
        Bucket=f"cdk-hnb659fds-assets-{WHERE}",
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )


def _client(service: str, aws: Mapping[str, str]) -> Any:
    names: Any = service
    return boto3.client(  # noqa: TID251 - Ladle itself has no business with SSM
        names,
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
