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


def hash_files(root: str, sizes: Mapping[str, int], progress: Progress) -> Mapping[str, SeenFile]:
    """By path relative to ``root``. Raises LD316 for a changing file, LD342 and LD343."""
    from concurrent.futures import ThreadPoolExecutor  # costs as much as walking 2,000 files

    counter = _Counter(progress)
    progress.start("hashing", sum(sizes.values()), len(sizes))
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            batches = pool.map(lambda batch: _hash_batch(root, batch, counter), _batches(sizes))
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


def _batches(sizes: Mapping[str, int]) -> Iterator[Sequence[str]]:
    """Small files go together, since handing work to a thread costs more than hashing one."""
    batch: list[str] = []
    bytes_ = 0
    for path, size in sizes.items():
        batch.append(path)
        bytes_ += size
        if bytes_ >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, bytes_ = [], 0
    if batch:
        yield batch


def _hash_batch(
    root: str, paths: Sequence[str], counter: _Counter
) -> Sequence[tuple[str, SeenFile]]:
    block = memoryview(bytearray(_BLOCK_BYTES))
    return [(path, _hash(f"{root}/{path}" if path else root, block, counter)) for path in paths]


def _hash(path: str, block: memoryview, counter: _Counter) -> SeenFile:
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise changed(path)
            hasher, length = hashlib.sha256(), 0
            while length <= before.st_size and (count := os.readv(descriptor, [block])):
                hasher.update(block[:count])
                length += count
                counter.advance(count, 0)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link stands where the file was listed
            raise changed(path) from error
        raise unreadable(path, error) from error
    same = (before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)
    if not same or length != after.st_size:
        raise changed(path)
    counter.advance(0, 1)
    digest = PREFIX + hasher.hexdigest()
    return SeenFile(digest, length, after.st_mtime_ns, after.st_ctime_ns, after.st_ino)
