"""``target: auto`` takes the first rule that matches, and says it with the numbers that decided."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.specs import config_of

from ladle.catalog import TARGET_MODULES, Target
from ladle.errors import LadleError
from ladle.planning.break_even import model_facts
from ladle.targets.choose import Choice, choose
from ladle.targets.sizes import Measured, Size

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\n"
MB = 1_000_000


def chosen(keys: str = "", bytes_: int = 500, measured: Measured | None = None) -> Choice:
    config = config_of(BARE + keys)
    return choose(config, model_facts(config, Size(bytes_, measured)))


def test_a_small_model_with_little_traffic_is_a_function() -> None:
    assert chosen().target is Target.LAMBDA


@pytest.mark.parametrize(
    ("keys", "target"),
    [
        ("compute: {gpu: 1}\n", Target.SAGEMAKER),
        ("auto: {gpu_on: ecs}\ncompute: {gpu: 1}\n", Target.ECS),
        ("compute: {gpu: 1, spot: true}\n", Target.ECS),
        ("compute: {gpu: 1, timeout_s: 300}\n", Target.SAGEMAKER_ASYNC),
        ("compute: {instance_type: ml.m5.xlarge}\n", Target.SAGEMAKER),
        ("compute: {gpu: 1, instance_type: g5.xlarge}\n", Target.ECS),
        ("compute: {min_instances: 1}\n", Target.SAGEMAKER),
    ],
)
def test_what_a_function_has_not_runs_elsewhere(keys: str, target: Target) -> None:
    assert chosen(keys).target is target


def test_a_model_that_a_function_cannot_bring_in_time_gets_a_machine() -> None:
    choice = chosen(bytes_=400 * MB)
    assert choice.target is Target.SAGEMAKER
    assert "its model of 400 MB is more than the 250 of a function" in choice.reason


def test_a_model_that_a_function_cannot_hold_gets_a_machine() -> None:
    choice = chosen("auto: {peak_mb: 500}\n", bytes_=200 * MB)
    assert choice.target is Target.SAGEMAKER
    assert (
        "about 975 MB of memory (guessed from the model's size) are more than the 500"
        in choice.reason
    )


def test_what_was_measured_decides_before_any_guess() -> None:
    """Guessed 975 MB and 103 ms; it took 300 MB and 2 ms."""
    keys = "auto: {peak_mb: 500}\ntraffic: {expected_per_day: 2000000}\n"
    modest = Measured("", peak_mb=300.0, p50_ms=2.0, p99_ms=4.0, requests=300)
    assert chosen(keys, 200 * MB).target is Target.SAGEMAKER
    assert chosen(keys, 200 * MB, modest).target is Target.LAMBDA
    greedy = Measured("", peak_mb=500.0, p50_ms=2.0, p99_ms=4.0, requests=300)
    assert "about 650 MB of memory (measured)" in chosen(keys, 1 * MB, greedy).reason
    slow = Measured("", peak_mb=None, p50_ms=900.0, p99_ms=950.0, requests=300)
    assert "at 900 ms each (measured)" in chosen(keys, 1 * MB, slow).reason


def test_a_load_from_which_a_machine_is_cheaper_gets_one() -> None:
    """By hand: 60 MB answer in 33 ms; 0.115 USD an hour are as much as 27.4 calls a second."""
    call = 0.0000002 + 0.033 * 1769 / 1024 * 0.0000166667
    even = 0.115 / 3600 / call
    busy = int(0.8 * even * 86_400)
    choice = chosen(f"traffic: {{expected_per_day: {busy}}}\n", bytes_=60 * MB)
    assert choice.target is Target.SAGEMAKER
    assert f"more than 70% of the {even:,.1f} from which" in choice.reason
    calm = int(0.6 * even * 86_400)
    assert chosen(f"traffic: {{expected_per_day: {calm}}}\n", 60 * MB).target is Target.LAMBDA


def test_the_bound_is_the_configs_own() -> None:
    keys = "auto: {busy_share: 10}\ntraffic: {expected_per_day: 3000000}\n"
    assert chosen(keys, 60 * MB).target is Target.LAMBDA
    assert chosen("auto: {model_mb: 500}\n", 400 * MB).target is Target.LAMBDA


def test_more_memory_makes_machine_and_calls_dearer() -> None:
    """By hand: 33 ms with 9,000 MB cost 4.86e-6 USD; ml.m5.xlarge is worth 13.1 of them a second."""
    keys = "compute: {{memory_mb: 9000}}\ntraffic: {{expected_per_day: {daily:.0f}}}\n"
    call = 0.0000002 + 0.033 * 9000 / 1024 * 0.0000166667
    even = 0.23 / 3600 / call
    choice = chosen(keys.format(daily=0.8 * even * 86_400), bytes_=60 * MB)
    assert choice.target is Target.SAGEMAKER
    assert "an endpoint on ml.m5.xlarge" in choice.reason
    assert f"of the {even:,.1f} from which" in choice.reason


def test_what_fits_nowhere_is_refused_with_every_reason() -> None:
    with pytest.raises(LadleError, match="LD203") as refused:
        chosen("traffic: {payload_mb: 20}\n")
    assert str(refused.value).count("payload of 20 MB") == len(TARGET_MODULES)


@given(
    st.integers(0, 2_000 * MB),
    st.floats(1e4, 1e9),
    st.sampled_from([0, 1]),
)
def test_the_choice_is_one_that_can_take_the_model(size: int, daily: float, gpu: int) -> None:
    keys = f"traffic: {{expected_per_day: {daily:.0f}}}\ncompute: {{gpu: {gpu}}}\n"
    found = chosen(keys, size)
    named = config_of(f"{BARE}{keys}target: {found.target}\n")
    assert choose(named).target is found.target
    assert found.reason.startswith("auto: ")


SIGNED = "notify: [mailto:ada@example.com]\ncost: {idle_ttl: 24h, action: stop, production_stop_acknowledged_by: ada}\n"


def test_what_may_be_stopped_runs_where_a_stop_can_be_taken_back() -> None:
    assert chosen(SIGNED).target is Target.LAMBDA
    assert chosen(SIGNED + "compute: {gpu: 1}\n").target is Target.ECS
    for keys in ("target: sagemaker\n", "target: lambda\ncompute: {reserved: 20}\n"):
        with pytest.raises(LadleError, match=r"LD203.*action: stop"):
            chosen(SIGNED + keys)
