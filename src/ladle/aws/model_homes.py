"""Which homes a model has: its releases say, in the ledger or still on the way."""

from __future__ import annotations

from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.policy.lock import Home
from ladle.ports import ReleaseInbox
from ladle.releases.events import CandidateReady
from ladle.releases.homes import Homes
from ladle.releases.state import Release


class HomesOf:
    """Asks nothing where the ledger was read before, as it is between any two looks at traffic. Lives as
    long as one call of the controller.
    """

    def __init__(self, ledger: AwsReleaseLedger, inbox: ReleaseInbox) -> None:
        self._ledger = ledger
        self._inbox = inbox
        self._first: dict[
            str, tuple[Release, ...]
        ] = {}  # of models that the ledger knows no more of

    def __call__(self, model: str) -> Homes:
        state = self._ledger.last(model) or self._ledger.load(model)
        return Homes.told_by(state, () if state.releases else self._on_the_way(model))

    def of(self, model: str, release: int) -> Home:
        homes = self(model)
        return homes.of(release) or homes.newest

    def _on_the_way(self, model: str) -> tuple[Release, ...]:
        if model not in self._first:
            messages = (delivered.message for delivered in self._inbox.pending(model))
            found = tuple(m.release for m in messages if isinstance(m, CandidateReady))
            if not found:
                return ()
            self._first[model] = found
        return self._first[model]
