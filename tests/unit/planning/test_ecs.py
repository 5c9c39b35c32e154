"""What ECS can take of a config, and what that costs, once more by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.specs import OTLP, config_of, spec_of

from ladle.catalog import Target
from ladle.config.schema import TrafficEstimate
from ladle.errors import LadleError
from ladle.planning.cost import MONTH_S, TRIAL_SHARE, cost, lines
from ladle.planning.limits import limits
from ladle.planning.prices import prices
from ladle.planning.resolve import refuse_embedded
from ladle.planning.targets import ecs as planned
from ladle.planning.usage import Usage
from ladle.targets.choose import choose
from ladle.targets.ecs import MB_PER_VCPU, fargate_size, fleet_of, is_weight, machines

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\ntarget: ecs\n"
NETWORK = "network: {vpc: vpc-0a, subnets: [subnet-0a], security_groups: [sg-0a]}\n"
STEADY = Usage(requests_per_s=10.0, answer_ms=90.0, peak_per_s=20.0)
HOURS = 730


@given(st.integers(min_value=512, max_value=10240))
def test_a_task_has_at_least_what_a_function_of_that_memory_has(memory_mb: int) -> None:
    size = fargate_size(memory_mb)
    assert size is not None
    assert size.memory_mb >= memory_mb
    assert size.cpu_units / 1024 >= memory_mb / MB_PER_VCPU


def test_the_default_is_one_vcpu() -> None:
    size = fargate_size(1769)
    assert size is not None
    assert (size.cpu_units, size.memory_mb) == (1024, 2048)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("traffic: {payload_mb: 7}\n", "its payload of 7 MB"),
        ("packaging: zip\n", "packed as a zip"),
        ("compute: {instance_type: c7i.large}\n", "without a GPU it runs on Fargate"),
        ("compute: {gpu: 1, instance_type: p2.xlarge}\n", "no machine is known for p2.xlarge"),
        ("compute: {gpu: 2, instance_type: g5.xlarge}\n", "has 1 of the 2 GPUs"),
        ("compute: {gpu: 1}\narch: arm64\n", "every machine with a GPU here is x86_64"),
        ("rollout: {canary_percent: 12.34}\n", "no whole number of tenths of a percent"),
        ("compute: {warm: 2}\n", "compute.warm, which functions alone have"),
        ("tracing: xray\n", "neither its door nor a task writes traces"),
        (OTLP, "no way leads out of a service without a network of yours"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(keys: str, why: str) -> None:
    with pytest.raises(LadleError, match="LD203") as refused:
        choose(config_of(BARE + keys))
    assert why in refused.value.finding.what


def test_what_fits_is_taken() -> None:
    for keys in ("", "compute: {gpu: 4}\n", "compute: {spot: true}\n", NETWORK, NETWORK + OTLP):
        assert choose(config_of(BARE + keys)).target is Target.ECS


@pytest.mark.parametrize(
    ("share", "fits"), [(0.1, True), (0.001, True), (0.5, True), (0.0005, False)]
)
def test_a_listener_tells_tenths_of_a_percent_apart(share: float, fits: bool) -> None:
    assert is_weight(share) == fits


@given(st.integers(min_value=0, max_value=50), st.none() | st.integers(min_value=1, max_value=100))
def test_a_fleet_is_never_empty_and_never_endless(least: int, most: int | None) -> None:
    fleet = fleet_of(least, most)
    assert 1 <= fleet.least <= fleet.most
    assert fleet.least >= least


def test_the_embedded_aws_is_refused_by_name() -> None:
    refuse_embedded([spec_of()])
    with pytest.raises(LadleError, match="LD230"):
        refuse_embedded([spec_of(), spec_of(BARE)])


def test_fargate_by_hand() -> None:
    usd = prices().usd
    busy = 2  # ceil(10 a second x 0.09 s / 0.6 / one thread)
    task = HOURS * (usd["fargate_vcpu_hour_x86_64"] + 2 * usd["fargate_gb_hour_x86_64"])
    balancer = HOURS * (usd["balancer_hour"] + usd["balancer_unit_hour"])
    endpoints = 3 * 2 * HOURS * usd["endpoint_hour"]
    door = 10 * MONTH_S * usd["http_api_request"]
    copy = 518 / 1e9 * usd["store_gb_month"]
    out = 10 * MONTH_S * 520 / 1e9 * usd["internet_gb"]
    alarms = (3 * 2 + 3 * 2) * usd["alarm_month"]  # of the slots' errors, and of their sizes
    tasks = busy * task * (1 + TRIAL_SHARE)
    by_hand = tasks + balancer + alarms + endpoints + door + out + copy
    assert cost(spec_of(BARE), STEADY, prices()).expected.serving == pytest.approx(by_hand)


def test_a_capacity_unit_of_the_balancer_takes_a_gigabyte_an_hour() -> None:
    usd = prices().usd
    busy = Usage(requests_per_s=2000.0, answer_ms=1.0, peak_per_s=2000.0)
    found = {line.what: line.usd for line in lines(spec_of(BARE), busy, MONTH_S, prices())}
    an_hour = 2000 * 3600 * 1100 / 1e9
    assert found["its capacity units"] == pytest.approx(HOURS * an_hour * usd["balancer_unit_hour"])


def test_a_gpu_by_hand_in_a_network_that_is_there() -> None:
    usd = prices().usd
    spec = spec_of(BARE + NETWORK + "compute: {gpu: 1, min_instances: 3}\n")
    found = {line.what: line.usd for line in lines(spec, STEADY, MONTH_S, prices())}
    assert found["g4dn.xlarge machines"] == pytest.approx(
        3 * HOURS * usd["machine_hour_g4dn.xlarge"]
    )
    assert found["their disks"] == pytest.approx(3 * 100 * 0.08)
    assert found["their metrics"] == pytest.approx(3 * 7 * 0.30)
    assert found["alarms by which it scales"] == pytest.approx((3 + 1) * 2 * 0.10)
    assert not any("endpoints" in what for what in found)


def test_the_largest_machine_by_hand() -> None:
    spec = spec_of(BARE + "compute: {gpu: 8}\n")
    found = {line.what: line.usd for line in lines(spec, STEADY, MONTH_S, prices())}
    assert found["g5.48xlarge machines"] == pytest.approx(2 * 730 * 16.288)


def test_every_machine_has_a_price() -> None:
    priced = {f"machine_hour_{name}" for name in machines()}
    assert priced == {name for name in prices().usd if name.startswith("machine_hour_g")}


def test_idle_tasks_cost_what_busy_ones_do() -> None:
    assert cost(spec_of(BARE), STEADY.at(0.1), prices()).idle.serving > 80


def test_limits_that_would_be_hit_are_named() -> None:
    busy = Usage(requests_per_s=10.0, answer_ms=90.0, peak_per_s=60.0)
    hit = {row.what for row in limits(spec_of(BARE), busy, TrafficEstimate()) if row.is_hit}
    assert hit == {"peak", "tasks"}
    wide = spec_of(BARE + "compute: {max_instances: 200}\n")
    hit = {row.what for row in limits(wide, STEADY, TrafficEstimate()) if row.is_hit}
    assert hit == {"addresses"}


def test_the_way_back_tells_each_stage() -> None:
    for word in ("canary", "holdback", "seconds", "two minutes", "six"):
        assert word in planned.WAY_BACK


def test_every_machine_has_what_a_task_asks_of_it() -> None:
    for name, machine in machines().items():
        assert machine.gpus >= 1
        assert machine.memory_mb >= 16 * 1024, name
