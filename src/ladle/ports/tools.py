"""What other programs do for Ladle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ladle.digest import Digest
from ladle.experiments.draft import Draft
from ladle.experiments.graph import GraphSummary
from ladle.experiments.manifest import Code, Signature
from ladle.experiments.optimised import OptimisedGraph


@dataclass(frozen=True, slots=True)
class Commit:
    """``commit`` is None outside a repository or before the first commit; ``patch`` b"" when clean.

    ``tree`` is the digest of the committed files that are code: see ``manifest.Code``.
    """

    commit: str | None
    dirty: bool
    patch: bytes
    tree: Digest | None = None


class SourceControl(Protocol):
    """The repository around a folder, which may be only a part of it."""

    def snapshot(self, folder: Path, without: Sequence[str] = ()) -> Commit:
        """``without`` names what the experiment records by itself: its data and its model, relative
        to ``folder``, with POSIX separators.
        """

    def diff(self, folder: Path, before: str, after: str) -> bytes | None:
        """The patch between two commits; None when this repository does not know both."""


class Replay(Protocol):
    """Where a recorded command runs again, away from the files that people work on."""

    def prepare(self, commit: str, patch: bytes | None) -> Path:
        """The repository as it was: a checkout of ``commit`` with ``patch`` applied.

        Raises LD380 when this repository does not know the commit or the patch does not apply.
        """

    def run(self, code: Code, model: str) -> Draft:
        """The command in what was prepared, its output shown; all that it recorded."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model file says of itself, read in a limited child process."""

    format: str
    signature: Signature
    opset: int | None = None
    graph: GraphSummary | None = None


class ModelInspector(Protocol):
    def inspect(self, path: Path) -> ModelFacts:
        """Raises LadleError LD32x for an unreadable, hostile or unsupported file; at most 10 s."""

    def optimise(self, path: Path) -> OptimisedGraph | None:
        """Of a model that was inspected; None where it is better served as it is. Never raises."""


class DeployTool(Protocol):
    def deploy(self, stacks: Sequence[str], context: Mapping[str, str]) -> None:
        """Runs ``cdk deploy``; raises LadleError LD71x with the first failing resource's reason."""

    def synthesize(self, context: Mapping[str, str]) -> Path:
        """The folder of templates and assets that later deploys take, in place of making it anew."""


class Stacks(Protocol):
    def exists(self, name: str) -> bool: ...

    def resources(self, name: str) -> Mapping[str, Any]:
        """As its template describes them, by logical id; none where there is no such stack."""

    def outputs(self, name: str) -> Mapping[str, str]:
        """By name, as of its last deploy that went through; none where there is no such stack."""

    def remove(self, name: str) -> None:
        """Returns when it is gone. Raises LD252 with the first resource that could not be deleted."""


class Predictor(Protocol):
    def call(self, model: str, path: str, body: object) -> tuple[int, Mapping[str, Any]]:
        """POST of a JSON body at the model's front door: status and answer. Raises Unavailable."""
