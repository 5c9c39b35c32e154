"""Files are hashed as they are at one moment; one that changes meanwhile has no digest."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from ladle.actions.data_faults import changed, unreadable
from ladle.digest import PREFIX
from ladle.experiments.snapshot import SeenFile

if TYPE_CHECKING:  # `ladle diff MODEL` is quick because of what it does not load
    from ladle.ports import Progress

THREADS = max(2, min(8, os.cpu_count() or 1))
_BLOCK_BYTES = 1 << 20
_BATCH_BYTES, _BATCH_FILES = 8 << 20, 64
# Never through a link, and never waiting for the other end of a pipe.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def hash_files(
    root: str, states: Mapping[str, os.stat_result], progress: Progress
) -> Mapping[str, SeenFile]:
    """By path relative to ``root``; ``states`` are as a walk found them.

    Raises LD316 for a changing file, LD342 and LD343.
    """
    from concurrent.futures import ThreadPoolExecutor  # costs as much as walking 2,000 files

    counter = _Counter(progress)
    progress.start("hashing", sum(state.st_size for state in states.values()), len(states))
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            batches = pool.map(lambda batch: _hash_batch(root, batch, counter), _batches(states))
            return {path: seen for batch in batches for path, seen in batch}
    finally:
        progress.finish()


class _Counter:
    """Progress from several threads, one call at a time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = Lock()

    def advance(self, bytes_: int, files: int) -> None:
        with self._lock:
            self._progress.advance(bytes_, files)


_Batch = list[tuple[str, os.stat_result]]


def _batches(states: Mapping[str, os.stat_result]) -> Iterator[_Batch]:
    """Small files go together, since handing work to a thread costs more than hashing one."""
    batch: _Batch = []
    bytes_ = 0
    for path, state in states.items():
        batch.append((path, state))
        bytes_ += state.st_size
        if bytes_ >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, bytes_ = [], 0
    if batch:
        yield batch


def _hash_batch(root: str, batch: _Batch, counter: _Counter) -> Sequence[tuple[str, SeenFile]]:
    block = memoryview(bytearray(_BLOCK_BYTES))
    found = [
        (path, _hash(f"{root}/{path}" if path else root, state, block, counter))
        for path, state in batch
    ]
    small = sum(seen.bytes for _, seen in found if seen.bytes < _BLOCK_BYTES)
    counter.advance(small, len(found))
    return found


def _hash(path: str, walked: os.stat_result, block: memoryview, counter: _Counter) -> SeenFile:
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            if walked.st_size < _BLOCK_BYTES:
                length = os.readv(descriptor, [block])
                after = os.fstat(descriptor)
                if length == after.st_size and _is_same(walked, after):
                    return _seen(hashlib.sha256(block[:length]).hexdigest(), after)
                os.lseek(descriptor, 0, os.SEEK_SET)
            return _hash_open(path, descriptor, block, counter)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ESPIPE):  # no file any more, but a link or a pipe
            raise changed(path) from error
        raise unreadable(path, error) from error


def _hash_open(path: str, descriptor: int, block: memoryview, counter: _Counter) -> SeenFile:
    """A file that is long to read, or was changed since the walk; it must not be while it is read."""
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise changed(path)
    hasher, length = hashlib.sha256(), 0
    while length <= before.st_size and (count := os.readv(descriptor, [block])):
        hasher.update(block[:count])
        length += count
        if before.st_size >= _BLOCK_BYTES:
            counter.advance(count, 0)
    after = os.fstat(descriptor)
    if not _is_same(before, after) or length != after.st_size:
        raise changed(path)
    return _seen(hasher.hexdigest(), after)


def _is_same(before: os.stat_result, after: os.stat_result) -> bool:
    return (
        before.st_size == after.st_size
        and before.st_mtime_ns == after.st_mtime_ns
        and before.st_ctime_ns == after.st_ctime_ns
        and before.st_ino == after.st_ino
    )


def _seen(digest: str, state: os.stat_result) -> SeenFile:
    inode = state.st_ino
    return SeenFile(PREFIX + digest, state.st_size, state.st_mtime_ns, state.st_ctime_ns, inode)
