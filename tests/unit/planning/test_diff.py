"""What a plan says of each model: the last digest handed over decides."""

from __future__ import annotations

import dataclasses

import pytest
from tests.unit.planning.specs import spec_of

from ladle.catalog import Packaging, Target
from ladle.planning.diff import diff, uncompared
from ladle.planning.plan import Change, DeployedModel, DeployedRelease, ModelPlan, QuarantinedDigest
from ladle.planning.service_spec import Left, ServiceSpec
from ladle.planning.settings import settings_of
from ladle.policy.lock import Home
from ladle.policy.statuses import QuarantineScope

OLD = spec_of()
NEW_MODEL = spec_of(digest="sha256:" + "b" * 64)
NEW_CODE = spec_of(code="sha256:" + "d" * 64)


def release(number: int, spec: ServiceSpec) -> DeployedRelease:
    return DeployedRelease(number, spec.release_digest, spec.model_digest, spec.policy)


def deployed(
    *releases: DeployedRelease,
    handed_over: ServiceSpec = OLD,
    quarantine: tuple[QuarantinedDigest, ...] = (),
) -> DeployedModel:
    return DeployedModel(handed_over.release_digest, releases, quarantine)


def planned(wanted: ServiceSpec, model: DeployedModel) -> ModelPlan:
    [found] = diff([wanted], {"fraud": model}).models
    return found


def bad_model(spec: ServiceSpec) -> QuarantinedDigest:
    return QuarantinedDigest(QuarantineScope.MODEL, spec.model_digest, 2, "accuracy got worse")


def test_a_model_that_was_never_deployed_is_a_new_release() -> None:
    [found] = diff([OLD], {}).models
    assert found.change is Change.NEW_RELEASE
    assert found.reason == "never deployed before"


def test_the_digest_that_was_handed_over_last_is_unchanged() -> None:
    assert planned(OLD, deployed(release(1, OLD))).change is Change.UNCHANGED


def test_it_stays_unchanged_when_it_is_quarantined_and_says_so() -> None:
    found = planned(OLD, deployed(release(1, OLD), quarantine=(bad_model(OLD),)))
    assert found.change is Change.UNCHANGED
    assert "accuracy got worse" in found.reason
    assert not found.would_change


def test_another_policy_changes_in_place() -> None:
    other = dataclasses.replace(OLD, policy=dataclasses.replace(OLD.policy, bake_s=1.0))
    found = planned(other, deployed(release(1, OLD)))
    assert (found.change, found.release) == (Change.POLICY_ONLY, 1)
    assert found.would_change


ANOTHER_DOOR = dataclasses.replace(OLD, door=dataclasses.replace(OLD.door, rate_per_s=7.0))


def with_settings(spec: ServiceSpec, model: DeployedModel) -> DeployedModel:
    return dataclasses.replace(model, settings=settings_of(spec))


def test_what_changes_in_place_alone_is_named() -> None:
    found = planned(ANOTHER_DOOR, with_settings(OLD, deployed(release(1, OLD))))
    assert (found.change, found.settings, found.release) == (Change.SETTINGS, ("door",), 1)
    assert found.reason.endswith("what changes in place: the door")
    assert found.would_change


def test_a_stack_with_what_is_wanted_is_unchanged_and_known_to_be() -> None:
    found = planned(OLD, with_settings(OLD, deployed(release(1, OLD))))
    assert (found.change, found.settings, found.would_change) == (Change.UNCHANGED, (), False)


def test_of_a_stack_that_says_nothing_nothing_is_told() -> None:
    found = planned(ANOTHER_DOOR, deployed(release(1, OLD)))
    assert (found.change, found.settings) == (Change.UNCHANGED, None)


def test_a_release_tells_what_changes_in_place_beside_it() -> None:
    wanted = dataclasses.replace(NEW_CODE, tags={"team": "risk"})
    found = planned(wanted, with_settings(OLD, deployed(release(1, OLD))))
    assert (found.change, found.settings) == (Change.NEW_RELEASE, ("tags",))


def test_what_a_refused_model_would_change_in_place_is_nothing() -> None:
    model = deployed(release(1, OLD), quarantine=(bad_model(NEW_MODEL),))
    wanted = dataclasses.replace(NEW_MODEL, door=ANOTHER_DOOR.door)
    found = planned(wanted, with_settings(OLD, model))
    assert (found.change, found.settings) == (Change.REFUSED, None)


def test_another_model_is_a_new_release_and_says_what_changed() -> None:
    found = planned(NEW_MODEL, deployed(release(4, OLD)))
    assert found.change is Change.NEW_RELEASE
    assert found.reason == "another model than release 4 has"


def test_other_code_is_a_new_release_and_says_so() -> None:
    found = planned(NEW_CODE, deployed(release(4, OLD)))
    assert found.reason == "the model of release 4 with other code or settings"


def test_a_kept_release_is_taken_again_without_a_new_version() -> None:
    model = deployed(release(1, OLD), release(2, NEW_MODEL), handed_over=NEW_MODEL)
    found = planned(OLD, model)
    assert (found.change, found.release) == (Change.KNOWN_RELEASE, 1)


def test_a_quarantined_model_is_refused_in_any_new_release() -> None:
    again = spec_of(digest=NEW_MODEL.model_digest, code="sha256:" + "e" * 64)
    found = planned(again, deployed(release(1, OLD), quarantine=(bad_model(NEW_MODEL),)))
    assert found.change is Change.REFUSED
    assert "this model is quarantined since release 2: accuracy got worse" in found.reason
    assert not found.would_change


def test_a_quarantined_release_leaves_its_model_free() -> None:
    entry = QuarantinedDigest(QuarantineScope.RELEASE, NEW_CODE.release_digest, 2, "it fails")
    model = deployed(release(1, NEW_MODEL), handed_over=NEW_MODEL, quarantine=(entry,))
    assert planned(NEW_CODE, model).change is Change.REFUSED
    assert planned(OLD, model).change is Change.NEW_RELEASE


def test_one_refused_model_leaves_the_others_of_the_commit_as_they_are() -> None:
    other = dataclasses.replace(OLD, model="churn")
    model = deployed(release(1, OLD), quarantine=(bad_model(NEW_MODEL),))
    plan = diff([NEW_MODEL, other], {"fraud": model})
    assert [m.change for m in plan.models] == [Change.REFUSED, Change.NEW_RELEASE]
    assert [m.wanted.model for m in plan.refused] == ["fraud"]
    assert plan.would_change


def test_a_plan_without_anybody_to_ask_says_so_of_every_model() -> None:
    plan = uncompared([OLD], "the embedded AWS is not running")
    assert plan.not_compared == "the embedded AWS is not running"
    assert [m.change for m in plan.models] == [Change.NOT_COMPARED]


@pytest.mark.parametrize(
    ("good", "expected"), [((), 2), ((1,), 1), ((1, 2), 2)], ids=["bake", "older", "newest"]
)
def test_a_new_release_goes_back_to_the_last_proven_one(
    good: tuple[int, ...], expected: int
) -> None:
    policy = spec_of().policy
    releases = tuple(DeployedRelease(n, f"sha256:{n:064}", "sha256:other", policy) for n in (1, 2))
    deployed = {"fraud": DeployedModel(releases[1].release_digest, releases, (), good)}
    [model] = diff([spec_of()], deployed).models
    assert model.goes_back_to == expected


def test_a_model_stays_on_the_target_of_its_newest_release() -> None:
    elsewhere = dataclasses.replace(release(2, OLD), target=Target.ECS)
    found = planned(NEW_MODEL, deployed(release(1, OLD), elsewhere))
    assert found.change is Change.REFUSED
    assert found.reason.startswith("it runs on ecs, and a deploy does not move it: write target")
    assert "ladle migrate fraud --to lambda" in found.reason


def moving(wanted: ServiceSpec, home: Home) -> ServiceSpec:
    return dataclasses.replace(wanted, base=2, left=Left(home, {}))


def test_a_model_that_moves_goes_from_where_it_was_to_where_its_lock_says() -> None:
    wanted = moving(NEW_CODE, Home(Target.ECS))
    before = dataclasses.replace(release(2, OLD), target=Target.ECS)
    found = planned(wanted, deployed(before))
    assert found.change is Change.NEW_RELEASE
    assert found.reason == "it moves: what release 2 is, in its new home"
    there = dataclasses.replace(release(3, wanted), base=2)
    assert planned(wanted, deployed(before, there, handed_over=wanted)).change is Change.UNCHANGED


def test_a_commit_from_before_a_move_is_refused() -> None:
    found = planned(NEW_CODE, deployed(dataclasses.replace(release(9, OLD), base=8)))
    assert found.change is Change.REFUSED
    assert "it has moved since this was committed: release 9" in found.reason


def test_a_model_stays_packed_as_its_newest_release() -> None:
    zipped = dataclasses.replace(release(1, OLD), packaging=Packaging.ZIP)
    found = planned(NEW_MODEL, deployed(zipped))
    assert found.change is Change.REFUSED
    assert "ladle migrate fraud --to image" in found.reason
