"""What a plan foretells of risk: exposure, the way back, blast radius, limits, sentences."""

from __future__ import annotations

from itertools import chain

import pytest
from tests.unit.planning.specs import MODEL, TO_CLOUDWATCH, config_of, spec_of

from ladle.planning import permissions
from ladle.planning.exposure import exposure
from ladle.planning.grant import VERBS, Thing, allow, listed
from ladle.planning.limits import limits
from ladle.planning.plan import Change, ModelPlan
from ladle.planning.recovery import blast_radius, recovery
from ladle.planning.usage import Usage, stated
from ladle.targets.sizes import Measured, Size, size_of

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\n"
EVERYTHING = "network: {vpc: vpc-0a, subnets: [subnet-0a], security_groups: [sg-0a]}\n"
EVERYTHING += "tracing: xray\nnotify: [mailto:ada@example.com]\n"
EVERYTHING += "cost: {idle_ttl: 1h, action: stop, production_stop_acknowledged_by: ada}\n"
EVERYTHING += "secrets: {TOKEN: 'secretsmanager:prod/fraud', HOST: 'ssm:/prod/host'}\n"
USAGE = Usage(requests_per_s=1.0, answer_ms=10.0, peak_per_s=5.0)


def planned(change: Change, goes_back_to: int | None = None, text: str = BARE) -> ModelPlan:
    return ModelPlan(spec_of(text), change, "a reason", goes_back_to=goes_back_to)


def hits(text: str, size: int = 518) -> set[str]:
    spec, traffic = spec_of(text, bytes=size), config_of(text).traffic
    return {row.what for row in limits(spec, stated(spec, traffic), traffic) if row.is_hit}


def test_a_closed_door_says_who_may_come() -> None:
    found = exposure(spec_of(BARE))
    assert not found.public
    assert found.sentence.startswith("not public: callers whom IAM allows")


def test_an_open_door_shouts_and_names_who_answers_for_it() -> None:
    opened = BARE + "door: {auth: none, public_acknowledged_by: ada@example.com}\n"
    assert exposure(spec_of(opened)).sentence == (
        "PUBLIC: anyone on the internet, unsigned; ada@example.com answers for it; "
        "at most 50 requests a second"
    )


@pytest.mark.parametrize(
    ("said", "to"),
    [
        (
            "env: {OTEL_EXPORTER_OTLP_ENDPOINT: 'https://in.example.com:4318/k3y'}",
            "in.example.com:4318",
        ),
        (
            "secrets: {OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'ssm:/traces'}",
            "where the secret OTEL_EXPORTER_OTLP_TRACES_ENDPOINT says",
        ),
    ],
)
def test_where_spans_go_is_said_and_grants_nothing(said: str, to: str) -> None:
    spec = spec_of(f"{BARE}tracing: otlp\n{said}\n")
    assert exposure(spec).sentence.endswith(f"; a span of each request leaves to {to}")
    untraced = spec_of(f"{BARE}{said}\n")
    assert exposure(untraced).spans_to is None
    assert permissions.serving(spec) == permissions.serving(untraced)


@pytest.mark.parametrize("target", ["lambda", "ecs", "sagemaker-serverless"])
def test_who_sends_spans_to_cloudwatch_may_and_no_other_role_of_its_model(target: str) -> None:
    network = "network: {vpc: vpc-0a, subnets: [subnet-0a], security_groups: [sg-0a]}\n"
    within = network if target == "ecs" else ""
    spec = spec_of(f"{BARE}target: {target}\n{TO_CLOUDWATCH}{within}")
    may = {
        role.holder
        for role in permissions.of_model(spec)
        for g in role.grants
        if "xray:PutSpans" in g.actions
    }
    assert may == {"serving"}
    assert exposure(spec).spans_to == "xray.eu-west-1.amazonaws.com"


def test_a_new_release_goes_back_to_the_proven_one() -> None:
    assert next(recovery(planned(Change.NEW_RELEASE, 7))).startswith("to release 7 by one write")


def test_a_first_release_has_nothing_to_go_back_to_and_meets_every_request() -> None:
    first = planned(Change.NEW_RELEASE)
    assert next(recovery(first)).startswith("to nothing")
    assert next(blast_radius(first, USAGE)).startswith("every request meets it")


def test_a_canary_meets_its_share() -> None:
    said = next(blast_radius(planned(Change.NEW_RELEASE, 7), USAGE))
    assert said == "10% of requests, about 360 an hour, for 60m to 24h"


def test_all_at_once_meets_every_request() -> None:
    text = BARE + "rollout: {strategy: all_at_once}\n"
    said = next(blast_radius(planned(Change.NEW_RELEASE, 7, text), USAGE))
    assert said == "every request meets the new release at once"


@pytest.mark.parametrize(
    "change", [Change.UNCHANGED, Change.SETTINGS, Change.POLICY_ONLY, Change.REFUSED]
)
def test_where_no_release_changes_none_is_at_risk(change: Change) -> None:
    assert next(recovery(planned(change, 7))).startswith("no release changes")
    assert next(blast_radius(planned(change, 7), USAGE)).startswith("no request meets another")


def test_a_small_model_hits_no_limit() -> None:
    assert hits(BARE) == set()


def test_limits_that_would_be_hit_are_named() -> None:
    assert hits(BARE + "target: lambda\n", size=420_000_000) == {"memory", "model size"}
    assert hits(BARE + "traffic: {peak_per_s: 60}\n") == {"peak"}
    wide = "door: {rate_per_s: 10000}\ntraffic: {peak_per_s: 9000}\n"
    assert hits(BARE + wide, size=240_000_000) == {"concurrency"}


def test_memory_is_the_runtime_and_three_times_the_model_with_a_third_more() -> None:
    assert Size(100_000_000).peak_mb == pytest.approx((150 + 300) * 1.3)


def test_what_was_measured_of_another_model_is_not_believed() -> None:
    measured = Measured("sha256:one", peak_mb=100.0, p50_ms=1.0, p99_ms=2.0, requests=300)
    assert size_of(1000, "sha256:one", measured).peak_mb == pytest.approx(130.0)
    assert size_of(1000, "sha256:other", measured) == Size(1000)
    assert size_of(1000, "sha256:one", None) == Size(1000)


def test_a_cap_below_what_is_expected_is_a_limit_of_ones_own() -> None:
    text = BARE + "notify: [mailto:ada@example.com]\ncost: {monthly_cap_usd: 25}\n"
    spec, traffic = spec_of(text), config_of(text).traffic
    hit = [row for row in limits(spec, USAGE, traffic, month_usd=26.0) if row.is_hit]
    assert [row.sentence for row in hit] == ["cost 26 of 25 USD a month"]
    assert not [row for row in limits(spec_of(BARE), USAGE, traffic, 1e6) if row.is_hit]


def test_a_limit_is_computed_with_what_was_measured() -> None:
    measured = Measured(MODEL, peak_mb=2000.0, p50_ms=1.0, p99_ms=2.0, requests=300)
    spec, traffic = spec_of(BARE, measured=measured), config_of(BARE).traffic
    usage = stated(spec, traffic)
    (memory,) = [row for row in limits(spec, usage, traffic) if row.what == "memory"]
    assert (memory.used, memory.is_hit) == (pytest.approx(2600.0), True)
    assert (usage.answer_ms, usage.answer_known) == (1.0, "measured")


def test_a_sentence_is_made_of_actions_and_things() -> None:
    folder = Thing("arn:aws:s3:::store/release/*", "release/* of the store")
    assert allow("s3", ["GetObject", "PutObject"], folder).sentence == (
        "read and write release/* of the store"
    )
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_every_verb_is_one_that_some_grant_uses() -> None:
    on_ecs = permissions.of_model(spec_of(BARE + "target: ecs\ncompute: {gpu: 1}\n"))
    on_lambda = permissions.of_model(spec_of(BARE + EVERYTHING))
    to_cloudwatch = permissions.of_model(spec_of(BARE + TO_CLOUDWATCH))
    endpoints = ("sagemaker", "sagemaker-serverless", "sagemaker-async")
    on_sagemaker = (permissions.of_model(spec_of(f"{BARE}target: {t}\n")) for t in endpoints)
    roles = (
        *permissions.of_platform(builds=True),
        *on_lambda,
        *to_cloudwatch,
        *on_ecs,
        *chain.from_iterable(on_sagemaker),
    )
    used = {action for role in roles for grant in role.grants for action in grant.actions}
    assert used == set(VERBS)
