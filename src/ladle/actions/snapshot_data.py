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
        seen = _seen(root, {"": os.stat(root)}, index, progress)
        return of_file(root, seen[""])
    walked = walk_folder(str(root))
    return of_folder(root, walked.listings, _seen(root, walked.states, index, progress))


def _seen(
    root: Path, states: Mapping[str, os.stat_result], index: FileIndex, progress: Progress
) -> Mapping[str, SeenFile]:
    """Every file hashed now or before. What could change without a trace is not remembered."""
    known = index.below(root)
    seen = {path: file for path, file in known.items() if _is_as(file, states.get(path))}
    unknown = {path: state.st_size for path, state in states.items() if path not in seen}
    if unknown:
        at_ns = index.now_ns()
        seen.update(hash_files(str(root), unknown, progress))
        index.remember(root, {p: f for p, f in seen.items() if f.is_settled(at_ns)})
    return seen


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
