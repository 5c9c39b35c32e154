"""A plan for serverless endpoints: their memory and ceiling, what they cost, and what is refused."""

from __future__ import annotations

import pytest
from tests.unit.planning.specs import OTLP, config_of, spec_of

from ladle.catalog import Target
from ladle.errors import LadleError
from ladle.planning.cost import MONTH_S, cost
from ladle.planning.limits import limits
from ladle.planning.prices import prices
from ladle.planning.targets import sagemaker_serverless as planning
from ladle.planning.usage import Usage, stated
from ladle.targets.choose import choose

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\ntarget: sagemaker-serverless\n"


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("compute: {gpu: 1}\n", "needs a GPU"),
        ("compute: {instance_type: ml.m5.large}\n", "names a machine"),
        ("compute: {spot: true}\n", "spare capacity"),
        ("compute: {min_instances: 1}\n", "has none while nobody asks"),
        ("compute: {memory_mb: 6145}\n", "more than the 6144"),
        ("compute: {max_instances: 201}\n", "more than the 200"),
        ("compute: {warm: 2}\n", "functions alone"),
        ("traffic: {payload_mb: 5}\n", "its payload of 5 MB is more than the 4"),
        ("packaging: zip\n", "a zip"),
        ("arch: arm64\n", "arm64"),
        ("network: {vpc: vpc-0a, subnets: [subnet-0a], security_groups: [sg-0a]}\n", "a network"),
    ],
)
def test_what_it_cannot_take_is_refused_with_its_reason(keys: str, why: str) -> None:
    with pytest.raises(LadleError, match="LD203") as refused:
        choose(config_of(BARE + keys))
    assert why in str(refused.value)


@pytest.mark.parametrize("keys", ["secrets: {TOKEN: ssm:/token}\n", OTLP])
def test_its_container_has_a_network_for_secrets_and_spans(keys: str) -> None:
    assert choose(config_of(BARE + keys)).target is Target.SAGEMAKER_SERVERLESS


@pytest.mark.parametrize(
    ("wanted_mb", "mb"), [(512, 1024), (1024, 1024), (1025, 2048), (6144, 6144)]
)
def test_memory_comes_by_the_whole_gigabyte(wanted_mb: int, mb: int) -> None:
    assert planning.memory_mb(spec_of(f"{BARE}compute: {{memory_mb: {wanted_mb}}}\n")) == mb


def test_nothing_is_paid_while_nobody_asks() -> None:
    """But for the model's copy."""
    idle = cost(spec_of(BARE), Usage(1.0, 10.0, 5.0), prices()).idle
    assert idle.serving == pytest.approx(518 / 1e9 * 0.023)


def test_answers_are_paid_by_memory_and_time_and_what_they_carry() -> None:
    """By hand: 1 a second, 100 ms each, on two gigabytes; one start in a thousand is cold."""
    month = dict(planning.serving_costs(spec_of(BARE), Usage(1.0, 100.0, 5.0), MONTH_S, prices()))
    requests = MONTH_S
    assert month["answers"] == pytest.approx(requests * 0.1 * 2 * 0.00002)
    assert month["cold starts"] == pytest.approx(requests * 0.001 * 10 * 2 * 0.00002)
    assert month["requests and answers moved"] == pytest.approx(requests * 1100 / 1e9 * 0.016)


def test_a_new_accounts_concurrency_is_told_before_two_releases_hit_it() -> None:
    def hit(text: str) -> set[str]:
        spec, traffic = spec_of(text), config_of(text).traffic
        return {row.what for row in limits(spec, stated(spec, traffic), traffic) if row.is_hit}

    assert hit(BARE) == set()
    assert hit(BARE + "compute: {max_instances: 6}\n") == {
        "a new account's concurrency, with two releases"
    }
