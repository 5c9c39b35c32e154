"""What the ledger has locked of each model: where its newest release runs, how it is packed, on what runtime.

Of one whose newest release is kept no more, what serves says it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ladle.errors import NotFound
from ladle.policy.lock import Home, Lock
from ladle.ports import ReleaseLedger
from ladle.releases.state import Release, ReleaseState


def read_locks(ledger: ReleaseLedger, models: Iterable[str]) -> dict[str, Lock]:
    """Nothing of a model that was never deployed, or long ago. Raises Unavailable, NeedsCredentials."""
    found: dict[str, Lock] = {}
    for model in models:
        try:
            state = ledger.load(model)
        except NotFound:  # no platform, so no model either
            return found
        newest = handed_over_last(state) or state.stable
        if newest is not None and newest.lock is not None:
            found[model] = replace(newest.lock, grants=grants_of(state, newest.home))
    return found


def grants_of(state: ReleaseState, home: Home) -> tuple[str, ...]:
    """What any release there needs that may get traffic again; each home has a role of its own."""
    there = (release for release in state.startable if release.home == home)
    return tuple(dict.fromkeys(grant for release in there for grant in release.grants))


def handed_over_last(state: ReleaseState) -> Release | None:
    """The release of the newest hand-off, whatever became of it; None when it is not kept."""
    known = (*state.waiting, *state.releases)
    return next((r for r in known if r.release_digest == state.handed_over), None)
