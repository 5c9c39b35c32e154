"""A pulled file appears whole, verified, with its mode; or what was there before stays as it was.

Paths are strings here: a ``Path`` for each of many small files costs more than to hash them.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ladle import digest as digests
from ladle.digest import PREFIX
from ladle.errors import Corrupt, LadleError, cannot_write
from ladle.experiments.tree import Kind, TreeEntry

OWN = ".ladle"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_PART = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW


@contextlib.contextmanager
def writing(to: Path) -> Iterator[None]:
    """Says what the file system refuses; what was written whole by then stays."""
    try:
        yield
    except OSError as error:
        raise cannot_write(to, error) from error


@contextlib.contextmanager
def workshop(root: str) -> Iterator[str]:
    """A folder below ``root`` for files that are not whole yet; no snapshot ever looks into it.

    What a pull that was killed left there goes first. Raises LD358 while another pull is at work.
    """
    own = os.path.join(root, OWN)
    folder = os.path.join(own, "pulling")
    if os.path.islink(own) or os.path.islink(folder):
        raise NotADirectoryError(errno.ENOTDIR, "a link lies where a folder belongs", folder)
    os.makedirs(folder, exist_ok=True)
    lock = os.open(os.path.join(folder, "lock"), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        _take(lock, root)
        for name in set(os.listdir(folder)) - {"lock"}:
            os.unlink(os.path.join(folder, name))
        yield folder
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # somebody else keeps something in it
            os.rmdir(own)
    finally:
        os.close(lock)


def tidy(root: str) -> None:
    """Removes what a pull left that was killed when all was written."""
    if os.path.isdir(os.path.join(root, OWN, "pulling")):
        with contextlib.suppress(LadleError, OSError), workshop(root):
            pass  # another pull at work keeps its own
    with contextlib.suppress(OSError):  # none, or somebody keeps something in it
        os.rmdir(os.path.join(root, OWN))


def _take(lock: int, root: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LadleError(
            "LD358", f"another pull is writing to {root}", "wait until it has ended"
        ) from error


def is_there(path: str, entry: TreeEntry) -> bool | None:
    """Whether ``path`` is ``entry`` already; None when nothing is there."""
    try:
        state = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if entry.kind is Kind.FOLDER:
        return stat.S_ISDIR(state.st_mode)
    if entry.kind is Kind.LINK:
        return stat.S_ISLNK(state.st_mode) and _text(path) == entry.digest
    if not stat.S_ISREG(state.st_mode) or state.st_size != entry.bytes:
        return False
    with open(path, "rb") as stream:
        return str(digests.of_stream(stream)[0]) == entry.digest


def set_executable(path: str, executable: bool) -> None:
    """For a file whose bytes are right already."""
    mode = stat.S_IMODE(os.lstat(path).st_mode)
    if bool(mode & stat.S_IXUSR) != executable:
        reads = (mode & 0o444) >> 2
        os.chmod(path, mode | reads if executable else mode & ~0o111)


def write(path: str, entry: TreeEntry, content: bytes | memoryview, workshop: str) -> None:
    """``content`` is verified already."""
    new = os.path.join(workshop, "new")
    try:
        if entry.kind is Kind.LINK:
            os.symlink(os.fsdecode(bytes(content)), new)
        else:
            descriptor = os.open(new, _NEW, 0o777 if entry.executable else 0o666)
            try:
                _write_all(descriptor, memoryview(content), 0)
            finally:
                os.close(descriptor)
        os.replace(new, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise


class Assembly:
    """A large file whose chunks come in any order."""

    def __init__(
        self,
        digest: str,
        chunks: int,
        targets: Sequence[tuple[str, TreeEntry]],
        workshop: str,
    ) -> None:
        self._digest = digest
        self._left = chunks
        self._targets = targets
        self._workshop = workshop
        self._part = os.path.join(workshop, digest.removeprefix(PREFIX))

    def put(self, offset: int, content: memoryview) -> bool:
        """True when this was the last chunk: the file is there now. Raises Corrupt."""
        descriptor = os.open(self._part, _PART, 0o666)
        try:
            _write_all(descriptor, content, offset)
        finally:
            os.close(descriptor)
        self._left -= 1
        if self._left == 0:
            self._finish()
        return self._left == 0

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._part)

    def _finish(self) -> None:
        with open(self._part, "rb") as stream:
            if str(digests.of_stream(stream)[0]) != self._digest:
                raise Corrupt(
                    "LD312",
                    f"the recipe of {self._digest[:19]} is altered",
                    "ladle verify --repair",
                )
        *copies, (path, entry) = self._targets
        for other, other_entry in copies:
            new = os.path.join(self._workshop, "copy")
            shutil.copyfile(self._part, new)
            set_executable(new, other_entry.executable)
            os.replace(new, other)
        set_executable(self._part, entry.executable)
        os.replace(self._part, path)


def _write_all(descriptor: int, content: memoryview, offset: int) -> None:
    while content:
        written = os.pwrite(descriptor, content, offset)
        content, offset = content[written:], offset + written


def _text(link: str) -> str:
    return str(digests.of_bytes(os.fsencode(os.readlink(link))))
