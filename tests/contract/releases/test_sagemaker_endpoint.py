"""Releases on an endpoint: who joins, who leaves, and what SageMaker refuses in between."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.releases.sagemaker_router import serving
from tests.contract.releases.sagemaker_world import MODEL, Moves, World, ledger_of, waits

from ladle import names
from ladle.aws.traffic.sagemaker import EndpointRouter
from ladle.aws.versions.sagemaker import EndpointVersions
from ladle.errors import Conflict, Forbidden, LadleError, NotFound, Unavailable
from ladle.policy.traffic import ObservedTraffic, Traffic

DIGESTS = [letter * 64 for letter in "abc"]


class Endpoint(Moves):
    """A world with what a hand-off and a controller do to it."""

    def __init__(self, releases: int = 0) -> None:
        self.world: Any = World()
        self.versions = EndpointVersions(self.world, ledger_of(), waits(self.world))
        self.router = EndpointRouter(lambda _model: self.world)
        for release_hex in DIGESTS[:releases]:
            self.hand_over(release_hex)
        self.world.pass_time()

    def hand_over(self, release_hex: str) -> int:
        number = self.versions.find(MODEL, release_hex)
        wanted = serving(release_hex)
        number = number or self.versions.publish(MODEL, release_hex, wanted, 0)
        self.versions.wait_until_active(MODEL, number)
        self.versions.open_if_absent(MODEL, number, wanted)
        return number

    @property
    def variants(self) -> set[str]:
        found = self.world.sagemaker.endpoints[names.endpoint(MODEL)]
        return set(found["weights"])


def test_a_first_endpoint_is_not_settled_until_its_machines_answer() -> None:
    made = Endpoint()
    made.hand_over(DIGESTS[0])
    assert made.read() == ObservedTraffic(Traffic(1), made.read().revision, settled=False)
    made.world.pass_time()
    assert made.read().settled


def test_a_release_joins_without_weight_before_it_gets_any() -> None:
    made = Endpoint(releases=2)
    made.write(Traffic(1, 2, 0.1))
    assert not made.read().settled
    made.world.pass_time()
    assert made.read().traffic == Traffic(1)
    assert made.variants == {"release-1", "release-2"}
    made.moved(Traffic(1, 2, 0.1))
    assert made.read().traffic.reads_like(Traffic(1, 2, 0.1))


def test_what_has_weight_is_ready_also_while_machines_come_and_go() -> None:
    made = Endpoint(releases=2)
    made.write(Traffic(1, 2, 0.1))
    assert made.world.sagemaker.endpoints[names.endpoint(MODEL)]["status"] == "Updating"
    assert made.router.is_ready(MODEL, 1)
    made.world.pass_time()
    assert not made.router.is_ready(MODEL, 2), "it has joined, and has no weight"


def test_while_it_changes_it_takes_no_other_write() -> None:
    made = Endpoint(releases=2)
    made.write(Traffic(1, 2, 0.1))
    with pytest.raises(Unavailable):
        made.write(Traffic(1))


def test_weights_that_somebody_set_in_between_are_not_overwritten() -> None:
    made = Endpoint(releases=2)
    made.moved(Traffic(1, 2, 0.1))
    before = made.read().revision
    wanted = [
        {"VariantName": "release-1", "DesiredWeight": 0.2},
        {"VariantName": "release-2", "DesiredWeight": 0.8},
    ]
    made.world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=names.endpoint(MODEL), DesiredWeightsAndCapacities=wanted
    )
    made.world.pass_time()
    with pytest.raises(Conflict):
        made.router.write(MODEL, Traffic(1), before)
    assert made.read().traffic.reads_like(Traffic(2, 1, 0.2))


def test_a_rehearsed_rollback_finds_a_missing_permission_and_moves_nothing() -> None:
    made = Endpoint(releases=2)
    with pytest.raises(Conflict):
        made.router.write(MODEL, Traffic(1), "dry-run")
    made.world.denied.add("UpdateEndpointWeightsAndCapacities")
    with pytest.raises(Forbidden):
        made.router.write(MODEL, Traffic(1), "dry-run")
    assert made.read().settled


@pytest.mark.parametrize("wanted", [Traffic(1, 2, 0.5), Traffic(2, 1, 0.5)])
def test_of_two_equal_shares_the_main_one_is_still_known(wanted: Traffic) -> None:
    made = Endpoint(releases=2)
    made.moved(wanted)
    assert wanted.reads_like(made.read().traffic)


def test_what_has_no_traffic_leaves_and_what_has_scales() -> None:
    made = Endpoint(releases=2)
    made.moved(Traffic(1, 2, 0.1))
    assert set(made.world.scaled) == {names.scaled_variant(MODEL, n) for n in (1, 2)}
    made.moved(Traffic(2, 1, 0.05))
    made.moved(Traffic(2))
    assert made.variants == {"release-2"}
    (scaled,) = made.world.scaled.values()
    assert (scaled["MinCapacity"], scaled["MaxCapacity"]) == (1, 4)
    assert scaled["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 600.0


def test_a_release_that_does_not_start_is_refused_and_tried_again_when_it_is_deployed_again() -> (
    None
):
    made = Endpoint(releases=2)
    made.world.broken.add(names.endpoint_model(MODEL, DIGESTS[1]))
    made.write(Traffic(1, 2, 0.1))
    made.world.pass_time()
    assert made.read().traffic == Traffic(1)
    with pytest.raises(NotFound, match="did not start"):
        made.write(Traffic(1, 2, 0.1))
    assert not made.router.can_start(MODEL, 2)
    assert made.router.can_start(MODEL, 1)
    made.world.broken.clear()
    assert made.hand_over(DIGESTS[1]) == 2
    assert made.router.can_start(MODEL, 2)
    made.moved(Traffic(1, 2, 0.1))


def test_a_release_that_is_joining_is_handed_over_again_without_harm() -> None:
    made = Endpoint(releases=2)
    made.write(Traffic(1, 2, 0.1))
    assert made.hand_over(DIGESTS[1]) == 2
    made.world.pass_time()
    made.moved(Traffic(1, 2, 0.1))


def test_a_release_that_left_can_come_back() -> None:
    made = Endpoint(releases=2)
    for traffic in (Traffic(1, 2, 0.1), Traffic(1), Traffic(1, 2, 0.1), Traffic(2), Traffic(1)):
        made.moved(traffic)
        assert traffic.reads_like(made.read().traffic)
    assert made.variants == {"release-1"}


def test_an_endpoint_that_failed_at_first_says_so_and_makes_way() -> None:
    made = Endpoint()
    made.world.broken.add(names.endpoint_model(MODEL, DIGESTS[0]))
    made.hand_over(DIGESTS[0])
    made.world.pass_time()
    with pytest.raises(LadleError, match="LD506"):
        made.router.read(MODEL)
    made.hand_over(DIGESTS[1])
    made.world.pass_time()
    assert made.read().traffic == Traffic(2)


def test_what_is_in_the_endpoint_is_not_deleted() -> None:
    made = Endpoint(releases=2)
    with pytest.raises(Conflict, match="LD223"):
        made.versions.delete(MODEL, 1)
    made.versions.delete(MODEL, 2)
    made.versions.delete(MODEL, 2)
    assert made.versions.digest_of(MODEL, 2) is None
    assert made.versions.digest_of(MODEL, 1) == DIGESTS[0]


def test_the_end_of_the_stack_leaves_nothing() -> None:
    made = Endpoint(releases=3)
    made.moved(Traffic(1, 2, 0.1))
    versions = EndpointVersions(made.world, ledger_of(1, 2), waits(made.world))
    assert versions.digests(MODEL) == set(DIGESTS[:3])
    versions.delete_all(MODEL)
    versions.delete_all(MODEL)
    assert versions.digests(MODEL) == set()
    left = made.world.sagemaker
    assert (left.endpoints, left.configs, left.models, made.world.scaled) == ({}, {}, {}, {})


def test_what_another_deploy_put_there_is_not_published() -> None:
    made = Endpoint()
    with pytest.raises(LadleError, match="LD221"):
        made.versions.publish(MODEL, DIGESTS[0], serving(DIGESTS[1]), 0)


def test_a_number_is_never_given_twice() -> None:
    made = Endpoint(releases=2)
    made.versions.delete(MODEL, 2)
    assert made.versions.publish(MODEL, DIGESTS[2], serving(DIGESTS[2]), 2) == 3


@given(st.lists(st.sampled_from(DIGESTS), max_size=12), st.integers(0, 3))
def test_every_digest_has_exactly_one_release(deploys: list[str], lost: int) -> None:
    """Also where a crash left a model without the config that comes after it."""
    made = Endpoint()
    for turn, release_hex in enumerate(deploys):
        number = made.hand_over(release_hex)
        assert made.versions.find(MODEL, release_hex) == number
        if turn == lost and number > 1:
            name = names.endpoint_config(MODEL, number)
            made.world.sagemaker.delete_endpoint_config(EndpointConfigName=name)
    used = {
        v["ModelName"]
        for c in made.world.sagemaker.configs.values()
        for v in c["ProductionVariants"]
    }
    assert len(made.world.sagemaker.models) == len(set(deploys))
    assert len(used) == len(made.world.sagemaker.configs)
