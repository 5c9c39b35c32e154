"""Releases with an endpoint each: who starts, whom the door's stage names, and who goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from tests.contract.releases.sagemaker_world import MODEL
from tests.contract.releases.stage_router import on_moto
from tests.contract.releases.stage_world import COLLECTOR, Staged

from ladle import names
from ladle.aws.session import AwsSession
from ladle.errors import Conflict, Forbidden, LadleError, NotFound
from ladle.policy.traffic import ObservedTraffic, Traffic

DIGESTS = [letter * 64 for letter in "abc"]
TRAFFIC = [Traffic(1), Traffic(2), Traffic(3), Traffic(1, 2, 0.1), Traffic(2, 1, 0.05)]


@pytest.fixture
def made() -> Staged:
    """With three releases, of which the first has all traffic."""
    staged = Staged()
    for release_hex in DIGESTS:
        staged.hand_over(release_hex)
    staged.world.pass_time()
    return staged


def endpoints(*releases: int) -> dict[str, str]:
    return {names.release_endpoint(MODEL, n): "InService" for n in releases}


def test_only_the_first_release_starts_when_it_is_handed_over(made: Staged) -> None:
    assert made.world.endpoints == endpoints(1)
    assert made.read() == ObservedTraffic(Traffic(1), made.read().revision)


def test_a_first_endpoint_is_not_settled_until_it_answers() -> None:
    made = Staged()
    made.hand_over(DIGESTS[0])
    assert made.read().traffic == Traffic(1)
    assert not made.read().settled
    made.world.pass_time()
    assert made.read().settled


def test_a_release_starts_before_any_request_is_led_to_it(made: Staged) -> None:
    made.write(Traffic(1, 2, 0.1))
    assert made.read().traffic == Traffic(1)
    assert not made.read().settled
    made.world.pass_time()
    assert made.read().settled
    made.write(Traffic(1, 2, 0.1))
    assert Traffic(1, 2, 0.1).reads_like(made.read().traffic)


def test_a_machine_that_costs_is_written_down_whoever_dies_before(made: Staged) -> None:
    made.world.dies = True
    with pytest.raises(KeyboardInterrupt):
        made.write(Traffic(1, 2, 0.1))
    assert made.world.endpoints == endpoints(1) | {names.release_endpoint(MODEL, 2): "Creating"}
    made.world.dies = False
    made.moved(Traffic(1))
    assert made.world.endpoints == endpoints(1), "it was found, and went"


def test_the_first_machine_too_is_written_down_before_it_starts() -> None:
    made = Staged()
    made.world.dies = True
    with pytest.raises(KeyboardInterrupt):
        made.hand_over(DIGESTS[0])
    assert made.world.stage["variables"]["beside"] == "1"
    made.world.dies = False
    made.hand_over(DIGESTS[0])
    made.world.pass_time()
    assert made.read() == ObservedTraffic(Traffic(1), made.read().revision)
    assert made.world.endpoints == endpoints(1)


def test_a_rollback_is_one_write_of_the_stage(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    writes = made.world.apis.writes
    made.write(Traffic(1))
    assert made.world.apis.writes == writes + 1
    assert made.read() == ObservedTraffic(Traffic(1), made.read().revision)
    assert made.world.endpoints == endpoints(1, 2), "what it answers just now is answered"


def test_what_has_no_traffic_any_more_goes(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    made.moved(Traffic(2, 1, 0.05))
    assert made.world.endpoints == endpoints(1, 2)
    made.moved(Traffic(2))
    assert made.world.endpoints == endpoints(2)
    assert made.world.stage["variables"] == {"model": MODEL, "release": "2"}
    assert "canarySettings" not in made.world.stage


def test_the_share_of_a_canary_answers_by_the_newest_description_of_the_door(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    made.world.stage["deploymentId"] = "d2"
    made.moved(Traffic(2, 1, 0.05))
    assert made.world.stage["canarySettings"]["deploymentId"] == "d2"


def test_a_release_that_does_not_start_is_refused_until_it_is_deployed_again(made: Staged) -> None:
    made.world.broken.add(names.endpoint_model(MODEL, DIGESTS[1]))
    made.write(Traffic(1, 2, 0.1))
    made.world.pass_time()
    with pytest.raises(NotFound, match="did not start"):
        made.write(Traffic(1, 2, 0.1))
    assert not made.router.can_start(MODEL, 2)
    assert made.router.can_start(MODEL, 1)
    assert made.read() == ObservedTraffic(Traffic(1), made.read().revision), "it harms nobody"
    made.world.broken.clear()
    assert made.hand_over(DIGESTS[1]) == 2
    made.moved(Traffic(1, 2, 0.1))


def test_a_first_release_that_does_not_start_says_so_and_makes_way() -> None:
    made = Staged()
    made.world.broken.add(names.endpoint_model(MODEL, DIGESTS[0]))
    made.hand_over(DIGESTS[0])
    made.world.pass_time()
    with pytest.raises(LadleError, match="LD506"):
        made.router.read(MODEL)
    made.hand_over(DIGESTS[1])
    made.world.pass_time()
    assert made.read().traffic == Traffic(2)


def test_another_door_leads_to_the_proven_release(made: Staged) -> None:
    made.world.stage = {"deploymentId": "d9", "variables": {"model": MODEL}}
    assert made.hand_over(DIGESTS[1], first=1) == 2
    assert made.read().traffic == Traffic(1)


def test_a_stage_that_somebody_wrote_in_between_is_not_overwritten(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    before = made.read().revision
    made.world.stage["canarySettings"]["percentTraffic"] = 40.0
    with pytest.raises(Conflict):
        made.router.write(MODEL, Traffic(1), before)
    assert Traffic(1, 2, 0.4).reads_like(made.read().traffic)


def test_a_rehearsed_rollback_finds_a_missing_permission_and_moves_nothing(made: Staged) -> None:
    before = made.world.stage
    with pytest.raises(Conflict):
        made.router.write(MODEL, Traffic(2), "dry-run")
    made.world.denied.add("UpdateStage")
    with pytest.raises(Forbidden):
        made.router.write(MODEL, Traffic(2), "dry-run")
    assert made.world.stage == before


def test_an_endpoint_that_changes_its_machines_serves_on(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    made.world.sagemaker.endpoints[names.release_endpoint(MODEL, 1)]["status"] = "Updating"
    assert made.read().settled
    made.write(Traffic(1))
    assert made.read().traffic == Traffic(1)


def test_an_endpoint_that_somebody_deleted_starts_before_the_door_is_led_to_it(
    made: Staged,
) -> None:
    made.world.sagemaker.endpoints.clear()
    assert not made.router.is_ready(MODEL, 1)
    made.world.pass_time()
    assert made.router.is_ready(MODEL, 1)


def test_each_release_has_a_log_that_ends_and_reaches_the_collector(made: Staged) -> None:
    group = made.world.groups[names.release_log_group(MODEL, 2)]
    assert (group["days"], group["to"]) == (30, COLLECTOR)
    assert names.model_of_log_group(names.release_log_group(MODEL, 2)) == MODEL


def test_what_has_traffic_is_not_deleted(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    with pytest.raises(Conflict, match="LD223"):
        made.versions.delete(MODEL, 2)
    made.versions.delete(MODEL, 3)
    made.versions.delete(MODEL, 3)
    assert made.versions.digest_of(MODEL, 3) is None
    assert made.versions.with_traffic(MODEL) == {1, 2}


def test_the_end_of_the_stack_leaves_nothing(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    versions = made.versions_of(1, 2)
    assert versions.digests(MODEL) == set(DIGESTS[:3])
    versions.delete_all(MODEL)
    versions.delete_all(MODEL)
    assert versions.digests(MODEL) == set()
    left = made.world.sagemaker
    assert (left.endpoints, left.configs, left.models, made.world.groups) == ({}, {}, {}, {})


def test_without_a_door_nothing_is_opened() -> None:
    made = Staged()
    made.world.stage = None
    assert made.router.read(MODEL) is None
    with pytest.raises(LadleError, match="LD222"):
        made.hand_over(DIGESTS[0])


@given(st.lists(st.sampled_from(TRAFFIC), max_size=6))
def test_whatever_is_wanted_is_reached_and_nothing_else_is_left(wanted: list[Traffic]) -> None:
    made = Staged()
    for release_hex in DIGESTS:
        made.hand_over(release_hex)
    made.world.pass_time()
    for traffic in wanted:
        made.moved(traffic)
        assert made.world.endpoints == endpoints(*traffic.weights)


@given(st.lists(st.sampled_from(DIGESTS), max_size=12))
def test_every_digest_has_exactly_one_release(deploys: list[str]) -> None:
    made = Staged()
    for release_hex in deploys:
        number = made.hand_over(release_hex)
        assert made.versions.find(MODEL, release_hex) == number
    assert len(made.world.sagemaker.models) == len(set(deploys))


@mock_aws
def test_on_moto_all_traffic_goes_from_one_release_to_the_next() -> None:
    session = AwsSession("eu-west-1")
    router, publish = on_moto(session, MODEL, (1, 2))
    publish()
    for wanted in (Traffic(2), Traffic(1)):
        found = router.read(MODEL)
        assert found is not None
        router.write(MODEL, wanted, found.revision)
        assert wanted.reads_like(found.traffic) is False
        after = router.read(MODEL)
        assert after is not None
        assert after.traffic == wanted
