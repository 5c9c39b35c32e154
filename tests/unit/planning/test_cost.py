"""Each line of a bill, computed once more by hand."""

from __future__ import annotations

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.specs import TO_CLOUDWATCH, config_of, spec_of

from ladle.catalog import Packaging
from ladle.experiments.manifest import Signature, TensorSpec
from ladle.planning.carried import answer_bytes, request_bytes
from ladle.planning.cost import (
    MONTH_S,
    Cost,
    Side,
    Sum,
    cost,
    lines,
    platform,
    total,
)
from ladle.planning.prices import FILE, Prices, prices
from ladle.planning.targets.lambda_function import cold_share
from ladle.planning.usage import Known, Usage, bin_ms, observed, stated, warm_ms
from ladle.quality.counts import latency_bin
from ladle.targets import ecs, sagemaker

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\n"
LABELLED = BARE + "monitor: {window: 30s, labels: {sources: [labeller]}}\n"
# One request a second, 10 ms each: 2,628,000 a month on 1,769 MB.
STEADY = Usage(requests_per_s=1.0, answer_ms=10.0, peak_per_s=5.0)
MONTHLY = 2_628_000
GB = 1769 / 1024


def usd(text: str, what: str, usage: Usage = STEADY) -> float:
    [found] = [
        row.usd for row in lines(spec_of(text), usage, MONTH_S, prices()) if row.what == what
    ]
    return found


BY_HAND = {
    "calls of the function": MONTHLY * 0.20 / 1e6,
    "answers": MONTHLY * GB * 0.010 * 0.0000166667,
    "cold starts": MONTHLY * 0.001 * GB * 1.6 * 0.0000166667,
    "the door": MONTHLY * 1.00 / 1e6,
    "answers on their way out": MONTHLY * 520 / 1e9 * 0.09,  # a frame of 500 bytes, and one label
    "the model's copy": 518 / 1e9 * 0.023,
    "log lines": MONTHLY * 500 / 1e9 * 0.50,
    "lines that are kept": 500 / 1e9 * 30 * 86400 * 0.03,
    "counting": MONTHLY * (0.20 / 1e6 + 0.5 * 0.05 * 0.0000166667),
    "counters": MONTHLY * 4 * 0.625 / 1e6,
    "alarms": 2 * 0.10,
    "evidence": 0.1 * 0.30,
    "publishing it": 43_800 * 0.1 * 0.01 / 1000,
    "looks each minute": 43_800 * 5 * 0.125 / 1e6,
    # An hour and a day are 1,500 windows in the end: for two releases, by judge and controller.
    "looks at trials": 4_380 * 4 * 750 * 300 / 4096 * 0.125 / 1e6,
}
WITH_LABELS = {
    "labels": MONTHLY * 5 * 0.625 / 1e6,
    "calls with labels": MONTHLY * (1.00 / 1e6 + 0.20 / 1e6 + 0.5 * 0.054 * 0.0000166667),
    "windows under a minute (once for all models)": 2
    * 43_800
    * (0.20 / 1e6 + 0.5 * 58 * 0.0000166667),
}


@pytest.mark.parametrize("what", BY_HAND)
def test_a_line_is_what_a_hand_computes(what: str) -> None:
    assert usd(BARE, what) == pytest.approx(BY_HAND[what])


@pytest.mark.parametrize("what", WITH_LABELS)
def test_labels_and_short_windows_cost_what_a_hand_computes(what: str) -> None:
    assert usd(LABELLED, what) == pytest.approx(WITH_LABELS[what])


def test_every_line_has_its_computation_by_hand() -> None:
    said = {row.what for row in lines(spec_of(LABELLED), STEADY, MONTH_S, prices())}
    assert said == BY_HAND.keys() | WITH_LABELS.keys()


def test_spans_in_cloudwatch_cost_what_lines_of_a_log_do() -> None:
    assert usd(BARE + TO_CLOUDWATCH, "spans") == pytest.approx(MONTHLY * 1500 / 1e9 * 0.50)


def test_where_ids_are_not_sealed_predictions_are_written_too() -> None:
    any_ = LABELLED.replace("classification", "generic")
    assert usd(any_, "labels") == usd(LABELLED, "labels")
    kept = usd(any_, "predictions that wait for labels")
    assert kept == pytest.approx(MONTHLY * (0.625 + 0.125) / 1e6)
    assert usd(any_, "log lines") == pytest.approx(MONTHLY * 630 / 1e9 * 0.50)


@pytest.mark.parametrize("labels", ["", "monitor: {labels: {sources: [labeller]}}\n"])
def test_at_a_hundred_requests_a_second_watching_costs_no_more_than_serving(labels: str) -> None:
    """Even if each of them gets its label, and the model is as small as any."""
    found = cost(spec_of(BARE + labels), Usage(100.0, 3.0, 500.0), prices()).per_million
    assert found.watching <= found.serving


def test_every_price_says_where_to_compare_it_and_none_is_of_tomorrow() -> None:
    rows = tomllib.loads(FILE.read_text())
    region, checked = rows.pop("region"), rows.pop("checked")
    assert region == prices().region
    for name, row in rows.items():
        assert row["source"].startswith("https://aws.amazon.com/"), name
        assert row.get("seen", checked) <= checked, name
        assert row.get("region") != region, name


def test_a_bill_names_the_prices_that_another_regions_list_told_and_no_others() -> None:
    text = BARE + "target: sagemaker\ncompute: {gpu: 1, instance_type: ml.g5.xlarge}\n"
    [row] = cost(spec_of(text), STEADY, prices()).elsewhere
    assert (row.row, row.region, row.seen) == (
        "machine_hour_ml.g5.xlarge",
        "us-west-2",
        "2026-09-01",
    )
    assert cost(spec_of(BARE + "target: sagemaker\n"), STEADY, prices()).elsewhere == ()


def test_every_price_of_the_file_is_used() -> None:
    names = set(tomllib.loads(FILE.read_text())) - {"region", "checked"}
    used: set[str] = set()

    class Asked(dict[str, float]):
        def __getitem__(self, name: str) -> float:
            used.add(name)
            return super().__getitem__(name)

    asked = Prices("nowhere", "never", Asked(prices().usd))
    url = "door: {url: function, unlimited_acknowledged_by: ada@example.com}\n"
    gpus = {name: found.gpus for name, found in ecs.machines().items()}
    gpus |= {name: found.gpus for name, found in sagemaker.machines().items()}
    warm = ("compute: {warm: 1}\n", "compute: {warm: 1}\narch: arm64\n")
    lambda_ = ("arch: arm64\n", "door: {auth: api_key}\n", url, "tracing: xray\n", *warm)
    plain = [f"target: {name}\n" for name in ("ecs", "sagemaker-serverless", "sagemaker-async")]
    machines = [
        f"target: {'sagemaker' if name in sagemaker.machines() else 'ecs'}\n"
        f"compute: {{gpu: {count}, instance_type: {name}}}\n"
        for name, count in gpus.items()
    ]
    others = [*plain, "target: ecs\narch: arm64\n", *machines]
    for more in (*lambda_, *others):
        list(lines(spec_of(LABELLED + more), STEADY, MONTH_S, asked))
    snapshot = LABELLED + "packaging: zip\ncompute: {snap_start: true}\n"
    list(lines(spec_of(snapshot, Packaging.ZIP), STEADY, MONTH_S, asked))
    list(lines(spec_of(LABELLED + "model_in: image\n"), STEADY, MONTH_S, asked))
    shown = LABELLED.replace("monitor: {", "monitor: {dashboard: true, ")
    list(lines(spec_of(shown), STEADY, MONTH_S, asked))
    platform(asked)
    assert used == names


def test_an_answer_is_billed_for_a_millisecond_at_least() -> None:
    quick = Usage(requests_per_s=1.0, answer_ms=0.3, peak_per_s=5.0)
    assert usd(BARE, "answers", quick) == pytest.approx(MONTHLY * GB * 0.001 * 0.0000166667)


def test_arm_answers_for_less() -> None:
    arm = usd(BARE + "arch: arm64\n", "answers")
    assert arm == pytest.approx(MONTHLY * GB * 0.010 * 0.0000133334)


def test_an_idle_month_costs_what_waits_for_requests_and_nothing_else() -> None:
    idle = cost(spec_of(BARE), STEADY, prices()).idle
    assert idle.serving == pytest.approx(BY_HAND["the model's copy"])
    waiting = ("alarms", "evidence", "publishing it", "looks each minute")
    assert idle.watching == pytest.approx(sum(BY_HAND[what] for what in waiting))


def test_a_million_requests_cost_what_a_month_costs_above_idle() -> None:
    found = cost(spec_of(BARE), STEADY, prices())
    above = found.expected.total - found.idle.total
    assert found.per_million.total == pytest.approx(above / MONTHLY * 1e6)


def test_the_worst_day_is_all_that_the_door_lets_in() -> None:
    found = cost(spec_of(BARE), STEADY, prices()).worst_day
    day = total(lines(spec_of(BARE), STEADY.at(50.0), 86400.0, prices()))
    assert found == day
    requests = 50 * 86400
    answers = requests * (0.20 / 1e6 + 1.00 / 1e6 + GB * 0.0000166667 * (0.010 + 0.001 * 1.6))
    out = requests * 520 / 1e9 * 0.09
    assert found.serving == pytest.approx(answers + out, rel=1e-4)


@pytest.mark.parametrize("target", ["lambda", "ecs", "sagemaker", "sagemaker-async"])
def test_no_month_has_more_requests_than_get_in_or_costs_more_than_its_worst_days(
    target: str,
) -> None:
    asked = Usage(requests_per_s=500.0, answer_ms=10.0, peak_per_s=500.0)
    found = cost(spec_of(f"{BARE}target: {target}\n"), asked, prices())
    assert found.asked_per_day == 500 * 86_400
    assert found.usage.requests_per_s == 50
    assert found.expected.serving == pytest.approx(found.worst_day.serving * 730 / 24)


def test_no_day_is_worse_than_all_instances_of_the_account_working_through_it() -> None:
    slow = cost(spec_of(BARE), STEADY, prices()).worst_day_slow
    busy = 1000 * GB * 86400 * 0.0000166667
    assert busy < slow.serving < busy * 1.01


def test_what_a_request_carries_is_guessed_from_the_signature() -> None:
    """By hand: an image of 3 x 224 x 224 numbers, a thousand scores; any number of rows is one."""
    seen = TensorSpec("image", "float", (None, 3, 224, 224))
    scores = TensorSpec("scores", "float", (None, 1000))
    spec = spec_of(signature=Signature((seen,), (scores,)))
    assert request_bytes(spec) == 500 + 20 * 150_528
    assert answer_bytes(spec) == 500 + 20 * 1000


def test_nobody_knows_what_a_transform_takes() -> None:
    spec = spec_of(BARE + "transform: transform.py\n")
    assert (request_bytes(spec), answer_bytes(spec)) == (1500, 1500)


@given(rate=st.floats(0, 1e4), more=st.floats(0, 1e4))
def test_watching_more_requests_never_costs_less(rate: float, more: float) -> None:
    def month(requests_per_s: float) -> Sum:
        return total(lines(spec_of(BARE), STEADY.at(requests_per_s), MONTH_S, prices()))

    assert month(rate + more).watching >= month(rate).watching - 1e-9


@given(rate=st.floats(1e-9, 1e4))
def test_a_share_of_cold_starts_is_a_share(rate: float) -> None:
    assert 0.001 <= cold_share(rate) <= 1


def test_a_lonely_request_is_cold() -> None:
    assert cold_share(1 / 86400) == pytest.approx(math.exp(-600 / 86400))


def test_what_all_models_share_is_a_key_a_secret_and_two_calls_a_minute() -> None:
    calls = 2 * 43_800 * (0.20 / 1e6 + 0.5 * 0.05 * 0.0000166667)
    assert sum(row.usd for row in platform(prices())) == pytest.approx(1.00 + 0.40 + calls)


def test_lines_of_a_bill_sum_to_its_month() -> None:
    found: Cost = cost(spec_of(LABELLED), STEADY, prices())
    for side, sum_ in (
        (Side.SERVING, found.expected.serving),
        (Side.WATCHING, found.expected.watching),
    ):
        assert sum(row.usd for row in found.lines if row.side is side) == pytest.approx(sum_)
    assert set(found.to_json()) >= {"idle_month", "expected_month", "worst_day", "lines"}


def test_stated_traffic_is_the_configs() -> None:
    config = config_of(BARE + "traffic: {expected_per_day: 86400, peak_per_s: 7}\n")
    usage = stated(spec_of(BARE, bytes=100_000_000), config.traffic)
    assert (usage.requests_per_s, usage.peak_per_s, usage.known) == (1.0, 7, Known.STATED)
    assert usage.answer_ms == pytest.approx(3 + 0.5 * 100)


def test_traffic_that_nobody_stated_is_assumed() -> None:
    config = config_of(BARE + "traffic: {peak_per_s: 7}\n")
    usage = stated(spec_of(BARE), config.traffic)
    assert usage.requests_per_day == pytest.approx(10_000)
    assert usage.known is Known.ASSUMED


def test_half_the_memory_takes_twice_the_time() -> None:
    half = spec_of(BARE + "compute: {memory_mb: 884}\n", bytes=1)
    assert warm_ms(half) == pytest.approx(3.0 * 1769 / 884, rel=1e-3)


def test_observed_traffic_is_what_was_counted() -> None:
    usage = observed(requests=120, answers=[(2.0, 60), (4.0, 60)], seconds=60.0)
    assert usage is not None
    assert (usage.requests_per_s, usage.answer_ms, usage.known) == (2.0, 3.0, Known.OBSERVED)
    assert usage.seen_s == 60.0
    assert observed(requests=0, answers=[], seconds=60.0) is None


def test_a_latency_bin_is_read_as_its_middle() -> None:
    for bin_, (middle, _) in enumerate(bin_ms([(b, 1) for b in range(47)])):
        assert latency_bin(middle) == bin_


def test_instances_that_are_kept_warm_are_paid_for_by_the_second_and_start_no_request_cold() -> (
    None
):
    kept = BARE + "compute: {warm: 2}\n"
    by_hand = 2 * 1.1 * GB * MONTH_S * 0.0000041667
    assert usd(kept, "instances kept warm") == pytest.approx(by_hand)
    rare = Usage(requests_per_s=0.0001, answer_ms=10.0, peak_per_s=1.0)
    assert usd(kept, "cold starts", rare) < usd(BARE, "cold starts", rare) / 100
