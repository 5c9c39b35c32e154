"""Two experiments compared down to rows and lines, as far as their bytes can still be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ladle.digest import Digest
from ladle.errors import Corrupt, NotFound
from ladle.experiments.compare import Difference, Part, compare
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.patches import FilePatch, summarise, summarise_difference
from ladle.experiments.rows import RowsDifference, Table, compare_rows, read_table
from ladle.ports import ObjectStore, SourceControl
from ladle.why.facts import ComparedExperiments

LARGEST_TABLE_BYTES = 64 << 20  # of each side; a larger file is told by its digest alone


def compare_experiments(
    before: RecordedExperiment,
    after: RecordedExperiment,
    objects: ObjectStore,
    source: SourceControl,
    folder: Path,
) -> ComparedExperiments:
    """Bytes that are gone or damaged make the answer coarser, never wrong."""
    difference = compare(before.manifest, after.manifest)
    rows = dict(_rows(difference, before, after, objects))
    return ComparedExperiments(
        difference, rows, tuple(_code(difference, before, after, objects, source, folder))
    )


def _rows(
    difference: Difference,
    before: RecordedExperiment,
    after: RecordedExperiment,
    objects: ObjectStore,
) -> Iterator[tuple[str, RowsDifference]]:
    for change in difference.of(Part.DATA):
        old = _table(change.name, change.before, before, objects)
        new = _table(change.name, change.after, after, objects)
        if old is not None and new is not None:
            yield change.name, compare_rows(old, new)


def _table(
    name: str, digest: str | None, recorded: RecordedExperiment, objects: ObjectStore
) -> Table | None:
    sizes: Mapping[str, int] = {f.digest: f.bytes for f in recorded.manifest.data}
    if digest is None or sizes[digest] > LARGEST_TABLE_BYTES:
        return None
    content = _content(digest, recorded, objects)
    return None if content is None else read_table(name, content)


def _content(digest: str, recorded: RecordedExperiment, objects: ObjectStore) -> bytes | None:
    try:
        with objects.open(Digest.parse(digest), recorded.locators.get(digest)) as stream:
            return stream.read()
    except (NotFound, Corrupt):
        return None


def _code(
    difference: Difference,
    before: RecordedExperiment,
    after: RecordedExperiment,
    objects: ObjectStore,
    source: SourceControl,
    folder: Path,
) -> Iterator[FilePatch]:
    """Between the two commits; then where what was not committed differs."""
    for change in difference.of(Part.CODE):
        if change.name == "commit" and change.before and change.after:
            yield from summarise(source.diff(folder, change.before, change.after) or b"")
        elif change.name == "uncommitted":
            old, new = (
                (digest and _content(digest, recorded, objects)) or b""
                for digest, recorded in ((change.before, before), (change.after, after))
            )
            yield from summarise_difference(old, new)
