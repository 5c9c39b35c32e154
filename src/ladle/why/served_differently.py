"""What differs in how two releases are served: by which runtime, packed how, and where."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.releases.state import Release


def served_differently(before: Release, after: Release) -> Iterator[str]:
    """What was not kept of an older release is not compared."""
    old, new = before.runtime, after.runtime
    if old is not None and new is not None and old.digest != new.digest:
        yield f"the serving runtime changed from that {old} to that {new}"
    if None not in (before.packaging, after.packaging) and before.packaging != after.packaging:
        yield f"the packaging changed from {before.packaging} to {after.packaging}"
    if before.target is not after.target:
        yield f"the target changed from {before.target} to {after.target}"
