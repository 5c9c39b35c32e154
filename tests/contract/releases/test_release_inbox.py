"""A message is delivered once, whole, and in the order in which it was posted."""

from __future__ import annotations

import pytest

from ladle.ports import Message, ReleaseInbox, ReleaseLedger
from ladle.releases.events import Ask, CandidateReady, CandidateWithdrawn, PersonAsked
from ladle.releases.state import ReleaseState
from ladle.testing.releases import release

MODEL = "contract"
LIFT = PersonAsked(Ask.LIFT, "ada", "the labels were wrong", None, "sha256:" + "0" * 64)


@pytest.mark.parametrize(
    "message", [CandidateReady(release(7)), CandidateWithdrawn("release-7"), LIFT]
)
def test_a_message_arrives_as_it_was_sent(inbox: ReleaseInbox, message: Message) -> None:
    inbox.post(MODEL, "one", message, at=12.25)
    (delivered,) = inbox.pending(MODEL)
    assert (delivered.id, delivered.at, delivered.message) == ("one", 12.25, message)


def test_messages_come_oldest_first(inbox: ReleaseInbox) -> None:
    for message_id, at in (("b", 3.0), ("a", 2.0), ("c", 1.0)):
        inbox.post(MODEL, message_id, LIFT, at)
    assert [d.id for d in inbox.pending(MODEL)] == ["c", "a", "b"]


def test_the_same_id_is_one_message(inbox: ReleaseInbox) -> None:
    inbox.post(MODEL, "one", LIFT, at=1.0)
    inbox.post(MODEL, "one", CandidateWithdrawn("other"), at=2.0)
    assert [d.message for d in inbox.pending(MODEL)] == [LIFT]


def test_a_message_that_was_taken_in_never_comes_again(
    inbox: ReleaseInbox, ledger: ReleaseLedger
) -> None:
    inbox.post(MODEL, "one", LIFT, at=1.0)
    ledger.save(ReleaseState(MODEL), [], at=2.0, done=["one"])
    inbox.post(MODEL, "one", LIFT, at=3.0)
    assert not inbox.pending(MODEL)


def test_models_have_inboxes_of_their_own(inbox: ReleaseInbox) -> None:
    inbox.post(MODEL, "one", LIFT, at=1.0)
    assert not inbox.pending("another")
