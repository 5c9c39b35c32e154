"""An erased model is in no release's copy either, as far as no request needs it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest

from ladle.actions.erase_copies import erase_copies
from ladle.ports import ReleaseCopy, Workspace
from ladle.releases.state import Release, ReleaseState
from ladle.testing.releases import release

ERASED, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


class Copies:
    def __init__(self, *copies: ReleaseCopy) -> None:
        self.left = list(copies)

    def holding(self, digests: Collection[str]) -> Sequence[ReleaseCopy]:
        return [copy for copy in self.left if copy.digest in digests]

    def destroy(self, copy: ReleaseCopy) -> None:
        self.left.remove(copy)


def copy_of(number: int, digest: str = ERASED) -> ReleaseCopy:
    hex_ = f"{number:064}"
    return ReleaseCopy("fraud", hex_, digest, f"release/fraud/{hex_}/model.onnx", "1")


def in_use(number: int) -> Release:
    return replace(release(number), release_digest=f"sha256:{number:064}")


def served_by(workspace: Workspace, *copies: ReleaseCopy) -> tuple[Workspace, Copies]:
    """Release 3 serves, 4 is tried, 5 waits, and 2 is what a rollback goes to."""
    state = ReleaseState(
        "fraud",
        stable=in_use(3),
        candidate=in_use(4),
        waiting=(in_use(5),),
        good=(in_use(2), in_use(3)),
    )
    workspace.ledger.save(state, [], 0.0)
    held = Copies(*copies)
    return replace(workspace, copies=held), held


def test_a_copy_of_a_release_that_is_out_of_use_is_destroyed(workspace: Workspace) -> None:
    there, held = served_by(workspace, copy_of(1), copy_of(6, OTHER))
    done = erase_copies(there, {ERASED})
    assert (done.destroyed, done.serving) == ((copy_of(1),), ())
    assert held.left == [copy_of(6, OTHER)]
    assert erase_copies(there, {ERASED}).destroyed == ()


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_a_copy_that_may_be_read_is_named_and_stays(workspace: Workspace, number: int) -> None:
    there, held = served_by(workspace, copy_of(number))
    done = erase_copies(there, {ERASED})
    assert (done.destroyed, done.serving) == ((), (copy_of(number),))
    assert held.left == [copy_of(number)]


def test_a_workspace_without_releases_has_no_copies(workspace: Workspace) -> None:
    assert erase_copies(workspace, {ERASED}).destroyed == ()
