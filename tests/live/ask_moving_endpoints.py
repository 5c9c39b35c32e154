"""How a model moves to an endpoint of SageMaker and back, behind either kind of door, while it is asked all along."""

from __future__ import annotations

from typing import Any

from tests.live.ask_moving import Answers, asked_all_along, move, none_failed, serves
from tests.live.checks import asked, by_hand
from tests.live.place import Place

from ladle import names
from ladle.aws.model_apis import api_of


def to_machines(place: Place) -> tuple[str, Answers]:
    """Release 1 is a function behind an HTTP API, release 2 an endpoint that a function asks."""
    name = place.proven("joins", packaging="auto")
    with asked_all_along(place, name) as answers:
        move(place, name, "--to", "sagemaker")
        serves(place, name, 2)
    return name, answers


def back_from_machines(place: Place) -> tuple[str, Answers]:
    name, _ = place.once(to_machines)
    with asked_all_along(place, name) as answers:
        place.shop.ladle("rollback", name, "--yes")
        serves(place, name, 1)
    return name, answers


def from_serverless(place: Place) -> tuple[str, Answers]:
    """Release 1 is a serverless endpoint behind a REST API, release 2 a function."""
    name = place.proven("leaves", target="sagemaker-serverless", packaging="image")
    place.write(name, packaging="auto")
    with asked_all_along(place, name) as answers:
        move(place, name, "--to", "zip")
        serves(place, name, 2)
    return name, answers


def left_serverless(place: Place) -> tuple[str, Answers]:
    name, _ = place.once(from_serverless)
    place.promote(name)
    with asked_all_along(place, name) as answers:
        move(place, name, "--finish")
        serves(place, name, 2)
    return name, answers


def stage_of(place: Place, name: str) -> Any:
    api = api_of(place.session, name)
    assert api is not None, "no door"
    return place.session.apis.get_stage(restApiId=api, stageName=names.ALIAS)


@asked("moving.to-machines")
def it_moves_to_an_endpoint_under_traffic(place: Place) -> str:
    return none_failed(place.once(to_machines)[1])


@asked("moving.from-machines")
def one_write_leads_back_from_it(place: Place) -> str:
    return none_failed(place.once(back_from_machines)[1])


@asked("moving.from-serverless")
def it_moves_from_a_serverless_endpoint(place: Place) -> str:
    return none_failed(place.once(from_serverless)[1])


@asked("moving.no-canary")
def no_share_stays_behind(place: Place) -> str:
    found = stage_of(place, place.once(from_serverless)[0]).get("canarySettings")
    assert not found, f"canarySettings are {found}"
    return "the stage has no canary"


@asked("moving.left-serverless")
def the_endpoints_go(place: Place) -> str:
    name, answers = place.once(left_serverless)
    begins = names.release_endpoint(name, 1).removesuffix("1")
    found = place.session.sagemaker.list_endpoints(NameContains=begins)["Endpoints"]
    assert not found, [each["EndpointName"] for each in found]
    return none_failed(answers)


by_hand(
    {
        "moving.to-serverless": "a second move of the same model, there and on, after that from it",
        "moving.failed-finish": "a deploy must fail, at the right moment",
        "moving.failed-stage": "as above, behind a REST API",
    }
)
