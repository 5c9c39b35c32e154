"""What a writer found in the store, it may rely on until somebody collects; then it looks again.

A collection raises the store's epoch before it looks for garbage. A commit carries the epoch in
which its session began, and the store refuses one that is no longer the newest.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ladle.digest import Digest
from ladle.errors import NotFound, Unavailable
from ladle.experiments.integrity import expected_objects
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import Locator, RecordedExperiment
from ladle.experiments.upkeep import Session
from ladle.ports import Clock, Health, ObjectStore, Upkeep, Workspace

LEASE_S = 24 * 3600.0  # longer than any push; garbage is older than days anyway
_WAIT_S = 0.5


class Writing:
    """One session. ``epoch`` is the one that all it found is known to have outlived."""

    def __init__(self, upkeep: Upkeep, objects: ObjectStore, clock: Clock) -> None:
        self._upkeep, self._objects, self._clock = upkeep, objects, clock
        self.epoch = upkeep.epoch().finished

    def look_again(self, draft: RecordedExperiment) -> None:
        """Returns at once while the epoch is the old one. Raises NotFound when something was
        collected that ``draft`` needs: a second push sends it.
        """
        epoch = self._quiet_epoch()
        if epoch == self.epoch:
            return
        for name, locator in needed_objects(draft, self._objects):
            if self._objects.check(Digest.parse(name), locator) is not Health.RIGHT:
                raise NotFound(
                    "LD360",
                    f"object {name[:19]} was collected while this was recorded: it was found in "
                    "the store and not sent again",
                    "do it again: what is missing is sent then",
                )
        self.epoch = epoch

    def _quiet_epoch(self) -> int:
        """Waits for a sweep that is at work; one that is overdue died."""
        while not (epoch := self._upkeep.epoch()).is_quiet:
            if self._clock.now() > epoch.until:
                self._upkeep.finish_sweep(epoch.begun)
            else:
                self._clock.sleep(_WAIT_S)
        return epoch.finished


def needed_objects(
    recorded: RecordedExperiment, objects: ObjectStore
) -> Iterator[tuple[str, Locator | None]]:
    """Digest and place of every object that an experiment needs. Raises NotFound, Corrupt."""
    for digest in expected_objects(recorded):
        yield digest, recorded.locators.get(digest)
    if recorded.layout is not None:
        where = recorded.locators.get(recorded.layout)
        with objects.open(Digest.parse(recorded.layout), where) as stream:
            layout = Layout.decode(stream.read())
        for pack in layout.packs:
            yield pack.digest, Locator(pack.key, pack.version_id)


@contextlib.contextmanager
def writing(workspace: Workspace, clock: Clock, session_id: str) -> Iterator[Writing]:
    """Around everything from the first look into the store to the commit."""
    now = clock.now()
    workspace.upkeep.join(Session(session_id, now, now + LEASE_S))
    try:
        yield Writing(workspace.upkeep, workspace.objects, clock)
    finally:
        with contextlib.suppress(Unavailable):  # it runs out by itself
            workspace.upkeep.leave(session_id)
