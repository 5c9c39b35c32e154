"""Versions, alarms and bundles on every adapter; what an emulator does not enforce is listed here."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from ladle import names
from ladle.aws.bundle_store import AwsBundleStore
from ladle.aws.release_alarms import AwsReleaseAlarms
from ladle.aws.session import AwsSession
from ladle.aws.versions.lambda_function import FunctionVersions
from ladle.catalog import Target
from ladle.policy.lock import Home
from ladle.ports import BundleStore, ReleaseAlarms, ReleaseVersions
from ladle.testing.hand_off import FakeBundleStore, FakeFunctionVersions, FakeReleaseAlarms

ADAPTERS = ["fake", "moto", pytest.param("ministack", marks=pytest.mark.embedded)]
BUCKET = "ladle-store-hand-off"
# What an adapter does not do, though AWS does. Tests that need it skip with that reason.
EXCEPTIONS = {
    "moto": {"tells a function's revision, on which publishing is conditional"},
    "ministack": set[str](),
    "fake": set[str](),
}


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def session(adapter: str, request: pytest.FixtureRequest) -> Iterator[AwsSession | None]:
    if adapter == "moto":
        from moto import mock_aws

        with mock_aws():
            yield AwsSession("us-east-1")
    elif adapter == "ministack":
        yield AwsSession("us-east-1", request.getfixturevalue("ministack_endpoint"), embedded=True)
    else:
        yield None


@pytest.fixture
def model(request: pytest.FixtureRequest) -> str:
    """A function of its own for each test, since the emulator outlives them."""
    return "m-" + request.node.name.partition("[")[0].removeprefix("test_").replace("_", "-")[:30]


@pytest.fixture(params=[0, 7], ids=["first home", "second home"])
def base(request: pytest.FixtureRequest) -> int:
    """Of the home that is looked at: what it publishes counts on from there."""
    return int(request.param)


@dataclass(frozen=True)
class Lambda:
    """``deploy`` does what CloudFormation does before a hand-off: the function, never a version."""

    versions: ReleaseVersions
    deploy: Callable[[str, str], str]


@pytest.fixture
def lambda_(session: AwsSession | None, base: int) -> Lambda:
    if session is None:
        fake = FakeFunctionVersions(base)

        def deploy_fake(model: str, release_hex: str) -> str:
            fake.deploy(model, release_hex, "code")
            return "code"

        return Lambda(fake, deploy_fake)
    return Lambda(
        FunctionVersions(session.lambda_, base),
        lambda model, hex_: _deploy(session, names.function(model, base), hex_),
    )


def _deploy(session: AwsSession, name: str, release_hex: str) -> str:
    """Returns the CodeSha256 of what is deployed now."""
    environment = {"Variables": {"LADLE_RELEASE_DIGEST": release_hex}}
    client = session.lambda_
    try:
        client.update_function_configuration(FunctionName=name, Environment=environment)  # type: ignore[arg-type]
    except client.exceptions.ResourceNotFoundException:
        client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=_role(session),
            Handler="index.handle",
            Code={"ZipFile": _zip()},
            Environment=environment,  # type: ignore[arg-type]
        )
    return client.get_function_configuration(FunctionName=name)["CodeSha256"]


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = zipfile.ZipInfo("index.py", (1980, 1, 1, 0, 0, 0))
        archive.writestr(info, "def handle(event, context):\n    return {}\n")
    return packed.getvalue()


def _role(session: AwsSession) -> str:
    iam = session._boto.client("iam", endpoint_url=session._endpoint)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
        ],
    }
    try:
        made = iam.create_role(RoleName="hand-off", AssumeRolePolicyDocument=json.dumps(trust))
    except iam.exceptions.EntityAlreadyExistsException:
        made = iam.get_role(RoleName="hand-off")
    return str(made["Role"]["Arn"])


@pytest.fixture
def publishes(adapter: str) -> None:
    """For tests that publish."""
    for exception in EXCEPTIONS[adapter]:
        pytest.skip(f"{adapter} never {exception}")


@pytest.fixture
def warm(session: AwsSession | None, lambda_: Lambda, base: int) -> Callable[[str, int], int]:
    """How many instances of a release wait for requests."""

    def found(model: str, release: int) -> int:
        if isinstance(lambda_.versions, FakeFunctionVersions):
            return lambda_.versions.warm.get(model, {}).get(release, 0)
        assert session is not None
        client = session.lambda_
        try:
            kept = client.get_provisioned_concurrency_config(
                FunctionName=names.function(model, base), Qualifier=str(release - base)
            )
        except client.exceptions.ProvisionedConcurrencyConfigNotFoundException:
            return 0
        return kept["RequestedProvisionedConcurrentExecutions"]

    return found


@pytest.fixture
def alarms(session: AwsSession | None, base: int) -> ReleaseAlarms:
    if session is None:
        return FakeReleaseAlarms()
    return AwsReleaseAlarms(session.cloudwatch, Home(Target.LAMBDA, base))


@pytest.fixture
def alarm_names(session: AwsSession | None, alarms: ReleaseAlarms) -> Callable[[str], set[str]]:
    """The native alarms of a model that exist now."""

    def found(model: str) -> set[str]:
        if isinstance(alarms, FakeReleaseAlarms):
            return {names.native_alarm(m, n) for m, n in alarms.alarms if m == model}
        assert session is not None
        prefix = f"ladle-{model}.errors-"
        answer = session.cloudwatch.describe_alarms(AlarmNamePrefix=prefix)
        return {alarm["AlarmName"] for alarm in answer["MetricAlarms"]}

    return found


@pytest.fixture
def bundles(session: AwsSession | None) -> BundleStore:
    if session is None:
        return FakeBundleStore({(None, "b/1", None): b"the model"})
    session.s3.create_bucket(Bucket=BUCKET)
    session.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    session.s3.put_object(Bucket=BUCKET, Key="b/1", Body=b"the model")
    return AwsBundleStore(session.s3, BUCKET)
