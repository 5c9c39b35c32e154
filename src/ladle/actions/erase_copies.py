"""A release's own copy of an erased model goes with it, unless it may serve: then it is named.

A function that lost its model could not start again, and a rollback to it would be an outage.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ladle.digest import hex_of
from ladle.ports import ReleaseCopy, ReleaseLedger, Workspace


@dataclass(frozen=True, slots=True)
class ErasedCopies:
    """``serving`` are still there: their releases answer requests, are about to, or are gone back to."""

    destroyed: tuple[ReleaseCopy, ...]
    serving: tuple[ReleaseCopy, ...]


def erase_copies(workspace: Workspace, digests: Collection[str]) -> ErasedCopies:
    """Idempotent, and finished by another call when it was cut short."""
    found = workspace.copies.holding(digests)
    in_use = {model: _in_use(workspace.ledger, model) for model in {c.model for c in found}}
    serving = tuple(c for c in found if c.release in in_use[c.model])
    destroyed = tuple(c for c in found if c not in serving)
    for copy in destroyed:
        workspace.copies.destroy(copy)
    return ErasedCopies(destroyed, serving)


def _in_use(ledger: ReleaseLedger, model: str) -> Collection[str]:
    state = ledger.load(model)
    releases = (state.stable, state.candidate, *state.waiting, *state.good)
    return {hex_of(release.release_digest) for release in releases if release}
