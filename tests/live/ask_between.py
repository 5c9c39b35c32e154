"""What the function between an HTTP API and an endpoint passes on, and what it says itself."""

from __future__ import annotations

import json

from tests.live.ask_door import JSON, npy
from tests.live.ask_sagemaker import ON_SAGEMAKER
from tests.live.checks import asked
from tests.live.place import Place

from ladle import names

IDLE_S = 360.0  # Lambda has frozen the function meanwhile, and SageMaker closed its line
PAGES = "{cors: ['https://app.example.com']}"  # which no REST API has


def between(place: Place) -> str:
    """A model whose endpoint is asked by a function."""
    name = place.named("between")
    place.write(name, door=PAGES, **ON_SAGEMAKER)
    place.deploy(name)
    waiter = place.session.sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=names.endpoint(name))
    place.promote(name)
    return name


@asked("sagemaker.between-bodies")
def bodies_pass_both_ways(place: Place) -> str:
    name = place.once(between)
    as_json, _ = place.send(name, "/predict", b'{"inputs": [[0.0, 0.5]]}', JSON)
    wants = {"accept": "application/x-npy", "ladle-output": "label"}
    as_npy, body = place.send(name, "/predict", npy(), "application/x-npy", True, wants)
    assert (as_json, as_npy) == (200, 200)
    assert body.startswith(b"\x93NUMPY"), body[:80]
    return "JSON and .npy answered with 200, .npy in .npy"


@asked("sagemaker.between-refusal")
def a_refusal_is_the_containers_own(place: Place) -> str:
    name = place.once(between)
    status, body = place.send(name, "/predict", b'{"inputs": [["a"]]}', JSON)
    assert status == 422, f"{status} {body[:200]!r}"
    found = json.loads(body)
    assert found["code"].startswith("LD41"), body[:200]
    return f"{status} {found['code']}: {found['detail'][:80]}"


@asked("sagemaker.between-idle")
def a_function_that_slept_answers(place: Place) -> str:
    name = place.once(between)
    place.ask(name)
    place.clock.sleep(IDLE_S)
    status, answer = place.ask(name)
    assert status == 200, answer
    return f"200 after {IDLE_S / 60:.0f} minutes without a request"
