"""Counters, predictions and labels on every adapter; what an emulator does not do is listed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ladle.aws.counter_store import AwsCounterStore
from ladle.aws.label_store import AwsLabelStore
from ladle.aws.prediction_log import AwsPredictionLog
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle.disk.counter_store import DiskCounterStore
from ladle.disk.label_store import DiskLabelStore
from ladle.disk.prediction_log import DiskPredictionLog
from ladle.ports import CounterStore, LabelStore, PredictionLog

TABLE = "ladle-quality-contract"

# What an adapter does not do, though AWS does. A test that needs it skips by name.
EXCEPTIONS = {"moto": {"serves several threads in one process"}}


@pytest.fixture(params=["disk", "moto", pytest.param("ministack", marks=pytest.mark.embedded)])
def session(request: pytest.FixtureRequest) -> Iterator[AwsSession | None]:
    """None is the disk."""
    if request.param == "disk":
        yield None
    elif request.param == "moto":
        from moto import mock_aws

        with mock_aws():
            yield AwsSession("eu-west-1")
    else:
        yield AwsSession("us-east-1", request.getfixturevalue("ministack_endpoint"), embedded=True)


@pytest.fixture
def needs(session: AwsSession | None, request: pytest.FixtureRequest) -> Callable[[str], None]:
    adapter = request.node.callspec.params["session"]

    def skip_unless(ability: str) -> None:
        if ability in EXCEPTIONS.get(adapter, set()):
            pytest.skip(f"{adapter} never {ability}")

    return skip_unless


@pytest.fixture
def table(session: AwsSession | None) -> Iterator[str]:
    if session is None:
        yield ""
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
    yield TABLE
    session.dynamodb.delete_table(TableName=TABLE)


@pytest.fixture
def counters(session: AwsSession | None, table: str, tmp_path: Path) -> CounterStore:
    return (
        AwsCounterStore(session.dynamodb, SystemClock(), table)
        if session
        else DiskCounterStore(tmp_path)
    )


@pytest.fixture
def counters_again(session: AwsSession | None, table: str, tmp_path: Path) -> CounterStore:
    """The same store, opened by another process."""
    return (
        AwsCounterStore(session.dynamodb, SystemClock(), table)
        if session
        else DiskCounterStore(tmp_path)
    )


@pytest.fixture
def predictions(session: AwsSession | None, table: str, tmp_path: Path) -> PredictionLog:
    return AwsPredictionLog(session.dynamodb, table) if session else DiskPredictionLog(tmp_path)


@pytest.fixture
def labels(session: AwsSession | None, table: str, tmp_path: Path) -> LabelStore:
    return AwsLabelStore(session.dynamodb, table) if session else DiskLabelStore(tmp_path)
