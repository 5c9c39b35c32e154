"""A check trusts nothing but hashes: what it finds whole can be read, what is not is named.

No content is downloaded, unless it is asked to go deep: stores state checksums, and packs say by
their indexes what is in them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ladle.actions.pack_contents import THREADS, PackContents, PackShelf, at_once
from ladle.digest import Digest
from ladle.errors import Corrupt, NotFound
from ladle.experiments import recipe
from ladle.experiments.chain import Chain
from ladle.experiments.integrity import (
    Fault,
    Problem,
    Witness,
    check_chain,
    expected_objects,
    newest,
)
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import Locator, RecordedExperiment
from ladle.experiments.pack import ContentKind
from ladle.experiments.reach import Need, Part, Reach, reach
from ladle.experiments.upkeep import Tombstone
from ladle.ports import Health, ObjectStore, Workspace
from ladle.releases.deploy_log import check_log


@dataclass(frozen=True, slots=True)
class Report:
    """``gone`` are the tombstones of what is not there and need not be; ``heads`` were found whole."""

    experiments: int
    objects: int
    problems: tuple[Problem, ...]
    gone: tuple[Tombstone, ...]
    heads: tuple[Witness, ...]

    @property
    def is_whole(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object and where it should lie; ``name`` says to a person what it is."""

    digest: str
    name: str
    locator: Locator | None


def verify_store(
    workspace: Workspace,
    only: str | None = None,
    deep: bool = False,
    witnesses: Sequence[Witness] = (),
    threads: int = THREADS,
) -> Report:
    """All experiments of all models, or the one of id ``only`` with the chain that it stands in."""
    seen = {w.model for w in witnesses}
    if only is None:
        chains = [workspace.manifests.chain(m) for m in _models(workspace, seen)]
        chosen = [r for chain in chains for r in chain.recorded]
    else:
        chosen = [workspace.manifests.get(only)]
        chains = [workspace.manifests.chain(chosen[0].manifest.model)]
    found = {chain.model: check_chain(chain, witnesses) for chain in chains}
    contents = ContentCheck(workspace, deep, threads)
    problems = [*(p for ps in found.values() for p in ps), *contents.check(chosen)]
    problems += [p for r in chosen if only and (p := _unlisted(r, chains[0]))]
    problems += [p for model in sorted(found) for p in _deploy_log(workspace, model)]
    whole = [chain for chain in chains if not found[chain.model]]
    return Report(
        experiments=len(chosen),
        objects=contents.objects,
        problems=tuple(problems),
        gone=contents.gone,
        heads=tuple(h for chain in whole if (h := newest(chain))),
    )


def _models(workspace: Workspace, seen: Iterable[str]) -> list[str]:
    return sorted({*workspace.manifests.models(), *seen})


def _deploy_log(workspace: Workspace, model: str) -> list[Problem]:
    """A controller that writes meanwhile is no fault: what it left is read before its rows."""
    head = workspace.ledger.load(model).deployed
    rows = workspace.ledger.deployments(model)
    if head is not None and workspace.ledger.load(model).deployed != head:
        return _deploy_log(workspace, model)
    return [Problem(Fault.ALTERED, model, f"{model}: {text}") for text in check_log(rows, head)]


def _unlisted(recorded: RecordedExperiment, chain: Chain) -> Problem | None:
    """A manifest that stands in no chain was never acknowledged, or dropped from it."""
    id_ = recorded.manifest.id
    if any(link.id == id_ for link in chain.links):
        return None
    text = f"{chain.model}: experiment {id_[:12]} stands nowhere in the chain"
    return Problem(Fault.UNCHAINED, id_, text)


class ContentCheck:
    """Objects, packs and trees of experiments; each is looked at once, whoever needs it."""

    def __init__(self, workspace: Workspace, deep: bool = False, threads: int = THREADS) -> None:
        self._objects: ObjectStore = workspace.objects
        self._deep, self._threads = deep, threads
        self._shelf = PackShelf(workspace.objects, threads)
        self._stones = workspace.upkeep.tombstones()
        self._needed_by: dict[str, dict[str, None]] = {}
        self._health: dict[str, Health] = {}
        self._rehashed: set[str] = set()

    @property
    def objects(self) -> int:
        return len(self._health)

    @property
    def gone(self) -> tuple[Tombstone, ...]:
        """Of what these experiments had."""
        return tuple(s for d, s in self._stones.items() if d in self._needed_by)

    def check(self, chosen: Sequence[RecordedExperiment]) -> list[Problem]:
        for recorded in chosen:
            self._note(recorded.manifest.id, recorded.manifest.id)
        kept = [r for r in chosen if r.manifest.id not in self._stones]
        problems = self._check_objects([w for r in kept for w in self._stands_alone(r)])
        layouts = {r.manifest.id: self._layout(r) for r in kept}
        problems += self._check_objects(
            [w for r in kept for w in self._packs(r.manifest.id, layouts[r.manifest.id])]
        )
        for recorded in kept:
            layout = layouts[recorded.manifest.id]
            problems += self._check_data(recorded, layout) if layout else []
        return problems

    def _stands_alone(self, recorded: RecordedExperiment) -> Iterable[Wanted]:
        for digest in expected_objects(recorded):
            self._note(digest, recorded.manifest.id)
            yield Wanted(digest, _name(recorded, digest), recorded.locators.get(digest))

    def _layout(self, recorded: RecordedExperiment) -> Layout | None:
        """None where there is none, or none that can be read; the latter is told by its object."""
        digest = recorded.layout
        if digest is None or self._health.get(digest) is Health.MISSING:
            return None
        try:
            with self._objects.open(Digest.parse(digest), recorded.locators.get(digest)) as stream:
                return Layout.decode(stream.read())
        except (NotFound, Corrupt):
            self._health[digest] = Health.ALTERED
            return None

    def _packs(self, experiment_id: str, layout: Layout | None) -> Iterable[Wanted]:
        for pack in layout.packs if layout else ():
            self._note(pack.digest, experiment_id)
            yield Wanted(pack.digest, "a pack of data", Locator(pack.key, pack.version_id))

    def _check_objects(self, wanted: Sequence[Wanted]) -> list[Problem]:
        new = {
            w.digest: w
            for w in wanted
            if w.digest not in self._health and w.digest not in self._stones
        }
        states = at_once(self._state, new.values(), self._threads)
        self._health |= dict(zip(new, states, strict=True))
        return [
            self._problem(Fault(str(state)), w.digest, f"{w.name} {w.digest[:19]} is {state}")
            for w, state in zip(new.values(), states, strict=True)
            if state is not Health.RIGHT
        ]

    def _state(self, wanted: Wanted) -> Health:
        return self._objects.check(Digest.parse(wanted.digest), wanted.locator, self._deep)

    def _check_data(self, recorded: RecordedExperiment, layout: Layout) -> list[Problem]:
        manifest = recorded.manifest
        contents = self._shelf.contents(layout)
        found = reach(
            (*manifest.data, *manifest.outputs), contents.slot_of, contents.bodies, self._stones
        )
        for need in (*found.needs.values(), *found.erased):
            self._note(need.digest, manifest.id)
        rows = [(Fault.MISSING, n, "lies in no pack of its layout") for n in found.missing]
        rows += [(Fault.ALTERED, n, "does not say what makes it") for n in found.broken]
        if self._deep and not rows:
            wrong = self._wrong_files(found, contents)
            rows += [(Fault.ALTERED, n, "hashes to something else") for n in wrong]
        return [
            self._problem(fault, need.digest, f"{need.path} ({need.digest[:19]}) {why}")
            for fault, need, why in rows
        ]

    def _wrong_files(self, found: Reach, contents: PackContents) -> Iterable[Need]:
        """Large files, put together chunk by chunk; all else is hashed with its pack."""
        for need in found.needs.values():
            slot = contents.slot_of(need.digest)
            if need.part is Part.FILE and slot and slot.kind is ContentKind.RECIPE:
                if need.digest not in self._rehashed and not self._is_right(need, contents):
                    yield need
                self._rehashed.add(need.digest)

    def _is_right(self, need: Need, contents: PackContents) -> bool:
        hasher = hashlib.sha256()
        try:
            for chunk in chunks_of(need.digest, contents):
                hasher.update(self._shelf.read(contents.place(chunk)))
        except NotFound:
            return False
        return f"sha256:{hasher.hexdigest()}" == need.digest

    def _note(self, digest: str, experiment_id: str) -> None:
        self._needed_by.setdefault(digest, {})[experiment_id] = None

    def _problem(self, fault: Fault, digest: str, text: str) -> Problem:
        return Problem(fault, digest, text, tuple(self._needed_by[digest]))


def chunks_of(file: str, contents: PackContents) -> Iterable[str]:
    """Digests of a large file's chunks, in order."""
    for node in recipe.decode(contents.bodies([file])[file]):
        body = contents.bodies([node.digest])[node.digest]
        yield from (chunk.digest for chunk in recipe.decode(body))


def _name(recorded: RecordedExperiment, digest: str) -> str:
    manifest = recorded.manifest
    names: Mapping[str | None, str] = {
        manifest.code.patch: "the uncommitted changes",
        manifest.log: "the output of the run",
        manifest.steps: "the metrics by step",
        recorded.layout: "the layout",
        manifest.artefact.digest if manifest.artefact else None: "the model",
    }
    return names.get(digest, "the object")
