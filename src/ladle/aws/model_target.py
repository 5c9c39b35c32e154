"""Which target a model is deployed to: its newest release says, in the ledger or still on the way."""

from __future__ import annotations

from ladle.catalog import Target
from ladle.ports import ReleaseInbox, ReleaseLedger
from ladle.releases.events import CandidateReady


class TargetOf:
    """Asks once per model; lives as long as one call of the controller, since a model may move."""

    def __init__(self, ledger: ReleaseLedger, inbox: ReleaseInbox) -> None:
        self._ledger = ledger
        self._inbox = inbox
        self._known: dict[str, Target] = {}

    def __call__(self, model: str) -> Target:
        """Where nothing is known of it yet, Lambda: nobody deployed it elsewhere."""
        if model not in self._known:
            found = self._ledger.load(model).target or self._on_the_way(model)
            if found is None:
                return Target.LAMBDA
            self._known[model] = found
        return self._known[model]

    def _on_the_way(self, model: str) -> Target | None:
        for delivered in self._inbox.pending(model):
            if isinstance(delivered.message, CandidateReady):
                return delivered.message.release.target
        return None
