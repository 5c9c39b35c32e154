"""What AWS says of a model's ceilings, and a function that is held at no instance, on moto."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.contract.releases.conftest import MODEL, CountedFromOne, on_lambda

from ladle import names
from ladle.actions.watch_cost import LOOK_EVERY_S, CostWatch
from ladle.aws.ceiling_reader import AwsCeilingReader
from ladle.aws.functions import Functions
from ladle.aws.session import AwsSession
from ladle.aws.traffic.lambda_function import LambdaAliasRouter
from ladle.errors import Unavailable
from ladle.policy.stopping import Overrun, StopNotice, StopPolicy
from ladle.ports import Spent, TrafficRouter
from ladle.releases.events import CostRead
from ladle.testing.releases import stable_story

DAY_S = 86400.0
NOVEMBER = 1_795_400_000.0
SIGNED = StopPolicy("ada@example.com", grace_s=DAY_S, capped=True, idle_ttl_s=DAY_S)


@pytest.fixture
def aws() -> Iterator[AwsSession]:
    from moto import mock_aws

    with mock_aws():
        yield AwsSession("eu-west-1")


@pytest.fixture
def reader(aws: AwsSession) -> AwsCeilingReader:
    return AwsCeilingReader(aws.budgets, aws.cloudwatch, aws.account)


def budget(aws: AwsSession, model: str, spent: str, cap: str = "25") -> None:
    told: dict[str, Any] = {
        "BudgetName": f"made-by-aws-for-{model}",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": cap, "Unit": "USD"},
        "CostFilters": {"TagKeyValue": [names.budget_filter(model)]},
        "CalculatedSpend": {"ActualSpend": {"Amount": spent, "Unit": "USD"}},
    }
    aws.budgets.create_budget(AccountId=aws.account, Budget=told)


def idle_alarm(aws: AwsSession, state: str) -> None:
    alarm = names.idle_alarm("fraud")
    aws.cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Statistic="Sum",
        Period=3600,
        EvaluationPeriods=24,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
    )
    aws.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="a test")  # type: ignore[arg-type]


def test_a_budget_is_found_by_the_tag_that_it_counts(
    aws: AwsSession, reader: AwsCeilingReader
) -> None:
    budget(aws, "churn", "99")
    budget(aws, "fraud", "26.4")
    assert reader.spent("fraud") == Spent(26.4, 25.0)
    assert reader.spent("fraud-eu") is None


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_only_an_alarm_that_rings_says_idle(
    aws: AwsSession, reader: AwsCeilingReader, state: str
) -> None:
    assert reader.idle_since("fraud") is None
    idle_alarm(aws, state)
    assert reader.idle_since("fraud") is None
    idle_alarm(aws, "ALARM")
    assert reader.idle_since("fraud") is not None


def test_a_function_is_held_at_no_instance_and_let_go_again(aws: AwsSession) -> None:
    counted, _ = next(on_lambda(aws, 0))
    router = _of(counted)

    def held() -> int | None:
        found = aws.lambda_.get_function_concurrency(FunctionName=names.function(MODEL))
        return found.get("ReservedConcurrentExecutions")

    for _ in range(2):
        router.switch(MODEL, on=False)
        assert held() == 0
        assert (router.switched(MODEL, on=False), router.switched(MODEL, on=True)) == (True, False)
    for _ in range(2):
        router.switch(MODEL, on=True)
        assert held() is None
        assert (router.switched(MODEL, on=False), router.switched(MODEL, on=True)) == (False, True)
    router.switch("taken-down", on=False)
    assert router.switched("taken-down", on=False)


@dataclass
class Told:
    """A reader that answers what it is told to, and counts how often it is asked."""

    usd: float = 0.0
    idle: float | None = None
    asked: int = 0

    def spent(self, model: str) -> Spent | None:
        self.asked += 1
        if self.usd < 0:
            raise Unavailable("LD504", f"nothing of {model} can be read", "try again")
        return Spent(self.usd, 25.0)

    def idle_since(self, model: str) -> float | None:
        return self.idle


def test_an_overrun_is_named_by_its_month_or_by_when_the_silence_began() -> None:
    state = stable_story(stop=SIGNED).state
    spent = CostWatch(Told(usd=25.0))(state, NOVEMBER)
    assert spent == CostRead(
        Overrun("cap 2026-11", "fraud has cost 25.00 USD in 2026-11, of 25.00")
    )
    idle = CostWatch(Told(idle=7.0))(state, NOVEMBER)
    assert idle == CostRead(Overrun("idle 7", "nobody has asked fraud for 24 h"))


def test_what_was_deployed_a_moment_ago_is_not_idle() -> None:
    state = replace(stable_story(stop=SIGNED).state, handed_over_at=NOVEMBER - 3600)
    assert CostWatch(Told(idle=7.0))(state, NOVEMBER) == CostRead(None)


def test_aws_is_asked_once_an_hour_and_when_a_notice_falls_due() -> None:
    told, state = Told(usd=30.0), stable_story(stop=SIGNED).state
    watch = CostWatch(told)
    for second in range(3):
        assert watch(state, NOVEMBER + second) == watch(state, NOVEMBER), "as long as nobody asks"
    assert told.asked == 1
    due = replace(state, stop_notice=StopNotice(Overrun("cap 2026-11", ""), NOVEMBER + 10))
    told.usd = 0.0
    assert watch(due, NOVEMBER + 11) == CostRead(None)
    watch(state, NOVEMBER + 11 + LOOK_EVERY_S)
    assert told.asked == 3


def test_what_cannot_be_read_stops_nothing() -> None:
    told = Told(usd=-1.0)
    assert CostWatch(told)(stable_story(stop=SIGNED).state, NOVEMBER) is None


def test_who_takes_the_signature_back_calls_a_stop_off() -> None:
    state = stable_story().state
    assert CostWatch(Told())(state, NOVEMBER) is None
    told = replace(state, stop_notice=StopNotice(Overrun("cap 2026-11", ""), NOVEMBER))
    assert CostWatch(Told())(told, NOVEMBER) == CostRead(None)


def _of(counted: TrafficRouter) -> LambdaAliasRouter:
    assert isinstance(counted, CountedFromOne)
    assert isinstance(counted.home, LambdaAliasRouter)
    return counted.home


@pytest.mark.embedded
def test_what_is_held_turns_callers_away_and_then_answers_as_before(
    ministack_endpoint: str,
) -> None:
    """Asked without a version: MiniStack holds back no published one, as Lambda does."""
    session = AwsSession("us-east-1", ministack_endpoint, embedded=True)
    made = on_lambda(session, 0)
    counted, publish = next(made)
    router = _of(counted)
    publish()
    before, functions = router.read(MODEL), Functions(session.lambda_)
    router.switch(MODEL, on=False)
    with pytest.raises(Unavailable, match="Rate Exceeded"):
        functions.invoke(names.function(MODEL), {})
    router.switch(MODEL, on=True)
    assert functions.invoke(names.function(MODEL), {}).error is None
    assert router.read(MODEL) == before, "its traffic was not touched"
    next(made, None)
