"""The deployed controller's own handler, on the emulators: from a hand-off to a rollback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from ladle import names
from ladle.aws.release_inbox import AwsReleaseInbox
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.ports import TrafficRouter
from ladle.releases.effects import RecordKind
from ladle.releases.events import Ask, CandidateReady, PersonAsked
from ladle.testing.releases import release
from ladle_runtime.controller import handler

MODEL = "contract"
TABLES = (names.RELEASES_TABLE, names.COUNTERS_TABLE)


@pytest.fixture(params=["moto", pytest.param("ministack", marks=pytest.mark.embedded)])
def adapter(request: pytest.FixtureRequest) -> str:
    """The handler knows AWS only."""
    return str(request.param)


@pytest.fixture
def aws(
    adapter: str,
    session: AwsSession,
    router: tuple[TrafficRouter, Callable[[], None]],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[AwsSession]:
    """The platform's tables and topic, the model's function with three versions and its alias."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", session.region)
    if adapter == "ministack":
        monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("ministack_endpoint"))
    for table in TABLES:
        session.dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
    session.sns.create_topic(Name=names.TOPIC)
    router[1]()
    _forget_aws()
    yield session
    _forget_aws()
    for table in TABLES:
        session.dynamodb.delete_table(TableName=table)


def _forget_aws() -> None:
    handler._aws.cache_clear()
    handler._followed.cache_clear()  # it asks the AWS that it was made with


def _wake(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return handler.handle(event, SimpleNamespace(aws_request_id="call-1"))


def _message_came() -> Mapping[str, Any]:
    keys = {"pk": {"S": f"MODEL#{MODEL}"}, "sk": {"S": "INBOX#x"}}
    return {"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {"Keys": keys}}]}


def _alarm_rang(number: int) -> Mapping[str, Any]:
    message = json.dumps({"AlarmName": names.native_alarm(MODEL, number)})
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message}}]}


def _fails(aws: AwsSession, number: int) -> None:
    """Release ``number`` fails at 30 calls of a minute, and Lambda's own alarm says so."""
    function = names.function(MODEL)
    dimensions = {
        "FunctionName": function,
        "Resource": f"{function}:{names.ALIAS}",
        "ExecutedVersion": str(number),
    }
    shown: Any = [{"Name": n, "Value": v} for n, v in dimensions.items()]
    aws.cloudwatch.put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[{"MetricName": "Errors", "Dimensions": shown, "Values": [1.0], "Counts": [30]}],
    )
    alarm = names.native_alarm(MODEL, number)
    aws.cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=shown,
        Statistic="Average",
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Threshold=0.5,
        Period=60,
        EvaluationPeriods=1,
    )
    aws.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="contract")


def test_from_a_hand_off_to_a_canary_to_a_rollback(aws: AwsSession, adapter: str) -> None:
    inbox, ledger = AwsReleaseInbox(aws.dynamodb), AwsReleaseLedger(aws.dynamodb)
    now = SystemClock().now()
    inbox.post(MODEL, "one", CandidateReady(release(1)), now)
    _wake(_message_came())
    assert ledger.load(MODEL).phase is Phase.BASELINE
    inbox.post(MODEL, "two", PersonAsked(Ask.PROMOTE, "ada"), now)
    _wake(_message_came())
    assert ledger.load(MODEL).phase is Phase.STABLE
    if adapter == "moto":
        return  # it runs no function, so it cannot be seen whether a rollback would go through
    inbox.post(MODEL, "three", CandidateReady(release(2, canary_percent=25.0)), now + 1)
    _wake(_message_came())
    state = ledger.load(MODEL)
    alias = aws.lambda_.get_alias(FunctionName=names.function(MODEL), Name=names.ALIAS)
    assert (state.phase, alias["FunctionVersion"]) == (Phase.CANARY, "1")
    assert alias["RoutingConfig"]["AdditionalVersionWeights"] == {"2": 0.25}
    _fails(aws, 2)
    _wake(_alarm_rang(2))
    state = ledger.load(MODEL)
    alias = aws.lambda_.get_alias(FunctionName=names.function(MODEL), Name=names.ALIAS)
    assert (state.phase, state.statuses[2]) == (Phase.STABLE, ReleaseStatus.ROLLED_BACK)
    assert alias["FunctionVersion"] == "1"
    assert not alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
    row = next(r for r in ledger.records(MODEL) if r.kind is RecordKind.ROLLED_BACK)
    assert row.data["samples"] == 30
    assert state.outbox == ()


def test_a_wake_up_with_nothing_to_do_writes_nothing(aws: AwsSession) -> None:
    AwsReleaseInbox(aws.dynamodb).post(MODEL, "one", CandidateReady(release(1)), 1.0)
    _wake(_message_came())
    before = aws.dynamodb.scan(TableName=names.RELEASES_TABLE)["Items"]
    _wake(_message_came())
    assert aws.dynamodb.scan(TableName=names.RELEASES_TABLE)["Items"] == before
