"""The embedded door answers from the home that the model's API leads to, as API Gateway does."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from tests.contract.releases.api_doors import Doors, Integration
from tests.contract.releases.conftest import MODEL, VERSIONS, on_lambda
from tests.contract.releases.rest_doors import RestDoors

from ladle import names
from ladle.actions.behind_one_door import BehindOneDoor
from ladle.aws.function_home import FunctionHome
from ladle.aws.led_door import LedDoor
from ladle.aws.session import AwsSession
from ladle.aws.traffic.lambda_function import LambdaAliasRouter
from ladle.catalog import Target
from ladle.disk.clock import SystemClock
from ladle.embedded.door import ALIAS_SECONDS, Door
from ladle.embedded.http_event import Request
from ladle.policy.lock import Home
from ladle.policy.traffic import Traffic
from ladle.releases.homes import Homes

pytestmark = pytest.mark.embedded
OLD, NEW = Home(Target.LAMBDA), Home(Target.LAMBDA, 7)
REQUEST = Request("POST", "/predict", "", {}, b"{}", "127.0.0.1", "id", 0.0)


@pytest.fixture
def adapter() -> str:
    return "ministack"


def asking(session: AwsSession, base: int) -> Integration:
    function = session.arn("lambda", f"function:{FunctionHome(base).function(MODEL)}")
    return {
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": f"{function}:{names.ALIAS}",
        "PayloadFormatVersion": "2.0",
    }


@contextmanager
def moving(session: AwsSession, *, is_rest: bool) -> Iterator[BehindOneDoor]:
    """Each home has its function, with its alias on its first version."""
    doors = RestDoors(session) if is_rest else Doors(session)
    homes = Homes({number + home.base: home for home in (OLD, NEW) for number in VERSIONS})
    with ExitStack() as stack:
        for home in (OLD, NEW):
            _, publish = stack.enter_context(contextmanager(on_lambda)(session, home.base))
            publish()
        samples = {home.base: asking(session, home.base) for home in (OLD, NEW)}
        if isinstance(doors, RestDoors):
            doors.open(MODEL, tuple(samples))
        else:
            doors.open(MODEL, samples[OLD.base], samples)
        stack.callback(doors.close, MODEL)
        yield BehindOneDoor(
            lambda _model: homes,
            lambda home: LambdaAliasRouter(lambda _model: session.lambda_, home.base),
            LedDoor(lambda _model: session),
        )


def answering(door: Door) -> str:
    """The function, as it names itself, once the door has looked again."""
    SystemClock().sleep(2 * ALIAS_SECONDS)
    status, _, body = door.answer(MODEL, REQUEST)
    assert status == 200
    return str(json.loads(body)["function"])


def write_until_it_reads_so(router: BehindOneDoor, wanted: Traffic) -> None:
    """As the controller does: the other home's shares, then the door."""
    for _ in range(3):
        seen = router.read(MODEL)
        assert seen is not None
        if seen.traffic == wanted:
            return
        router.write(MODEL, wanted, seen.revision)
    raise AssertionError(f"{seen.traffic} after two writes")


@pytest.mark.parametrize("is_rest", [False, True])
def test_requests_go_where_the_door_is_led_and_come_back(
    session: AwsSession, is_rest: bool
) -> None:
    with moving(session, is_rest=is_rest) as router:
        door = Door(session, random.Random(1))
        assert answering(door) == names.function(MODEL)
        for wanted, home in ((Traffic(9), NEW), (Traffic(2), OLD)):
            write_until_it_reads_so(router, wanted)
            assert answering(door) == names.function(MODEL, home.base)
