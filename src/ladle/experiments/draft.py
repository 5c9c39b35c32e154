"""A run that ended and is not in a store yet: its manifest without a place, and where its bytes lie.

What is small (patch, log, steps, profiles) and the model are copied beside the draft; data and
outputs stay where they are and are known by their digests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ladle.digest import canonical_json
from ladle.errors import LadleError
from ladle.experiments.manifest import Manifest
from ladle.experiments.tree import Kind, Tree, TreeEntry

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """``manifest`` has neither ``previous`` nor ``created_at``; ``sources`` maps the name of each
    input and output to its path, absolute; ``workspace`` is the URL of the store that it is for.

    ``trees`` maps the digest of a folder to the object that lists what is in it. ``tried`` are the
    ids under which it may have been recorded when the answer was lost.
    """

    name: str
    workspace: str
    manifest: Manifest
    sources: Mapping[str, str] = field(default_factory=dict)
    trees: Mapping[str, str] = field(default_factory=dict)
    tried: tuple[str, ...] = ()

    def with_try(self, experiment_id: str) -> Draft:
        return replace(self, tried=(*self.tried, experiment_id))

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "workspace": self.workspace,
            "manifest": self.manifest.to_json(),
            "sources": dict(self.sources),
            "trees": dict(self.trees),
            "tried": list(self.tried),
        }

    @classmethod
    def from_json(cls, name: str, data: Mapping[str, Any]) -> Draft:
        return cls(
            name,
            data["workspace"],
            Manifest.from_json(data["manifest"]),
            data["sources"],
            data["trees"],
            tuple(data["tried"]),
        )


def kept_words(error: LadleError | None) -> str:
    """Told at the end of a run that is not in its store; ``error`` None when nobody asked the store."""
    if error is None:
        return "the run is kept in .ladle/outbox; `ladle push` sends it"
    fix = error.finding.fix
    push = "" if "ladle push" in fix else "; then `ladle push` sends it"
    return f"the run is kept in .ladle/outbox, not in the store: {error}\n  help: {fix}{push}"


def encode_trees(trees: Mapping[str, Tree]) -> bytes:
    """All folders of one input in one object, for a draft only: stores keep each by itself."""
    return canonical_json({digest: [asdict(e) for e in tree] for digest, tree in trees.items()})


def decode_trees(content: bytes) -> Mapping[str, Tree]:
    rows = json.loads(content)
    return {
        digest: tuple(TreeEntry(**{**e, "kind": Kind(e["kind"])}) for e in tree)
        for digest, tree in rows.items()
    }
