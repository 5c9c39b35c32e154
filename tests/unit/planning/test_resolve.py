"""A config leaves no question open: packaging, policy, guards, and a target with its reason."""

from __future__ import annotations

import pytest
from tests.unit.config.examples import THREE
from tests.unit.planning.specs import config_of, spec_of

from ladle.catalog import Packaging, Target
from ladle.config.evidence import evidence_time
from ladle.errors import LadleError
from ladle.planning.resolve import Cloud, choose_packaging, rollout_policy
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.targets.choose import choose


@pytest.mark.parametrize(
    ("said", "cloud", "packaging"),
    [
        ("", Cloud.AWS, Packaging.IMAGE),
        ("", Cloud.EMBEDDED, Packaging.ZIP),
        ("packaging: zip\n", Cloud.AWS, Packaging.ZIP),
        ("packaging: image\n", Cloud.EMBEDDED, Packaging.IMAGE),
    ],
)
def test_packaging_is_what_is_said_else_what_the_cloud_can_run(
    said: str, cloud: Cloud, packaging: Packaging
) -> None:
    assert choose_packaging(config_of(THREE + said), cloud) is packaging


def test_a_three_line_config_has_the_default_policy() -> None:
    assert rollout_policy(config_of(THREE)) == RolloutPolicy()


def test_labels_bring_the_quality_guard_and_its_margin() -> None:
    policy = rollout_policy(config_of(THREE + "monitor: {labels: {sources: [labeller]}}\n"))
    assert policy.labels_expected
    assert policy.guards[-1] == Guard(GuardName.ACCURACY, worse_by=0.005)


def test_a_ratio_takes_the_place_of_the_default_difference() -> None:
    monitor = "monitor: {guards: {accuracy: {worse_than: 1.5x}}, labels: {sources: [labeller]}}\n"
    policy = rollout_policy(config_of(THREE + monitor))
    assert policy.guards[-1] == Guard(GuardName.ACCURACY, worse_than=1.5)


def test_labels_of_a_regression_bring_the_guard_of_its_error() -> None:
    numeric = THREE.replace("classification", "regression")
    labelled = numeric + "monitor: {labels: {sources: [sales]}, guards: {error: %s}}\n"
    policies = [
        rollout_policy(config_of(labelled % said))
        for said in ("{}", "{worse_by: 2.5}", "{worse_than: 1.2x}")
    ]
    assert [p.guards[-1] for p in policies] == [
        Guard(GuardName.ERROR, worse_than=1.05),
        Guard(GuardName.ERROR, worse_by=2.5),
        Guard(GuardName.ERROR, worse_than=1.2),
    ]
    assert all(p.is_numeric for p in policies)
    assert not rollout_policy(config_of(numeric)).is_numeric


def test_a_guard_that_is_null_is_not_there() -> None:
    policy = rollout_policy(config_of(THREE + "monitor: {guards: {latency: null}}\n"))
    assert [guard.name for guard in policy.guards] == [GuardName.FAILURES]


def test_auto_says_why_it_chose_lambda() -> None:
    choice = choose(config_of(THREE))
    assert choice.target is Target.LAMBDA
    assert choice.reason.startswith("auto: a function")


def test_a_promise_below_a_cold_start_is_pointed_out() -> None:
    assert "more than p99_ms 50" in choose(config_of(THREE + "traffic: {p99_ms: 50}\n")).reason


@pytest.mark.parametrize("said", ["", "target: lambda\n"])
def test_what_does_not_fit_is_refused_with_the_reason(said: str) -> None:
    with pytest.raises(LadleError, match="payload of 20 MB") as refused:
        choose(config_of(THREE + said + "traffic: {payload_mb: 20}\n"))
    assert refused.value.code == "LD203"


def test_a_spec_says_where_the_model_is_and_what_it_is_called() -> None:
    spec = spec_of()
    assert (spec.source.file_name, spec.source.bytes) == ("model.onnx", 518)
    assert spec.log_retention_days == 30
    assert spec.network == {}
    assert spec.capture == {}


def test_evidence_takes_as_long_as_the_candidates_share_of_the_traffic_needs() -> None:
    time = evidence_time(config_of(THREE))
    assert time is not None
    assert time.requests_s == pytest.approx(200 / (10_000 * 0.1) * 86_400)
    assert time.labels_s is None
    assert "200 requests take about 4.8h" in str(time)


def test_a_segment_must_be_an_input_of_the_model() -> None:
    with pytest.raises(LadleError) as error:
        spec_of(THREE + "monitor: {segments: [region]}\n")
    assert error.value.code == "LD135"
