"""A REST API answers by one home's deployment at a time, from the revision that was read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contract.releases.api_doors import FUNCTION, NEW, OLD, SERVICE, Doors
from tests.contract.releases.rest_doors import RestDoors, StrictDoors

from ladle.aws.led_door import LedDoor
from ladle.aws.rest_door import RestDoor
from ladle.aws.session import AwsSession
from ladle.errors import Conflict, NotFound
from ladle.ports import FrontDoor, LedTo

MODEL = "contract"
BASES = (OLD, NEW)
AnyDoors = RestDoors | StrictDoors


@pytest.fixture(params=["strict", "moto", pytest.param("ministack", marks=pytest.mark.embedded)])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def doors(adapter: str, session: AwsSession) -> Iterator[AnyDoors]:
    if adapter == "ministack":
        made = RestDoors(session)
        yield made
        made.close(MODEL)
    else:
        yield StrictDoors.closed() if adapter == "strict" else RestDoors.on_moto(session)


@pytest.fixture(params=[RestDoor, LedDoor])
def door(request: pytest.FixtureRequest, doors: AnyDoors) -> FrontDoor:
    made: FrontDoor = request.param(lambda _model: doors.session)
    return made


def _led(door: FrontDoor) -> LedTo:
    found = door.read(MODEL)
    assert found is not None
    return found


def test_a_model_without_a_stack_has_no_door(door: FrontDoor) -> None:
    assert door.read("nobodys") is None
    with pytest.raises(NotFound):
        door.lead("nobodys", NEW, "any")


def test_it_is_led_to_the_other_home_and_back_and_nothing_else_of_it_changes(
    door: FrontDoor, doors: AnyDoors
) -> None:
    doors.open(MODEL, BASES)
    before = doors.live(MODEL)
    assert (_led(door).base, _led(door).ready) == (OLD, frozenset(BASES))
    for base in (NEW, OLD):
        door.lead(MODEL, base, _led(door).revision)
        assert _led(door).base == base
    told_of_writes = {"ResponseMetadata", "lastUpdatedDate"}
    stage, was = (
        {k: v for k, v in each.items() if k not in told_of_writes}
        for each in (doors.live(MODEL), before)
    )
    assert stage == was


def test_a_door_whose_revision_is_an_older_one_stays(door: FrontDoor, doors: AnyDoors) -> None:
    doors.open(MODEL, BASES)
    before = _led(door).revision
    door.lead(MODEL, NEW, before)
    with pytest.raises(Conflict):
        door.lead(MODEL, OLD, before)
    assert _led(door).base == NEW


def test_a_rehearsal_changes_nothing(door: FrontDoor, doors: AnyDoors) -> None:
    doors.open(MODEL, BASES)
    before = _led(door)
    with pytest.raises(Conflict):
        door.lead(MODEL, OLD, "dry-run")
    assert _led(door) == before


def test_no_door_is_led_to_a_home_that_is_not_behind_it(door: FrontDoor, doors: AnyDoors) -> None:
    doors.open(MODEL, BASES)
    with pytest.raises(NotFound):
        door.lead(MODEL, 9, _led(door).revision)


def test_a_door_that_somebody_led_elsewhere_leads_to_no_home(
    door: FrontDoor, doors: AnyDoors
) -> None:
    doors.open(MODEL, BASES)
    before = _led(door)
    doors.lead(MODEL, doors.somebodys(MODEL))
    found = _led(door)
    assert (found.base, found.ready) == (None, before.ready)
    assert found.revision != before.revision


def test_a_door_before_the_move_cannot_be_led_anywhere(door: FrontDoor, doors: AnyDoors) -> None:
    doors.open(MODEL, ())
    assert (_led(door).base, _led(door).ready) == (None, frozenset())


def test_a_door_that_is_gone_leads_nowhere(door: FrontDoor, doors: AnyDoors) -> None:
    doors.open(MODEL, BASES)
    assert _led(door).base == OLD
    doors.close(MODEL)
    assert door.read(MODEL) is None
    doors.open(MODEL, (NEW, OLD))
    assert _led(door).base == NEW


@pytest.mark.parametrize("adapter", ["strict"])
@pytest.mark.parametrize(("share", "base"), [(10.0, None), (0.0, OLD)])
def test_a_share_that_goes_elsewhere_is_led_to_no_home(
    door: FrontDoor, doors: AnyDoors, share: float, base: int | None
) -> None:
    """Moto's stages have no canary, and the embedded AWS's none that splits."""
    doors.open(MODEL, BASES)
    canary = {"percentTraffic": share, "deploymentId": doors.somebodys(MODEL)}
    doors.session.stage["canarySettings"] = canary
    assert _led(door).base == base
    door.lead(MODEL, NEW, _led(door).revision)
    assert _led(door).base == NEW
    assert "canarySettings" not in doors.live(MODEL)


@pytest.mark.parametrize("adapter", ["strict"])
def test_a_share_within_the_home_that_is_left_ends_by_the_same_write(
    door: FrontDoor, doors: AnyDoors
) -> None:
    doors.open(MODEL, BASES)
    stage, canary = doors.session.stage, {"percentTraffic": 10.0, "deploymentId": "d0"}
    stage["variables"] |= {"release": "3", "leaving": "2"}
    stage["canarySettings"] = {**canary, "stageVariableOverrides": {"release": "4"}}
    assert _led(door).base == OLD
    door.lead(MODEL, NEW, _led(door).revision)
    assert doors.session.apis.writes == 1
    assert "canarySettings" not in doors.live(MODEL)
    told = {"model": MODEL, "release": "3", "leaving": "2,4"}
    assert doors.live(MODEL)["variables"] == told, "who had a share is found again"


@pytest.mark.parametrize("adapter", ["moto"])
def test_an_http_api_is_led_as_one(session: AwsSession) -> None:
    doors = Doors.on_moto(session)
    doors.open(MODEL, FUNCTION, {OLD: FUNCTION, NEW: SERVICE})
    door = LedDoor(lambda _model: doors.session)
    door.lead(MODEL, NEW, _led(door).revision)
    assert _led(door).base == NEW
    assert doors.live(MODEL)["IntegrationUri"] == SERVICE["IntegrationUri"]
