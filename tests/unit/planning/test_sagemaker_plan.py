"""A plan for SageMaker: which machine, how many of them, what they cost, and what is refused."""

from __future__ import annotations

import pytest
from tests.unit.planning.specs import OTLP, config_of, spec_of

from ladle.errors import LadleError
from ladle.planning.cost import MONTH_S, cost
from ladle.planning.limits import limits
from ladle.planning.prices import prices
from ladle.planning.targets import sagemaker as planning
from ladle.planning.usage import Usage, stated
from ladle.targets import sagemaker as rules
from ladle.targets.choose import choose

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\ntarget: sagemaker\n"
GPU = BARE + "compute: {gpu: 1}\n"


def machine(text: str) -> str:
    return planning.machine_of(spec_of(text))


def refused(text: str) -> str:
    with pytest.raises(LadleError, match="LD203") as error:
        choose(config_of(text))
    return str(error.value)


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ("", "ml.m5.large"),
        ("compute: {memory_mb: 8192}\n", "ml.m5.xlarge"),
        ("compute: {gpu: 1}\n", "ml.g4dn.xlarge"),
        ("compute: {gpu: 2}\n", "ml.g4dn.12xlarge"),
        ("compute: {gpu: 1, instance_type: ml.g5.xlarge}\n", "ml.g5.xlarge"),
    ],
)
def test_the_smallest_machine_that_has_as_much_is_taken(keys: str, wanted: str) -> None:
    assert machine(BARE + keys) == wanted


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("compute: {spot: true}\n", "spot"),
        (OTLP, "no network to send spans by"),
        ("compute: {instance_type: ml.inf1.xlarge}\n", "Inferentia"),
        ("compute: {instance_type: ml.p4d.24xlarge}\n", "no machine is known"),
        ("compute: {gpu: 4, instance_type: ml.g5.xlarge}\n", "has 1 of the 4 GPUs"),
        ("compute: {memory_mb: 9000, instance_type: ml.m5.large}\n", "has not the 9000 MB"),
        ("compute: {reserved: 5}\n", "functions alone"),
        ("traffic: {payload_mb: 9}\n", "its payload of 9 MB"),
        ("packaging: zip\n", "a zip"),
        ("arch: arm64\n", "arm64"),
        (f'env: {{NOTE: "{"n " * 600}"}}\n', "a variable takes 1024"),
    ],
)
def test_what_an_endpoint_cannot_take_is_refused_with_its_reason(keys: str, why: str) -> None:
    assert why in refused(BARE + keys)


def test_a_machine_runs_all_month_whether_it_is_asked_or_not() -> None:
    idle = cost(spec_of(BARE), Usage(1.0, 10.0, 5.0), prices()).idle
    copy = 518 / 1e9 * 0.023
    disks = 30 * 0.14 * 1.1
    assert idle.serving == pytest.approx(0.115 * 730 * 1.1 + disks + 1.00 + copy)


def test_each_byte_through_an_endpoint_is_paid_for_on_its_way_in_and_out() -> None:
    """By hand: four numbers of 20 bytes in, one out, each in a frame of 500."""
    month = dict(planning.serving_costs(spec_of(BARE), Usage(1.0, 10.0, 1.0), MONTH_S, prices()))
    assert month["requests and answers moved"] == pytest.approx(MONTH_S * 1100 / 1e9 * 0.016)


def test_machines_that_come_and_go_are_followed_by_two_alarms_of_each_release() -> None:
    scaled = spec_of(BARE + "compute: {max_instances: 4}\n")
    month = dict(planning.serving_costs(scaled, Usage(1.0, 10.0, 1.0), MONTH_S, prices()))
    assert month["alarms by which it scales"] == pytest.approx(2 * 1.1 * 0.10)


def test_machines_are_as_many_as_keep_each_six_tenths_busy_within_the_bounds() -> None:
    spec = spec_of(BARE + "compute: {min_instances: 1, max_instances: 4}\n")
    # 10 ms: 100 answers a second at most, 60 while it is as busy as it should be.
    for requests_per_s, wanted in ((0.0, 1), (59.0, 1), (61.0, 2), (10_000.0, 4)):
        assert planning.instances(spec, Usage(requests_per_s, 10.0, 1.0)) == wanted
    month = dict(planning.serving_costs(spec, Usage(61.0, 10.0, 1.0), MONTH_S, prices()))
    assert month["machines of type ml.m5.large"] == pytest.approx(2 * 0.115 * 730)


@pytest.mark.parametrize(
    ("keys", "what", "hourly"),
    [
        ("{gpu: 1, instance_type: ml.g6.xlarge}", "ml.g6.xlarge", 1.1267),
        ("{gpu: 4}", "ml.g4dn.12xlarge", 4.89),
    ],
)
def test_a_machine_with_gpus_by_hand_which_has_a_disk_of_its_own(
    keys: str, what: str, hourly: float
) -> None:
    found = cost(spec_of(BARE + f"compute: {keys}\n"), Usage(1.0, 10.0, 5.0), prices()).idle
    key, copy = 1.00, 518 / 1e9 * 0.023
    assert machine(BARE + f"compute: {keys}\n") == what
    assert found.serving == pytest.approx(hourly * 730 * 1.1 + key + copy)


@pytest.mark.parametrize(
    ("gpus", "needed"), [(0, "a machine of its own"), (1, "a GPU"), (4, "4 GPUs")]
)
def test_the_reason_says_what_it_needs(gpus: int, needed: str) -> None:
    assert rules.reason(config_of(f"{BARE}compute: {{gpu: {gpus}}}\n")).endswith(needed)


def test_an_endpoint_never_scales_to_nothing() -> None:
    assert planning.least_instances(spec_of(BARE)) == 1
    assert planning.most_instances(spec_of(BARE + "compute: {min_instances: 3}\n")) == 3


def test_limits_that_would_be_hit_are_named() -> None:
    text = BARE + "door: {rate_per_s: 10000}\ntraffic: {peak_per_s: 5000}\n"
    spec, traffic = spec_of(text, bytes=100_000_000), config_of(text).traffic
    hit = {row.what for row in limits(spec, stated(spec, traffic), traffic) if row.is_hit}
    assert hit == {"machines at the peak"}


def test_every_machine_has_a_price() -> None:
    priced = {f"machine_hour_{name}" for name in rules.machines()}
    assert priced == {name for name in prices().usd if name.startswith("machine_hour_ml.")}
