"""A door leads to one home at a time, by one write, from the revision that was read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contract.releases.api_doors import FUNCTION, NEW, OLD, SERVICE, Doors

from ladle import names
from ladle.aws.api_door import ApiDoor
from ladle.aws.session import AwsSession
from ladle.errors import Conflict, NotFound
from ladle.ports import FrontDoor, LedTo

MODEL = "contract"
SAMPLES = {OLD: FUNCTION, NEW: SERVICE}


@pytest.fixture(params=["moto", pytest.param("ministack", marks=pytest.mark.embedded)])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def doors(adapter: str, session: AwsSession) -> Iterator[Doors]:
    made = Doors.on_moto(session) if adapter == "moto" else Doors(session)
    yield made
    if adapter == "ministack":
        made.close(MODEL)


@pytest.fixture
def door(doors: Doors) -> FrontDoor:
    doors.open(MODEL, FUNCTION, SAMPLES)
    return ApiDoor(lambda _model: doors.session)


def _led(door: FrontDoor) -> LedTo:
    found = door.read(MODEL)
    assert found is not None
    return found


def test_a_model_without_a_stack_has_no_door(doors: Doors) -> None:
    door = ApiDoor(lambda _model: doors.session)
    assert door.read("nobodys") is None
    with pytest.raises(NotFound):
        door.lead("nobodys", NEW, "any")


def test_it_leads_to_the_home_whose_sample_it_reads_like(door: FrontDoor) -> None:
    found = _led(door)
    assert (found.base, found.ready) == (OLD, frozenset(SAMPLES))


def test_it_is_led_to_the_other_home_and_back(door: FrontDoor) -> None:
    for base in (NEW, OLD, NEW):
        door.lead(MODEL, base, _led(door).revision)
        assert _led(door).base == base


def test_what_leads_there_keeps_its_name_and_reads_like_the_sample(
    door: FrontDoor, doors: Doors, adapter: str
) -> None:
    door.lead(MODEL, NEW, _led(door).revision)
    forgets = {"ConnectionId"} if adapter == "ministack" else set()
    expected = {**SERVICE, "Description": names.LIVE_INTEGRATION}
    found = doors.live(MODEL)
    assert {key: found.get(key) for key in expected.keys() - forgets} == {
        key: value for key, value in expected.items() if key not in forgets
    }
    door.lead(MODEL, OLD, _led(door).revision)
    assert doors.live(MODEL)["ConnectionType"] == "INTERNET"


def test_a_door_whose_revision_is_an_older_one_stays(door: FrontDoor) -> None:
    before = _led(door).revision
    door.lead(MODEL, NEW, before)
    with pytest.raises(Conflict):
        door.lead(MODEL, OLD, before)
    assert _led(door).base == NEW


def test_a_rehearsal_changes_nothing(door: FrontDoor) -> None:
    before = _led(door)
    with pytest.raises(Conflict):
        door.lead(MODEL, NEW, "dry-run")
    assert _led(door) == before


def test_no_door_is_led_to_a_home_that_is_not_behind_it(door: FrontDoor) -> None:
    with pytest.raises(NotFound):
        door.lead(MODEL, 9, _led(door).revision)


def test_a_door_that_somebody_led_elsewhere_leads_to_no_home(door: FrontDoor, doors: Doors) -> None:
    before = _led(door)
    doors.write(MODEL, IntegrationUri="arn:aws:lambda:eu-west-1:123456789012:function:theirs")
    found = _led(door)
    assert found.base is None
    assert found.revision != before.revision


def test_a_door_before_the_move_cannot_be_led_anywhere(doors: Doors) -> None:
    doors.open(MODEL, FUNCTION, {})
    door = ApiDoor(lambda _model: doors.session)
    assert (_led(door).base, _led(door).ready) == (None, frozenset())


def test_a_door_that_does_not_say_which_integration_is_live_is_not_led(doors: Doors) -> None:
    doors.open(MODEL, FUNCTION, SAMPLES)
    doors.write(MODEL, Description="somebody's")
    assert ApiDoor(lambda _model: doors.session).read(MODEL) is None


def test_a_door_that_is_gone_leads_nowhere(door: FrontDoor, doors: Doors, adapter: str) -> None:
    if adapter == "moto":
        pytest.skip("moto's stacks make no HTTP API, so none goes with them")
    assert _led(door).base == OLD
    doors.close(MODEL)
    assert door.read(MODEL) is None
    doors.open(MODEL, FUNCTION, SAMPLES)
    assert _led(door).base == OLD
