"""Two experiments compared: files by their trees, tables by profile and rows, code by lines, the model.

Nothing but trees, profiles and small tables is fetched. What can no longer be read makes the answer
coarser, never wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ladle.actions.read_experiment import ExperimentReader
from ladle.errors import Corrupt, NotFound
from ladle.experiments.compare import Change, Difference, Part, compare
from ladle.experiments.graph import graph_changes
from ladle.experiments.manifest import DataInput, RecordedExperiment
from ladle.experiments.patches import FilePatch, summarise, summarise_difference
from ladle.experiments.profile import TableProfile
from ladle.experiments.profile_words import profile_changes
from ladle.experiments.rows import RowsDifference, Table, compare_rows, read_table
from ladle.experiments.tree import Kind, Tree, TreeReader, changed
from ladle.ports import SourceControl
from ladle.why.facts import ComparedExperiments

LARGEST_TABLE_BYTES = 64 << 20  # of each side; a larger one is told by profile and digest
_MOST_TABLES = 20  # whose rows are compared


@dataclass(frozen=True, slots=True)
class Sides:
    """The two experiments, and where what they kept is read."""

    before: RecordedExperiment
    after: RecordedExperiment
    reader: ExperimentReader


def compare_experiments(
    before: RecordedExperiment,
    after: RecordedExperiment,
    reader: ExperimentReader,
    source: SourceControl,
    folder: Path,
    largest_bytes: int = LARGEST_TABLE_BYTES,
) -> ComparedExperiments:
    """Rows are compared in tables of at most ``largest_bytes`` a side; 0 fetches no table."""
    sides = Sides(before, after, reader)
    files = _Files(sides)
    difference = files.refined(compare(before.manifest, after.manifest))
    return ComparedExperiments(
        difference,
        dict(_rows(difference, files, sides, largest_bytes)),
        tuple(_code(difference, sides, source, folder)),
        dict(_tables(difference, sides)),
        tuple(_graph(sides)),
    )


class _Files:
    """Folders that differ, told by the files that differ in them."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self.bytes = {
            d.digest: d.bytes
            for side in (sides.before, sides.after)
            for d in _inputs(side).values()
        }

    def refined(self, difference: Difference) -> Difference:
        changes = [c for change in difference.changes for c in self._of(change)]
        return replace(difference, changes=tuple(changes))

    def _of(self, change: Change) -> Iterator[Change]:
        kinds = {_kind(self._sides.before, change), _kind(self._sides.after, change)}
        if change.part not in (Part.DATA, Part.OUTPUTS) or kinds != {Kind.FOLDER}:
            yield change
            return
        try:
            found = list(changed(change.before, change.after, _Trees(self._sides)))
        except (NotFound, Corrupt):
            yield change
            return
        for file in found:
            digests = [side.digest if side else None for side in (file.before, file.after)]
            self.bytes |= {e.digest: e.bytes for e in (file.before, file.after) if e}
            yield Change(change.part, f"{change.name}/{file.path}", *digests)


class _Trees(TreeReader):
    """From whichever of the two experiments has it."""

    def __init__(self, sides: Sides) -> None:
        super().__init__({})
        self._readers = [sides.reader.data(side) for side in (sides.before, sides.after)]

    def read(self, digest: str) -> Tree:
        try:
            return self._readers[0].tree(digest)
        except NotFound:
            return self._readers[1].tree(digest)


def _inputs(recorded: RecordedExperiment) -> Mapping[str, DataInput]:
    return {d.name: d for d in (*recorded.manifest.data, *recorded.manifest.outputs)}


def _kind(recorded: RecordedExperiment, change: Change) -> str | None:
    found = _inputs(recorded).get(change.name)
    return found.kind if found else None


def _rows(
    difference: Difference, files: _Files, sides: Sides, largest_bytes: int
) -> Iterator[tuple[str, RowsDifference]]:
    small = [
        c
        for c in difference.of(Part.DATA)
        if c.before
        and c.after
        and max(files.bytes[c.before], files.bytes[c.after]) <= largest_bytes
    ]
    for change in small[:_MOST_TABLES]:
        old = _table(change.name, change.before, sides.before, sides.reader)
        new = _table(change.name, change.after, sides.after, sides.reader)
        if old is not None and new is not None:
            yield change.name, compare_rows(old, new)


def _table(
    name: str, digest: str, recorded: RecordedExperiment, reader: ExperimentReader
) -> Table | None:
    content = reader.content(recorded, digest)
    return None if content is None else read_table(name, content)


def _tables(difference: Difference, sides: Sides) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Of the files that differ, what their columns' profiles say."""
    wanted = {c.name for c in difference.of(Part.DATA) if c.before and c.after}
    if not wanted:
        return
    old, new = _profiles(sides.before, sides.reader), _profiles(sides.after, sides.reader)
    for name in sorted(wanted & {*old} & {*new}):
        if lines := profile_changes(old[name], new[name]):
            yield name, tuple(lines)


def _profiles(recorded: RecordedExperiment, reader: ExperimentReader) -> dict[str, TableProfile]:
    return {
        f"{data.name}/{below}" if below else data.name: table
        for data in recorded.manifest.data
        for below, table in reader.profiles(recorded, data).items()
    }


def _graph(sides: Sides) -> list[str]:
    artefacts = [side.manifest.artefact for side in (sides.before, sides.after)]
    if len({a.digest if a else None for a in artefacts}) == 1:
        return []
    old, new = sides.reader.graph(sides.before), sides.reader.graph(sides.after)
    return graph_changes(old, new) if old and new else []


def _code(
    difference: Difference, sides: Sides, source: SourceControl, folder: Path
) -> Iterator[FilePatch]:
    """Between the two commits; then where what was not committed differs."""
    for change in difference.of(Part.CODE):
        if change.name == "commit" and change.before and change.after:
            yield from summarise(source.diff(folder, change.before, change.after) or b"")
        elif change.name == "uncommitted":
            old, new = (
                sides.reader.object(recorded, digest) or b""
                for digest, recorded in ((change.before, sides.before), (change.after, sides.after))
            )
            yield from summarise_difference(old, new)


def read_patch(
    before: RecordedExperiment,
    after: RecordedExperiment,
    reader: ExperimentReader,
    source: SourceControl,
    folder: Path,
) -> str:
    """The code as ``git apply`` takes it: between the commits, then what each had not committed."""
    old, new = before.manifest.code, after.manifest.code
    parts = []
    if old.commit and new.commit and old.commit != new.commit:
        parts.append(source.diff(folder, old.commit, new.commit) or b"")
    for word, code, side in (("older", old, before), ("newer", new, after)):
        if code.patch and old.patch != new.patch:
            parts.append(f"# not committed when the {word} one ran\n".encode())
            parts.append(reader.object(side, code.patch) or b"")
    return b"".join(parts).decode("utf-8", "replace").rstrip("\n")
