"""A model's homes cost no question of their own: what the controller reads of the ledger tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from ladle.aws.model_homes import HomesOf
from ladle.aws.release_inbox import AwsReleaseInbox
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.catalog import Target
from ladle.policy.lock import Home
from ladle.ports import ReleaseInbox, ReleaseLedger
from ladle.releases.events import CandidateReady
from ladle.testing.releases import moved, release, stable_story

MODEL = "contract"
ELSEWHERE = Home(Target.ECS, 1)
Stores = tuple[ReleaseLedger, ReleaseInbox]
Asks = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def adapter() -> str:
    return "moto"


@pytest.fixture
def homes_of(stores: Stores) -> HomesOf:
    ledger, inbox = stores
    assert isinstance(ledger, AwsReleaseLedger)
    assert isinstance(inbox, AwsReleaseInbox)
    return HomesOf(ledger, inbox)


@pytest.fixture
def asks(session: AwsSession) -> Asks:
    @contextmanager
    def counted() -> Iterator[list[str]]:
        calls: list[str] = []

        def note(model: object, **_: object) -> None:
            calls.append(str(getattr(model, "name", "")))

        session.dynamodb.meta.events.register("before-call.dynamodb", note)
        yield calls
        session.dynamodb.meta.events.unregister("before-call.dynamodb", note)

    return counted


def test_a_model_that_nobody_deployed_is_on_lambda(homes_of: HomesOf) -> None:
    assert homes_of.of(MODEL, 1) == Home(Target.LAMBDA)


def test_a_first_release_on_the_way_tells_its_home(homes_of: HomesOf, stores: Stores) -> None:
    first = replace(release(1), target=Target.ECS)
    stores[1].post(MODEL, "first", CandidateReady(first), 1.0)
    assert homes_of.of(MODEL, 1) == Home(Target.ECS)


def test_what_the_ledger_read_or_wrote_is_not_asked_again(
    homes_of: HomesOf, stores: Stores, asks: Asks
) -> None:
    state = replace(stable_story().state, model=MODEL, generation=0, outbox=())
    with asks() as calls:
        homes_of(MODEL)
        assert calls == ["GetItem", "Query"]
        calls.clear()
        state = stores[0].save(state, (), 1.0)
        assert homes_of.of(MODEL, 1) == Home(Target.LAMBDA)
        assert calls == ["TransactWriteItems"]


def test_each_release_has_the_home_that_it_was_handed_over_with(
    homes_of: HomesOf, stores: Stores
) -> None:
    state = replace(stable_story().state, model=MODEL, generation=0, outbox=())
    stores[0].save(replace(state, releases=(*state.releases, moved(2))), (), 1.0)
    assert [homes_of.of(MODEL, number) for number in (1, 2)] == [Home(Target.LAMBDA), ELSEWHERE]
    assert homes_of(MODEL).by_age == (Home(Target.LAMBDA), ELSEWHERE)
