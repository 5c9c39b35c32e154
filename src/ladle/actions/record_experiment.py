"""Objects first, manifest last: whatever a manifest names can be read before the manifest can."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ladle import digest as digests
from ladle.digest import Digest
from ladle.errors import Conflict, LadleError, NotFound, Unavailable
from ladle.experiments.manifest import Locator, Manifest, RecordedExperiment
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
    manifests: ManifestStore, draft: RecordedExperiment, clock: Clock
) -> RecordedExperiment:
    """Chains ``draft`` to the newest experiment of its model; its place in the chain is given here.

    A writer that was faster only means another place. An answer that was lost is asked for again,
    with the same manifest, so that nothing is recorded twice.
    """
    missing = [d for d in draft.manifest.digests if str(d) not in draft.locators]
    if missing:
        raise ValueError(f"objects must be kept before their manifest: {missing}")
    manifest = _placed(draft, manifests, clock)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return manifests.append(manifest, draft.locators, draft.layout)
        except Conflict:
            manifest = _placed(draft, manifests, clock)
        except Unavailable:
            if attempt == _ATTEMPTS // 10:
                raise
        clock.sleep(_WAIT_S * attempt)
    raise LadleError(
        "LD309",
        f"{manifest.model}: {_ATTEMPTS} other experiments were recorded before this one could be",
        "record again when fewer are recorded at once",
    )


def _placed(draft: RecordedExperiment, manifests: ManifestStore, clock: Clock) -> Manifest:
    now = datetime.fromtimestamp(clock.now(), UTC)
    return replace(
        draft.manifest,
        previous=manifests.head(draft.manifest.model),
        created_at=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )
