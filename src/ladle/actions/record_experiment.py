"""Objects first, manifest last: whatever a manifest names can be read before the manifest can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ladle import digest as digests
from ladle.actions.writing import Writing
from ladle.digest import Digest
from ladle.errors import Conflict, LadleError, NotFound, Unavailable
from ladle.experiments.manifest import Locator, Manifest, RecordedExperiment
from ladle.experiments.timestamps import timestamp
from ladle.ports import Clock, ManifestStore, ObjectStore

_ATTEMPTS = 60
_WAIT_S = 0.02


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that are in the store now."""

    digest: Digest
    bytes: int
    locator: Locator


def keep(objects: ObjectStore, content: Path | bytes) -> Kept:
    """Hashes and stores a file, streaming it. Raises Corrupt when it changed in between."""
    if isinstance(content, bytes):
        digest, length = digests.of_bytes(content), len(content)
    else:
        try:
            with content.open("rb") as stream:
                digest, length = digests.of_stream(stream)
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NotFound("LD305", f"there is no file {content}", "mend the path") from error
    return Kept(digest, length, objects.put_if_absent(digest, content))


def record_experiment(
    manifests: ManifestStore,
    draft: RecordedExperiment,
    clock: Clock,
    writing: Writing | None = None,
    trying: Callable[[str], None] = lambda _: None,
) -> RecordedExperiment:
    """Chains ``draft`` to the newest experiment of its model; its place in the chain is given here.

    A writer that was faster only means another place. An answer that was lost is asked for again,
    with the same manifest, so that nothing is recorded twice. ``writing`` is the session in which
    its objects were sent or found; without one nobody may collect meanwhile. ``trying`` is told each
    id before the store is, so that a process that dies can look for it.
    """
    missing = _not_kept(draft)
    if missing:
        raise ValueError(f"objects must be kept before their manifest: {missing}")
    manifest = _placed(draft, manifests, clock)
    trying(manifest.id)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            epoch = writing.epoch if writing else None
            return manifests.append(manifest, draft.locators, draft.layout, epoch)
        except Conflict:
            if writing is not None:
                writing.look_again(draft)
            manifest = _placed(draft, manifests, clock)
            trying(manifest.id)
        except Unavailable:
            if attempt == _ATTEMPTS // 10:
                raise
        clock.sleep(_WAIT_S * attempt)
    raise LadleError(
        "LD309",
        f"{manifest.model}: {_ATTEMPTS} other experiments were recorded before this one could be",
        "record again when fewer are recorded at once",
    )


def _not_kept(draft: RecordedExperiment) -> list[str]:
    """Data and outputs lie in the packs of the layout; everything else is an object of its own."""
    kept = draft.layout is not None and draft.layout in draft.locators
    needed = draft.manifest.objects if kept else map(str, draft.manifest.digests)
    return [name for name in needed if name not in draft.locators]


def _placed(draft: RecordedExperiment, manifests: ManifestStore, clock: Clock) -> Manifest:
    return replace(
        draft.manifest,
        previous=manifests.head(draft.manifest.model),
        created_at=timestamp(clock.now()),
    )
