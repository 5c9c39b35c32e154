"""What is asked now and answered later, over a bucket of moto's; a double of SageMaker answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from ladle import names
from ladle.aws.async_jobs import LARGE_BYTES, Answered, AsyncJobs, Failed, Waits
from ladle.aws.inference_request import Request
from ladle.aws.session import AwsSession
from ladle.errors import LadleError, NotFound, Unavailable

BUCKET, DAY_S = "ladle-store-1", 86_400.0
REQUEST = Request(b'{"inputs": [[1.0]]}', {"ContentType": "application/json", "Accept": "text/csv"})


@dataclass
class Clock:
    time: float = 1_800_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Runtime:
    """SageMaker, which names its answers as it likes."""

    s3: Any
    asked: list[dict[str, Any]] = field(default_factory=list)
    busy: bool = False

    def invoke_endpoint_async(self, **request: Any) -> dict[str, str]:
        if self.busy:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "InvokeEndpointAsync")
        self.asked.append(request)
        name = f"{len(self.asked):04d}-of-its-own"
        return {
            "InferenceId": request["InferenceId"],
            "OutputLocation": f"s3://{BUCKET}/async/fraud/out/{name}.out",
            "FailureLocation": f"s3://{BUCKET}/async/fraud/failed/{name}-error.out",
        }

    def answer(self, content: bytes, folder: str = "out/0001-of-its-own.out") -> None:
        self.s3.put_object(
            Bucket=BUCKET, Key=f"async/fraud/{folder}", Body=content, ContentType="text/csv"
        )


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    with mock_aws():
        s3 = AwsSession("us-east-1").s3
        s3.create_bucket(Bucket=BUCKET)
        yield Runtime(s3)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(runtime: Runtime, clock: Clock) -> AsyncJobs:
    return AsyncJobs(runtime.s3, runtime, BUCKET, "fraud", clock)


def test_a_request_lies_in_the_store_before_its_release_is_told(
    jobs: AsyncJobs, runtime: Runtime
) -> None:
    id_ = jobs.ask(7, REQUEST, 600)
    [told] = runtime.asked
    assert told["EndpointName"] == "ladle-fraud--7"
    assert (told["ContentType"], told["Accept"]) == ("application/json", "text/csv")
    assert (told["InvocationTimeoutSeconds"], told["RequestTTLSeconds"]) == (
        600,
        names.ANSWERS_WAIT_S,
    )
    assert told["InputLocation"] == f"s3://{BUCKET}/async/fraud/in/{id_}"
    kept = runtime.s3.get_object(Bucket=BUCKET, Key=f"async/fraud/in/{id_}")
    assert kept["Body"].read() == REQUEST.content


def test_it_waits_until_its_answer_lies_where_sagemaker_said(
    jobs: AsyncJobs, runtime: Runtime
) -> None:
    id_ = jobs.ask(7, REQUEST, 600)
    assert jobs.outcome(id_) == Waits()
    runtime.answer(b"0.9\n")
    assert jobs.outcome(id_) == Answered("text/csv", b"0.9\n")


def test_a_failure_is_told_in_sagemakers_words(jobs: AsyncJobs, runtime: Runtime) -> None:
    id_ = jobs.ask(7, REQUEST, 600)
    runtime.answer(b"Received server error (500)", "failed/0001-of-its-own-error.out")
    assert jobs.outcome(id_) == Failed("Received server error (500)")


def test_what_nobody_answered_in_time_has_failed(jobs: AsyncJobs, clock: Clock) -> None:
    id_ = jobs.ask(7, REQUEST, 600)
    clock.sleep(names.ANSWERS_WAIT_S + 599)
    assert jobs.outcome(id_) == Waits()
    clock.sleep(2)
    assert isinstance(jobs.outcome(id_), Failed)


def test_an_answer_too_large_for_a_function_is_a_link_for_minutes(
    jobs: AsyncJobs, runtime: Runtime
) -> None:
    id_ = jobs.ask(7, REQUEST, 600)
    runtime.answer(b"0" * (LARGE_BYTES + 1))
    found = jobs.outcome(id_)
    assert isinstance(found, Answered)
    assert found.content == b""
    assert "0001-of-its-own.out" in str(found.link)


def test_an_id_that_nobody_was_given_is_not_found_and_an_old_one_is_forgotten(
    jobs: AsyncJobs, runtime: Runtime, clock: Clock
) -> None:
    id_ = jobs.ask(7, REQUEST, 600)
    runtime.s3.delete_object(Bucket=BUCKET, Key=f"async/fraud/asked/{id_}")
    for unknown in (id_, "../../release/fraud/model", "", "x" * 31):
        with pytest.raises(NotFound, match="LD445"):
            jobs.outcome(unknown)
    clock.sleep(7 * DAY_S + 1)
    with pytest.raises(NotFound, match="LD446"):
        jobs.outcome(id_)


def test_a_release_that_takes_no_request_now_may_later(jobs: AsyncJobs, runtime: Runtime) -> None:
    runtime.busy = True
    with pytest.raises(Unavailable, match="LD447"):
        jobs.ask(7, REQUEST, 600)


def test_no_two_jobs_have_one_id(jobs: AsyncJobs) -> None:
    assert len({jobs.ask(7, REQUEST, 600) for _ in range(20)}) == 20


def test_an_answer_without_a_place_is_refused(jobs: AsyncJobs, runtime: Runtime) -> None:
    runtime.invoke_endpoint_async = lambda **_: {"OutputLocation": "", "FailureLocation": ""}  # type: ignore[method-assign]
    with pytest.raises(LadleError, match="LD447"):
        jobs.ask(7, REQUEST, 600)
