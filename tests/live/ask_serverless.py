"""How serverless endpoints start behind a door whose stage names them, and go."""

from __future__ import annotations

from typing import Any

from tests.live.ask_traffic import dealt, permission_first, took
from tests.live.checks import asked, by_hand
from tests.live.place import HALF, Place

from ladle import names
from ladle.aws.endpoint_stage import EndpointStages, Stage
from ladle.policy.statuses import ReleaseStatus

ON_SERVERLESS = {"target": "sagemaker-serverless", "packaging": "image", "rollout": HALF}


def serving(place: Place) -> str:
    """A model whose first release answers."""
    return place.proven("serverless", **ON_SERVERLESS)


def trial(place: Place) -> str:
    return place.tried(place.once(serving), **ON_SERVERLESS)


def stage(place: Place, name: str) -> Stage:
    found = EndpointStages(place.session).find(name)
    assert found is not None, "no stage"
    return found


@asked("serverless.answers")
def the_stage_leads_to_the_endpoint(place: Place) -> str:
    name = place.once(serving)
    status, answer = place.ask(name)
    assert status == 200, answer
    return f"release {answer['release']} answers"


@asked("serverless.credentials")
def it_fetches_its_model(place: Place) -> str:
    lines = place.logged(names.release_log_group(place.once(serving), 1), "LD42")
    assert not lines, lines[0]
    return "neither LD426 nor LD420 in its log"


@asked("serverless.logs")
def lines_go_to_the_log_that_was_made(place: Place) -> str:
    group = names.release_log_group(place.once(serving), 1)
    found = place.session.logs.describe_log_streams(logGroupName=group)["logStreams"]
    streams = [each["logStreamName"] for each in found]
    assert streams, "no stream"
    assert all(each.startswith(names.VARIANT) for each in streams), streams
    return streams[0]


@asked("serverless.shares")
def the_canary_gets_its_share(place: Place) -> str:
    return dealt(place, place.once(trial))


@asked("serverless.one-write")
def a_first_canary_is_whole(place: Place) -> str:
    found = stage(place, place.once(trial))
    assert found.traffic is not None
    assert found.traffic.canary is not None, found
    return str(found.traffic)


@asked("serverless.deploy")
def a_deploy_leaves_the_canary_alone(place: Place) -> str:
    name = place.once(trial)
    before = stage(place, name)
    place.write(name, door="{rate_per_s: 40}", env="{SECOND: release}", **ON_SERVERLESS)
    place.deploy(name, expect=(0, 1))
    after = stage(place, name)
    assert after.traffic == before.traffic, f"{before.traffic}, then {after.traffic}"
    return str(after.traffic)


@asked("serverless.rollback-time")
def a_rollback_takes_seconds(place: Place) -> str:
    name = place.once(trial)
    began = place.clock.now()
    place.shop.ladle("rollback", name, "--yes")
    place.wait(name, lambda s: s.statuses.get(2) is ReleaseStatus.ROLLED_BACK and not s.intent)
    return f"{place.clock.now() - began:.0f} s from the wish to the write that is confirmed"


@asked("serverless.errors-metric")
def each_request_is_a_sample(place: Place) -> str:
    name = place.tried(place.once(serving), transform="raises.py", **ON_SERVERLESS)
    with place.traffic(name):
        place.wait(name, lambda s: ReleaseStatus.ROLLED_BACK in list(s.statuses.values())[2:])
    metrics: list[Any] = place.session.cloudwatch.list_metrics(
        Namespace="AWS/SageMaker", MetricName="Invocation5XXErrors"
    )["Metrics"]
    begins = f"{names.endpoint(name)}--"
    mine = [m for m in metrics if any(d["Value"].startswith(begins) for d in m["Dimensions"])]
    assert mine, "no such metric"
    return f"{len(mine)} metrics; taken back after {took(place, name):.0f} s"


@asked("serverless.permission-first")
def a_missing_permission_is_told_first(place: Place) -> str:
    return permission_first(place, place.once(serving), "apigateway:PATCH", **ON_SERVERLESS)


by_hand(
    {
        "serverless.dashboard": "a page is looked at",
        "serverless.cold": "an hour must pass in which nobody asks",
        "serverless.gone": "the run's own end deletes the stack; look afterwards",
    }
)
