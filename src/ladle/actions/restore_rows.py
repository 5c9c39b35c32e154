"""A manifest that a store has lost or that was altered comes back from whoever has it, into its own place.

Its id is the hash of its content, and its neighbours name it or are named by it: what does not fit
is of another chain and stays out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from ladle.errors import Conflict
from ladle.experiments.chain import Chain
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import ManifestStore


def restore_rows(
    manifests: ManifestStore, known: Iterable[RecordedExperiment], seen: Collection[str] = ()
) -> Iterator[str]:
    """Ids of those that came back. ``seen`` are ids that stood in these chains once."""
    unique = {r.manifest.id: r for r in known}
    onwards = sorted(unique.values(), key=lambda r: r.sequence)
    for recorded in (*onwards, *reversed(onwards)):  # each may prove the one beside it
        if _is_lost(manifests.chain(recorded.manifest.model), recorded, seen):
            with suppress(Conflict):  # somebody records: the next check says what is still missing
                manifests.put_back(recorded)
                yield recorded.manifest.id


def _is_lost(chain: Chain, recorded: RecordedExperiment, seen: Collection[str]) -> bool:
    """Whether its place is empty or broken, and is its own by the chain's own words."""
    id_, sequence, previous = recorded.manifest.id, recorded.sequence, recorded.manifest.previous
    at = {link.sequence: link for link in chain.links}
    before, here, after = (at.get(number) for number in (sequence - 1, sequence, sequence + 1))
    if here is not None and (here.recorded is not None or here.id not in ("", id_)):
        return _head_is_lost(chain, recorded)
    if before is not None and before.id not in ("", previous):
        return False
    named_by = after.recorded.manifest.previous if after and after.recorded else None
    if named_by not in (None, id_):
        return False
    follows = before is not None and previous is not None and before.id == previous
    return follows or named_by == id_ or id_ in seen or (here is not None and here.id == id_)


def _head_is_lost(chain: Chain, recorded: RecordedExperiment) -> bool:
    """Of a whole row: the newest, which no head names any more."""
    newest = chain.links[-1]
    behind = chain.head is None or chain.head[1] < newest.sequence
    return behind and newest.recorded is not None and newest.id == recorded.manifest.id
