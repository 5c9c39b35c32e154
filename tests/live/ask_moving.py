"""How a model moves from a function to ECS, back, and there for good, while it is asked all along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from tests.live.checks import asked, by_hand
from tests.live.place import Place

from ladle import names
from ladle.aws.model_apis import api_of

EVERY_S = 0.2
Answers = Counter[int]  # by the release that answered; 0 is a failure


@contextmanager
def asked_all_along(place: Place, name: str) -> Iterator[Answers]:
    answers, ended = Answers(), Event()

    def ask_on() -> None:
        while not ended.wait(EVERY_S):
            answers.update(place.deal(name, 1))

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask_on)
        try:
            yield answers
        finally:
            ended.set()
            asking.result()


def move(place: Place, name: str, *words: str) -> None:
    place.shop.ladle("migrate", name, *words)
    place.deploy(name)


def serves(place: Place, name: str, release: int) -> None:
    place.until(
        f"release {release} answers",
        lambda: place.state(name).intent is None and place.deal(name, 5) == {release: 5},
    )


def there(place: Place) -> tuple[str, Answers]:
    """Release 1 is a function, release 2 the same on ECS; what was answered meanwhile."""
    name = place.proven("moves", packaging="auto")
    with asked_all_along(place, name) as answers:
        move(place, name, "--to", "ecs")
        serves(place, name, 2)
    return name, answers


def back(place: Place) -> tuple[str, Answers]:
    name, _ = place.once(there)
    with asked_all_along(place, name) as answers:
        place.shop.ladle("rollback", name, "--yes")
        serves(place, name, 1)
    return name, answers


def finished(place: Place) -> tuple[str, Answers]:
    name, _ = place.once(back)
    place.write(name, packaging="auto", env="{MOVES: again}")
    with asked_all_along(place, name) as answers:
        place.deploy(name)
        serves(place, name, 3)
        place.promote(name)
        move(place, name, "--finish")
        serves(place, name, 3)
    return name, answers


def none_failed(answers: Answers) -> str:
    assert not answers[0], f"{answers[0]} of {answers.total()} requests failed"
    told = ", ".join(f"release {n} {count}" for n, count in sorted(answers.items()) if n)
    return f"none of {answers.total()} requests failed: {told}"


@asked("moving.there")
def it_moves_under_traffic(place: Place) -> str:
    return none_failed(place.once(there)[1])


@asked("moving.untouched")
def what_is_left_is_not_touched(place: Place) -> str:
    name, _ = place.once(there)
    pages = place.session.cloudformation.get_paginator("describe_stack_events")
    touched = {
        event["LogicalResourceId"]
        for page in pages.paginate(StackName=names.model_stack(name))
        for event in page["StackEvents"]
        if event.get("ResourceStatus", "").startswith("UPDATE")
    }
    lost = touched & {"Function", "PredictByDoor", "PredictIntegration"}
    assert not lost, f"{sorted(lost)} changed"
    return f"changed in place: {', '.join(sorted(touched))}"


@asked("moving.door")
def one_write_is_enough_either_way(place: Place) -> str:
    """``there`` proves the way to the load balancer: its answers came through the same integration."""
    name, _ = place.once(back)
    found = place.session.http_apis.get_integrations(ApiId=api_of(place.session, name))["Items"]
    told = {integration.get("Description"): integration for integration in found}
    live, sample = told[names.LIVE_INTEGRATION], told[names.home_integration(0)]
    own = {"Description", "IntegrationId"}
    differing = {k for k in {*live, *sample} - own if live.get(k) != sample.get(k)}
    assert differing <= {"ConnectionId"}, f"{sorted(differing)} are not the sample's"
    return f"back on {live['IntegrationUri']}, {live['ConnectionType']}"


by_hand(
    {
        "moving.in-flight": "needs a model that takes seconds, and the second in which the door is led",
        "moving.link": "needs a second move that is undone",
        "moving.takes-down": "a second move, from ECS, doubles the half hour that this section takes",
        **dict.fromkeys(
            ("moving.stage", "moving.stage-untouched", "moving.stage-finished"),
            "a third model, behind a key, to an image that a Docker engine must build",
        ),
        "moving.permission-first": "a role must lose a right within the minutes of a move",
    }
)


@asked("moving.back")
def one_write_leads_back(place: Place) -> str:
    return none_failed(place.once(back)[1])


@asked("moving.finished")
def the_old_home_goes(place: Place) -> str:
    name, answers = place.once(finished)
    listed = place.session.lambda_.get_paginator("list_functions")
    left = {f["FunctionName"] for page in listed.paginate() for f in page["Functions"]}
    assert names.function(name) not in left
    return none_failed(answers)
