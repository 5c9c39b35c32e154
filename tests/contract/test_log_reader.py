"""What a model logged is found again, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ladle import names
from ladle.aws.log_reader import AwsLogReader
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

GROUP, STREAM = "/ladle/talker", "2026/11/23/[7]abc"


@pytest.fixture(params=["moto", pytest.param("ministack", marks=pytest.mark.embedded)])
def session(request: pytest.FixtureRequest) -> Iterator[AwsSession]:
    if request.param == "ministack":
        yield AwsSession("us-east-1", request.getfixturevalue("ministack_endpoint"), embedded=True)
        return
    from moto import mock_aws

    with mock_aws():
        yield AwsSession("eu-west-1")


@pytest.fixture
def now(session: AwsSession) -> Iterator[float]:
    """A group with a line of an hour ago, and two of this minute."""
    now = float(int(SystemClock().now()))
    session.logs.create_log_group(logGroupName=GROUP)
    session.logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    texts = {now - 3600: "long ago", now - 2: "hello from 4f2a", now - 1: "bye\n"}
    session.logs.put_log_events(
        logGroupName=GROUP,
        logStreamName=STREAM,
        logEvents=[{"timestamp": int(at * 1000), "message": t} for at, t in texts.items()],
    )
    yield now
    session.logs.delete_log_group(logGroupName=GROUP)


def test_lines_come_oldest_first_from_the_moment_asked(session: AwsSession, now: float) -> None:
    lines = list(AwsLogReader(session.logs).lines("talker", now - 60))
    assert [(line.at, line.stream, line.text) for line in lines] == [
        (now - 2, STREAM, "hello from 4f2a"),
        (now - 1, STREAM, "bye"),
    ]
    assert len({line.id for line in lines}) == 2


def test_the_log_of_an_endpoint_is_where_sagemaker_writes_it(session: AwsSession) -> None:
    group, stream = names.endpoint_log_group("listener"), "release-7/i-0abc"
    session.logs.create_log_group(logGroupName=group)
    session.logs.create_log_stream(logGroupName=group, logStreamName=stream)
    at = float(int(SystemClock().now()))
    session.logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": int(at * 1000), "message": "from a container"}],
    )
    (line,) = AwsLogReader(session.logs).lines("listener", at - 60)
    assert (line.stream, line.text) == (stream, "from a container")
    session.logs.delete_log_group(logGroupName=group)


def test_both_logs_of_a_model_that_moves_are_read(session: AwsSession, now: float) -> None:
    """A release's own, and the one that functions share; of a neighbour none."""
    group, stream = names.release_log_group("talker", 8), "release-8/i-0abc"
    neighbours = names.release_log_group("talker-b", 1)
    at = int((now - 1.5) * 1000)
    for name, line in ((group, "from an endpoint"), (neighbours, "of another model")):
        session.logs.create_log_group(logGroupName=name)
        session.logs.create_log_stream(logGroupName=name, logStreamName=stream)
        event: InputLogEventTypeDef = {"timestamp": at, "message": line}
        session.logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=[event])
    found = AwsLogReader(session.logs).lines("talker", now - 60)
    assert [line.text for line in found] == ["hello from 4f2a", "from an endpoint", "bye"]
    for name in (group, neighbours):
        session.logs.delete_log_group(logGroupName=name)


def test_where_each_release_has_a_log_all_are_read_by_time(session: AwsSession) -> None:
    at = float(int(SystemClock().now()))
    for release, moments in ((7, (at - 3, at - 1)), (8, (at - 2,))):
        group, stream = names.release_log_group("singer", release), f"release-{release}/i-0abc"
        session.logs.create_log_group(logGroupName=group)
        session.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        lines = [{"timestamp": int(m * 1000), "message": f"{release}"} for m in moments]
        session.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=lines)  # type: ignore[arg-type]
    found = AwsLogReader(session.logs).lines("singer", at - 60)
    assert [line.text for line in found] == ["7", "8", "7"]
    for release in (7, 8):
        session.logs.delete_log_group(logGroupName=names.release_log_group("singer", release))


def test_a_model_that_was_never_deployed_has_no_log(session: AwsSession) -> None:
    with pytest.raises(NotFound, match="never deployed"):
        list(AwsLogReader(session.logs).lines("nobody", 0.0))
