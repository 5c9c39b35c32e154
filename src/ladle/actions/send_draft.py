"""A run reaches the store: objects, then packs, then the layout, then the manifest, and never twice.

Whatever stops it leaves the draft; sending again finds what was sent, and the experiment itself if
only the answer was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ladle.actions.push_data import push_data
from ladle.actions.read_data import layout_of_experiment
from ladle.actions.record_experiment import record_experiment
from ladle.actions.snapshot_data import snapshot_data
from ladle.actions.writing import Writing, writing
from ladle.digest import Digest
from ladle.errors import Corrupt, LadleError, NotFound, Unavailable
from ladle.experiments.draft import Draft, decode_trees
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import DataInput, Locator, RecordedExperiment
from ladle.experiments.snapshot import Snapshot
from ladle.experiments.tree import TreeReader, changed
from ladle.ports import Clock, FileIndex, Outbox, PackCatalogue, Progress, Workspace

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one draft: recorded, or still waiting and why."""

    draft: Draft
    recorded: RecordedExperiment | None = None
    error: LadleError | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends drafts to one workspace; ``remember`` is told each, so that none goes missing unseen."""

    workspace: Workspace
    outbox: Outbox
    files: FileIndex
    packs: PackCatalogue
    clock: Clock
    progress: Progress
    remember: Callable[[RecordedExperiment], None] = lambda _recorded: None

    def send(self, draft: Draft) -> RecordedExperiment:
        """The caller holds the draft. Raises LD316 when data is no longer what was recorded."""
        try:
            recorded = self._recorded_before(draft)
            if recorded is None:
                with writing(self.workspace, self.clock, draft.name) as session:
                    recorded = self._recorded(draft, session)
        except OSError as error:  # of a store in a folder: full, gone, or not ours to write
            raise Unavailable(
                "LD381",
                f"{self.workspace.url} cannot be written: {error}",
                "make room there, or mend its rights",
            ) from error
        self.remember(recorded)
        self.outbox.remove(draft.name)
        return recorded

    def send_all(self, drafts: Sequence[Draft]) -> Iterator[Sent]:
        """One after the other; one that cannot be sent holds up none of the others."""
        for draft in drafts:
            with self.outbox.held(draft.name) as mine:
                if not mine:
                    continue
                try:
                    yield Sent(draft, self.send(draft))
                except LadleError as error:
                    yield Sent(draft, error=error)

    def _recorded_before(self, draft: Draft) -> RecordedExperiment | None:
        for experiment_id in draft.tried:
            try:
                return self.workspace.manifests.get(experiment_id)
            except NotFound:
                continue
        return None

    def _recorded(self, draft: Draft, session: Writing) -> RecordedExperiment:
        locators = {name: self._put(draft, name) for name in draft.manifest.objects}
        layout = None
        if snapshots := [self._snapshot(draft, i) for i in _inputs(draft)]:
            workspace = self.workspace
            base = self._base(draft.manifest.model)
            pushed = push_data(
                snapshots, workspace.objects, self.packs, workspace.url, base, self.progress
            )
            layout, locators[pushed.layout] = pushed.layout, pushed.locator

        def trying(experiment_id: str) -> None:
            nonlocal draft
            draft = draft.with_try(experiment_id)
            self.outbox.save(draft)

        ready = RecordedExperiment(draft.manifest, locators, sequence=0, layout=layout)
        return record_experiment(self.workspace.manifests, ready, self.clock, session, trying)

    def _put(self, draft: Draft, name: str) -> Locator:
        digest = Digest.parse(name)
        return self.workspace.objects.put_if_absent(digest, self.outbox.path_of(draft.name, digest))

    def _snapshot(self, draft: Draft, wanted: DataInput) -> Snapshot:
        path = Path(draft.sources[wanted.name])
        found = snapshot_data(path, self.files, self.progress)
        if found.digest != wanted.digest:
            raise Corrupt(
                "LD316",
                f"{self._changed(draft, wanted, found)} changed after it was recorded, so this run "
                "cannot be kept as it was",
                "bring its bytes back, then ladle push; or let the run go: "
                f"ladle push --forget {draft.name}",
            )
        return found

    def _changed(self, draft: Draft, wanted: DataInput, found: Snapshot) -> str:
        if wanted.digest not in draft.trees or not found.trees:
            return wanted.name
        listed = Digest.parse(draft.trees[wanted.digest])
        with self.outbox.objects(draft.name).open(listed) as stream:
            trees = {**decode_trees(stream.read()), **found.trees}
        paths = [c.path for c in changed(wanted.digest, found.digest, TreeReader(trees))]
        more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
        return ", ".join(f"{wanted.name}/{path}" for path in paths[:_MOST_NAMED]) + more

    def _base(self, model: str) -> Layout | None:
        """What the newest experiment holds; one that cannot be read only makes more to send."""
        head = self.workspace.manifests.head(model)
        if head is None:
            return None
        try:
            newest = self.workspace.manifests.get(head)
            return layout_of_experiment(newest, self.workspace.objects)
        except (NotFound, Corrupt):
            return None


def _inputs(draft: Draft) -> Sequence[DataInput]:
    return (*draft.manifest.data, *draft.manifest.outputs)
