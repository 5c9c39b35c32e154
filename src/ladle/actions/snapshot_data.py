"""Data as it is now: only what this machine does not know already is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ladle.actions.data_faults import missing, no_data, unreadable
from ladle.actions.hash_files import hash_files
from ladle.actions.walk_folder import OWN, walk_folder
from ladle.experiments.snapshot import SeenFile, Snapshot, of_file, of_folder

if TYPE_CHECKING:  # `ladle diff MODEL` is quick because of what it does not load
    from ladle.ports import FileIndex, Progress


def snapshot_data(path: Path, index: FileIndex, progress: Progress) -> Snapshot:
    """``path`` itself may be a link, since a person named it; a link below it stays a link.

    Raises LD305 when there is no such path, LD316 for a file that changes meanwhile, LD34x for
    what cannot be kept.
    """
    root = _root(path)
    if root.is_file():
        seen, _ = _seen(root, {"": os.stat(root)}, index, progress)
        return of_file(root, seen[""])
    walked = walk_folder(str(root))
    seen, all_settled = _seen(root, walked.states, index, progress)
    snapshot = of_folder(root, walked.listings, seen)
    if all_settled:
        index.remember_whole(root, walked.state(), snapshot.digest)
    return snapshot


def is_still(path: Path, digest: str, index: FileIndex) -> bool:
    """Whether a folder is known to be what it was; False may also mean that nobody looked before.

    A walk alone tells, so that "nothing changed" is answered without a look at any one file.
    """
    root = _root(path)
    return root.is_dir() and index.whole(root, walk_folder(str(root)).state()) == digest


def _seen(
    root: Path, states: Mapping[str, os.stat_result], index: FileIndex, progress: Progress
) -> tuple[Mapping[str, SeenFile], bool]:
    """Every file hashed now or before; and whether none of them could change without a trace.

    What could is not remembered, and hashed again the next time.
    """
    known = index.below(root)
    seen = {path: file for path, file in known.items() if _is_as(file, states.get(path))}
    unknown = {path: state for path, state in states.items() if path not in seen}
    if not unknown:
        return seen, True
    at_ns = index.now_ns()
    seen.update(hash_files(str(root), unknown, progress))
    settled = {path: file for path, file in seen.items() if file.is_settled(at_ns)}
    index.remember(root, settled)
    return seen, len(settled) == len(seen)


def _is_as(file: SeenFile, state: os.stat_result | None) -> bool:
    return state is not None and (
        file.bytes == state.st_size
        and file.mtime_ns == state.st_mtime_ns
        and file.ctime_ns == state.st_ctime_ns
        and file.inode == state.st_ino
    )


def _root(path: Path) -> Path:
    try:
        root = path.resolve(strict=True)
    except FileNotFoundError as error:
        raise missing(str(path)) from error
    except OSError as error:
        raise unreadable(str(path), error) from error
    except RuntimeError as error:  # how Python before 3.13 tells of links in a circle
        raise unreadable(str(path), OSError(str(error))) from error
    if root.name in OWN or not (root.is_dir() or root.is_file()):
        raise no_data(str(root))
    return root
