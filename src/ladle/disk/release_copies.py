"""A folder has no releases, so none of them has a copy of anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ladle.ports import ReleaseCopy


class NoReleaseCopies:
    """The ReleaseCopies of a ``dir:`` workspace."""

    def holding(self, digests: Collection[str]) -> Sequence[ReleaseCopy]:
        return ()

    def destroy(self, copy: ReleaseCopy) -> None:
        """There is none."""
