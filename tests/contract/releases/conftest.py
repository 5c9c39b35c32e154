"""Ledger, inbox and alias on every adapter; what an emulator does not enforce is listed here."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import pytest
from tests.contract.releases import moving_router, sagemaker_router, stage_router
from tests.contract.releases.ecs_router import in_the_strict_world, on_moto

from ladle import names
from ladle.aws.release_inbox import AwsReleaseInbox
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.aws.traffic.lambda_function import LambdaAliasRouter
from ladle.catalog import Target
from ladle.disk.release_inbox import DiskReleaseInbox
from ladle.disk.release_ledger import DiskReleaseLedger
from ladle.disk.traffic_router import DiskTrafficRouter
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import ReleaseInbox, ReleaseLedger, TrafficRouter
from ladle.simulation.memory import MemoryLedger, MemoryRouter

MODEL = "contract"
TABLE = "ladle-releases-contract"
ROLE = "ladle-contract-role"
VERSIONS = (1, 2, 3)
# Answers a probe as a serving function does, 200 once its model is loaded; says which it is.
HANDLER = (
    "import json\n"
    "def handle(event, context):\n"
    "    body = json.dumps({'function': context.function_name})\n"
    "    return {'statusCode': 200, 'body': body}\n"
)
ADAPTERS = ["memory", "disk", "moto", pytest.param("ministack", marks=pytest.mark.embedded)]

# What an adapter does not do, though AWS does. A test that needs it skips by name.
EXCEPTIONS = {
    "moto": {
        "refuses a stale revision",
        "refuses a version that does not exist",
        "runs a function",
        "changes the revision with each write",
    },
    "ministack": {"refuses a version that does not exist"},
    "serverless on moto": {"keeps a share of a stage"},
    "serverless behind a REST API on moto": {"keeps a share of a stage"},
}
EXCEPTIONS |= {
    f"{kind} on {name}": lacks
    for kind in ("second home", "behind one door", "behind a REST API")
    for name, lacks in EXCEPTIONS.items()
    if " " not in name
}
ON_SAGEMAKER = {
    "sagemaker behind a REST API": Target.SAGEMAKER,
    "serverless behind a REST API": Target.SAGEMAKER_SERVERLESS,
}
STRICT_WORLDS = {
    "ecs": in_the_strict_world,
    "sagemaker": sagemaker_router.on_sagemaker,
    "serverless": stage_router.on_a_stage,
    "behind one door": moving_router.behind_a_door,
    **{n: partial(moving_router.behind_a_stage, t) for n, t in ON_SAGEMAKER.items()},
}
ON_MOTO: dict[str, Callable[[AwsSession, str, tuple[int, ...]], sagemaker_router.Opens]] = {
    "sagemaker": sagemaker_router.on_moto,
    "serverless": stage_router.on_moto,
    **{n: partial(moving_router.behind_a_stage_on_moto, t) for n, t in ON_SAGEMAKER.items()},
}
BASES = {"second home on moto": 7, "second home on ministack": 7}


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def needs(adapter: str) -> Callable[[str], None]:
    def skip_unless(ability: str) -> None:
        if ability in EXCEPTIONS.get(adapter, set()):
            pytest.skip(f"{adapter} never {ability}")

    return skip_unless


@cache
def _of_moto() -> AwsSession:
    """Made once: SageMaker's client alone takes half a second, and each test mocks what it asks anew."""
    return AwsSession("eu-west-1")


@pytest.fixture
def session(adapter: str, request: pytest.FixtureRequest) -> Iterator[AwsSession | None]:
    if adapter.endswith("moto"):
        from moto import mock_aws

        with mock_aws():
            yield _of_moto()
    elif adapter.endswith("ministack"):
        yield AwsSession("us-east-1", request.getfixturevalue("ministack_endpoint"), embedded=True)
    else:
        yield None


@pytest.fixture
def stores(
    adapter: str, session: AwsSession | None, tmp_path: Path
) -> Iterator[tuple[ReleaseLedger, ReleaseInbox]]:
    if session is None:
        memory = MemoryLedger()
        disk = (DiskReleaseLedger(tmp_path), DiskReleaseInbox(tmp_path))
        yield (memory, memory.inbox) if adapter == "memory" else disk
        return
    session.dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    yield AwsReleaseLedger(session.dynamodb, TABLE), AwsReleaseInbox(session.dynamodb, TABLE)
    session.dynamodb.delete_table(TableName=TABLE)


@pytest.fixture
def ledger(stores: tuple[ReleaseLedger, ReleaseInbox]) -> ReleaseLedger:
    return stores[0]


@pytest.fixture
def inbox(stores: tuple[ReleaseLedger, ReleaseInbox]) -> ReleaseInbox:
    return stores[1]


@pytest.fixture
def router(
    adapter: str, session: AwsSession | None, tmp_path: Path
) -> Iterator[tuple[TrafficRouter, Callable[[], object]]]:
    """A router of a model with three versions and no alias yet, and what makes the alias on 1."""
    if adapter == "memory":
        memory = MemoryRouter(versions=set(VERSIONS))
        yield memory, lambda: memory.publish(1)
    elif adapter in STRICT_WORLDS:
        yield STRICT_WORLDS[adapter](MODEL, VERSIONS)
    elif session is None:
        disk = DiskTrafficRouter(tmp_path)

        def publish() -> None:
            for number in VERSIONS:
                disk.publish(MODEL, number)

        yield disk, publish
    elif (name := adapter.removesuffix(" on moto")) in ON_MOTO:
        yield ON_MOTO[name](session, MODEL, VERSIONS)
    elif adapter == "ecs on moto":
        yield from on_moto(session, MODEL, VERSIONS)
    else:
        yield from _of_lambda(session, adapter)


@dataclass(frozen=True)
class CountedFromOne:
    """A home whose first release is ``base`` + 1, asked as if that were release 1."""

    home: TrafficRouter
    base: int

    def read(self, model: str) -> ObservedTraffic | None:
        found = self.home.read(model)
        return found and replace(found, traffic=self._counted(found.traffic, -self.base))

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        self.home.write(model, self._counted(traffic, self.base), expected_revision)

    def can_start(self, model: str, release: int) -> bool:
        return self.home.can_start(model, release + self.base)

    def delete(self, model: str, release: int) -> None:
        self.home.delete(model, release + self.base)

    @staticmethod
    def _counted(traffic: Traffic, on: int) -> Traffic:
        canary = traffic.canary and traffic.canary + on
        return replace(traffic, main=traffic.main + on, canary=canary)


def _of_lambda(
    session: AwsSession, adapter: str
) -> Iterator[tuple[TrafficRouter, Callable[[], object]]]:
    for home, publish in on_lambda(session, BASES.get(adapter, 0)):
        if adapter.startswith("behind"):
            is_rest = "REST" in adapter
            yield moving_router.on_moto(session, MODEL, VERSIONS, is_rest=is_rest), publish
        else:
            yield home, publish


def on_lambda(
    session: AwsSession, base: int
) -> Iterator[tuple[TrafficRouter, Callable[[], object]]]:
    lambda_, function = session.lambda_, names.function(MODEL, base)
    lambda_.create_function(
        FunctionName=function,
        Runtime="python3.11",
        Role=_role(session),
        Handler="handler.handle",
        Code={"ZipFile": _zip()},
    )
    for number in VERSIONS:  # each differs from the one before, else none is published
        lambda_.update_function_configuration(
            FunctionName=function, Environment={"Variables": {"NUMBER": str(number)}}
        )
        lambda_.get_waiter("function_updated_v2").wait(FunctionName=function)
        lambda_.publish_version(FunctionName=function)
    yield (
        CountedFromOne(LambdaAliasRouter(lambda _model: lambda_, base), base),
        lambda: lambda_.create_alias(FunctionName=function, Name=names.ALIAS, FunctionVersion="1"),
    )
    lambda_.delete_function(FunctionName=function)


def _role(session: AwsSession) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = session._boto.client("iam", endpoint_url=session._endpoint)
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))
    return session.arn("iam", f"role/{ROLE}", regional=False)


def _zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", HANDLER)
    return content.getvalue()
