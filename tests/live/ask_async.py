"""How endpoints that answer later take requests, sleep, wake and go."""

from __future__ import annotations

from typing import Any

from tests.live.ask_sagemaker import no_access_denied
from tests.live.checks import asked, by_hand
from tests.live.place import HALF, Place

from ladle import names

ON_ASYNC = {"target": "sagemaker-async", "packaging": "image", "rollout": HALF}
IDLE_LOOKS, LOOK_S = 60, 60.0


def serving(place: Place) -> str:
    """A model whose first release answers."""
    return place.proven("later", **ON_ASYNC)


def machines(place: Place, name: str) -> int:
    found: Any = place.session.sagemaker.describe_endpoint(
        EndpointName=names.release_endpoint(name, 1)
    )
    return sum(int(each["CurrentInstanceCount"]) for each in found["ProductionVariants"])


@asked("async.answers")
def the_answer_comes(place: Place) -> str:
    status, answer = place.ask(place.once(serving))
    assert status == 200, answer
    return f"release {answer['release']} answered"


@asked("async.roles")
def no_role_lacks_anything(place: Place) -> str:
    return no_access_denied(place, place.once(serving))


@asked("async.asleep")
def its_last_machine_goes(place: Place) -> str:
    name = place.once(serving)
    for look in range(IDLE_LOOKS):
        if machines(place, name) == 0:
            return f"none after {look} minutes"
        place.clock.sleep(LOOK_S)
    raise AssertionError(f"{machines(place, name)} after {IDLE_LOOKS} minutes")


@asked("async.wakes")
def a_request_wakes_one(place: Place) -> str:
    name = place.once(serving)
    began = place.clock.now()
    status, answer = place.ask(name)
    assert status == 200, answer
    return f"answered after {place.clock.now() - began:.0f} s"


by_hand(
    {
        "async.refused": "its words are read, not compared",
        "async.while-scaling": "the moment must be caught",
        "async.drains": "needs a slow model and ten callers",
        "async.native": "an alarm's minute must be waited for beside it",
        "async.forgotten": "a week must pass",
    }
)
