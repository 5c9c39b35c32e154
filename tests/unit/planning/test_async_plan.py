"""A plan for asynchronous endpoints: machines that come and go with their queue, and what is refused."""

from __future__ import annotations

import math

import pytest
from tests.unit.planning.specs import OTLP, config_of, spec_of

from ladle.config.doors import choose_door
from ladle.errors import LadleError
from ladle.planning.cost import MONTH_S
from ladle.planning.limits import limits
from ladle.planning.prices import prices
from ladle.planning.targets import sagemaker_async as planning
from ladle.planning.usage import Usage, stated
from ladle.targets.choose import choose

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\ntarget: sagemaker-async\n"


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("compute: {spot: true}\n", "spot"),
        ("compute: {instance_type: ml.inf1.xlarge}\n", "Inferentia"),
        ("compute: {warm: 2}\n", "functions alone"),
        ("secrets: {TOKEN: ssm:/token}\n", "no network"),
        (OTLP, "no network to send spans by"),
        ("traffic: {payload_mb: 5}\n", "its payload of 5 MB is more than the 4"),
        ("packaging: zip\n", "a zip"),
        ("arch: arm64\n", "arm64"),
    ],
)
def test_what_it_cannot_take_is_refused_with_its_reason(keys: str, why: str) -> None:
    with pytest.raises(LadleError, match="LD203") as refused:
        choose(config_of(BARE + keys))
    assert why in str(refused.value)


def test_a_request_may_take_longer_than_its_door_waits() -> None:
    config = config_of(BARE + "compute: {gpu: 1, timeout_s: 900}\n")
    assert choose_door(config, choose(config).target).row is not None


def test_it_has_no_machine_while_nobody_asks_unless_it_is_told_to() -> None:
    idle = Usage(0.0, 10.0, 1.0)
    month = dict(planning.serving_costs(spec_of(BARE), idle, MONTH_S, prices()))
    assert month["machines of type ml.m5.large"] == 0
    kept = spec_of(BARE + "compute: {min_instances: 1}\n")
    month = dict(planning.serving_costs(kept, idle, MONTH_S, prices()))
    assert month["machines of type ml.m5.large"] == pytest.approx(0.115 * 730)


def test_a_machine_runs_while_somebody_asked_shortly_before() -> None:
    """By hand: a request an hour, each keeps a machine for 22 minutes."""
    usage = Usage(1 / 3600, 10.0, 1.0)
    month = dict(planning.serving_costs(spec_of(BARE), usage, MONTH_S, prices()))
    share = 1 - math.exp(-1320 / 3600)
    assert month["machines of type ml.m5.large"] == pytest.approx(0.115 * 730 * share)
    assert month["disks of them all"] == pytest.approx(30 * 0.14 * share * 1.1)
    assert month["requests and answers moved"] == pytest.approx(730 * 1100 / 1e9 * 0.016)


def test_what_lies_in_the_store_is_paid_by_request() -> None:
    """By hand: four writes and ten reads each; five looks at the door."""
    month = dict(planning.serving_costs(spec_of(BARE), Usage(1.0, 10.0, 1.0), MONTH_S, prices()))
    each = 4 * 0.005 / 1000 + 10 * 0.0004 / 1000
    assert month["keeping both for a week"] == pytest.approx(MONTH_S * each)
    assert month["looking for answers at the door"] == pytest.approx(MONTH_S * 5 * 3.5e-6)


def test_machines_with_gpus_by_hand() -> None:
    """Nine answers a second of half a second each keep seven and a half machines busy enough."""
    named = BARE + "compute: {gpu: 1, instance_type: ml.g5.xlarge, max_instances: 20}\n"
    usage = Usage(9.0, 500.0, 9.0)
    month = dict(planning.serving_costs(spec_of(named), usage, MONTH_S, prices()))
    assert month["machines of type ml.g5.xlarge"] == pytest.approx(8 * 1.408 * 730)
    tried = month["those of a second release, while one is tried"]
    assert tried == pytest.approx(8 * 1.408 * 730 * 0.1)


def test_a_queue_that_only_grows_is_a_limit() -> None:
    text = BARE + "traffic: {expected_per_day: 50000000}\n"
    spec, traffic = spec_of(text), config_of(text).traffic
    hit = {row.what for row in limits(spec, stated(spec, traffic), traffic) if row.is_hit}
    assert "machines on average" in hit
