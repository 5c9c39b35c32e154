"""Which door leads to an endpoint, and what it costs where a function must stand between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.planning.specs import config_of, spec_of

from ladle.catalog import DoorKind, Packaging, Target
from ladle.config.doors import choose_door, reached, row_of
from ladle.config.parse import parse
from ladle.planning import between
from ladle.planning.cost import MONTH_S
from ladle.planning.digests import release_digest
from ladle.planning.limits import limits
from ladle.planning.prices import prices
from ladle.planning.targets import sagemaker as planning
from ladle.planning.usage import Usage, stated
from ladle.policy.lock import Lock

PLAIN = "name: fraud\nmodel: model.onnx\ntype: classification\n"
BARE = PLAIN + "target: sagemaker\n"
TOKENS = BARE + "door: {auth: jwt, issuer: 'https://login.example.com/', audience: [fraud]}\n"
PAGES = BARE + "door: {cors: ['https://app.example.com']}\n"


@pytest.mark.parametrize(
    ("text", "kind", "through"),
    [
        (BARE, DoorKind.REST_API, False),
        (BARE + "door: {auth: api_key}\n", DoorKind.REST_API, False),
        (TOKENS, DoorKind.HTTP_API, True),
        (PAGES, DoorKind.HTTP_API, True),
        (TOKENS.replace("sagemaker", "ecs"), DoorKind.HTTP_API, False),
    ],
)
def test_a_function_stands_only_where_no_door_asks_the_endpoint_itself(
    text: str, kind: DoorKind, through: bool
) -> None:
    spec = spec_of(text)
    assert (spec.door.kind, between.stands(spec)) == (kind, through)


def test_the_reason_says_why_it_is_no_other_door() -> None:
    said = spec_of(TOKENS).door.kind_reason
    assert "no HTTP API, which cannot lead to sagemaker" in said
    assert "no REST API, which knows no auth: jwt" in said


@pytest.mark.parametrize("target", ["sagemaker-serverless", "sagemaker-async"])
def test_what_a_stage_leads_to_has_no_such_function(target: str) -> None:
    found = parse(TOKENS.replace("sagemaker", target).encode(), "model.yaml").findings
    assert [finding.code for finding in found] == ["LD140"]


@pytest.mark.parametrize(
    ("kept", "target"),
    [
        (DoorKind.HTTP_API, Target.SAGEMAKER),
        (DoorKind.HTTP_API, Target.LAMBDA),
        (DoorKind.REST_API, Target.LAMBDA),
        (DoorKind.REST_API, Target.SAGEMAKER_SERVERLESS),
    ],
)
def test_a_model_that_has_moved_keeps_its_kind_of_door(kept: DoorKind, target: Target) -> None:
    choice = choose_door(config_of(PLAIN), target, kept)
    assert choice.row is row_of(kept, target)
    assert "keeps its kind of door" in choice.reason


@pytest.mark.parametrize(
    ("keys", "target", "why"),
    [
        ("door: {auth: api_key}\n", Target.LAMBDA, "knows no auth: api_key"),
        ("", Target.SAGEMAKER_SERVERLESS, "cannot lead to sagemaker-serverless"),
        (
            "door: {url: function}\ncompute: {reserved: 5}\n",
            Target.LAMBDA,
            "has no url: function",
        ),
    ],
)
def test_what_its_door_does_not_take_is_refused_and_no_other_door_chosen(
    keys: str, target: Target, why: str
) -> None:
    choice = choose_door(config_of(PLAIN + keys), target, DoorKind.HTTP_API)
    assert choice.row is None
    assert why in choice.reason


def test_no_door_of_any_kind_has_two_ways_to_one_target() -> None:
    for kind in DoorKind:
        for target in reached(kind):
            assert target in row_of(kind, target).targets


def test_a_door_that_is_kept_makes_no_other_release() -> None:
    spec = spec_of(PLAIN)
    kept = replace(spec, door=replace(spec.door, is_kept=True))
    assert release_digest(kept) == spec.release_digest


def test_a_lock_names_a_door_only_where_a_move_wrote_one() -> None:
    lock = Lock(Target.SAGEMAKER, Packaging.IMAGE, None, base=4)
    assert "door" not in lock.to_json()
    kept = replace(lock, door=DoorKind.HTTP_API)
    assert Lock.from_json(kept.to_json()) == kept
    with pytest.raises(ValueError, match="window"):
        Lock.from_json({**kept.to_json(), "door": "window"})


def test_waiting_is_paid_for_by_hand() -> None:
    """A request a second, answered in 95 ms, and 5 ms of its own: 0.05 GB seconds each."""
    usage = Usage(1.0, 95.0, 1.0)
    month = dict(planning.serving_costs(spec_of(TOKENS), usage, MONTH_S, prices()))
    each = 0.20e-6 + 0.05 * 0.0000166667
    assert month["the function before the endpoint"] == pytest.approx(MONTH_S * each)
    bare = dict(planning.serving_costs(spec_of(BARE), usage, MONTH_S, prices()))
    assert "the function before the endpoint" not in bare


def test_it_takes_of_the_accounts_concurrency_and_carries_what_a_function_does() -> None:
    text = TOKENS + "traffic: {expected_per_day: 1000000, peak_per_s: 50, payload_mb: 6}\n"
    spec, traffic = spec_of(text), config_of(text).traffic
    found = {row.what: row for row in limits(spec, stated(spec, traffic), traffic)}
    busy = found["concurrency before it"]
    assert 0 < busy.used < busy.ceiling == 1000
    assert found["payload"].ceiling == 6


@pytest.mark.parametrize(("keys", "waits_s"), [("", 30), ("compute: {timeout_s: 7}\n", 8)])
def test_it_may_run_a_second_longer_than_the_door_waits(keys: str, waits_s: int) -> None:
    assert between.timeout_s(spec_of(PAGES + keys)) == waits_s


def test_a_time_that_is_never_waited_is_told_by_the_door_that_leads_there() -> None:
    [found] = parse((PAGES + "compute: {timeout_s: 40}\n").encode(), "model.yaml").findings
    assert (found.code, found.fix) == ("LD125", "write timeout_s: 29")
