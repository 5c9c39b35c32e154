"""What Git knows of the code that ran: its commit, its tree, what was not committed.

Nothing of the repository is written, not even its index. What looks like a secret by its name, and
untracked files above 1 MiB, stay out of the patch; remote addresses are not read at all.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

from ladle import digest
from ladle.digest import Digest
from ladle.ports import Commit

# Written by `ladle pin` or about deploying: no training reads them, so they are no part of its code.
NOT_CODE = ("model_packages/*/pinned.json", "model_packages/*/model.yaml")  # at any depth
OWN = ".ladle"  # what Ladle keeps on this machine, should nobody have told Git to ignore it
SECRETS = (".env", ".env.*", "*.pem", "*.key", "*.pfx", "id_rsa*", "id_ed25519*", "*credentials*")
LARGEST_UNTRACKED_BYTES = 1 << 20
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",  # nothing is fetched, by no program that the repository names
    "LC_ALL": "C",
}
# A repository's own settings may name programs to run; reading it must run none of them.
_HARMLESS = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_PLAIN_DIFF = ("diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")


class Git:
    """SourceControl by the ``git`` command; without it, or outside a repository, nothing is known."""

    def snapshot(self, folder: Path, without: Sequence[str] = ()) -> Commit:
        root = self._root(folder)
        commit = root and _text(_git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"))
        if root is None or not commit:
            return Commit(None, dirty=True, patch=b"")
        above = folder.resolve().relative_to(root.resolve()).as_posix()
        named = [name if above == "." else f"{above}/{name}" for name in without]
        patch = self._patch(root, named)
        return Commit(commit, bool(patch), patch, self._tree(root, named))

    def diff(self, folder: Path, before: str, after: str) -> bytes | None:
        root = self._root(folder)
        if root is None:
            return None
        return _git(root, *_PLAIN_DIFF, before, after, "--", ".", *_excluded(()))

    def author(self, folder: Path) -> str:
        """Who would commit here, by Git's own rules; the name only."""
        identity = _text(_git(folder, "var", "GIT_AUTHOR_IDENT")) or ""
        return identity.partition(" <")[0] or "unknown"

    def commits(self, folder: Path, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Commits that changed what ``patterns`` name below ``folder``, oldest first: id, author."""
        only = [f":(glob){pattern}" for pattern in patterns]
        listed = (
            _git(folder, "rev-list", "--reverse", "--format=%H %an", "HEAD", "--", *only) or b""
        )
        for line in listed.decode("utf-8", "replace").splitlines():
            commit, _, author = line.partition(" ")
            if commit != "commit":
                yield commit, author

    @contextmanager
    def checked_out(self, folder: Path, commit: str) -> Iterator[Path]:
        """``folder`` as it was at ``commit``: its plain files up to 1 MiB, in a folder of their own.

        Not by Git's checkout, which runs what the repository's settings name as filters.
        """
        listed = _git(folder, "ls-tree", "-r", "-z", "-l", commit) or b""
        rows = [row.partition(b"\t") for row in listed.split(b"\0") if row.startswith(b"100")]
        small = [(about.split(), os.fsdecode(name)) for about, _, name in rows]
        small = [(a, n) for a, n in small if int(a[3]) <= LARGEST_UNTRACKED_BYTES and _stays(n)]
        asked = b"".join(about[2] + b"\n" for about, _ in small)
        contents = io.BytesIO(_git(folder, "cat-file", "--batch", stdin=asked) or b"")
        with tempfile.TemporaryDirectory(prefix="ladle-") as tree:
            for _, name in small:
                size = int(contents.readline().split()[-1])
                path = Path(tree, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(contents.read(size + 1)[:size])
            yield Path(tree)

    def _root(self, folder: Path) -> Path | None:
        top = _text(_git(folder, "rev-parse", "--show-toplevel"))
        return Path(top) if top else None

    def _tree(self, root: Path, without: Sequence[str]) -> Digest:
        listed = (_git(root, "ls-tree", "-r", "-z", "--full-tree", "HEAD") or b"").split(b"\0")
        entries = (
            line.decode("utf-8", "surrogateescape").split("\t", 1) for line in listed if line
        )
        code = {name: what for what, name in entries if not _is_excluded(name, without)}
        return digest.of_json({_plain(name): what for name, what in code.items()})

    def _patch(self, root: Path, without: Sequence[str]) -> bytes:
        with _borrowed_index(root) as index:
            new = "\0".join(self._untracked(root, without))
            if new:
                add = ("add", "--intent-to-add", "--pathspec-from-file=-", "--pathspec-file-nul")
                _git(root, "--literal-pathspecs", *add, stdin=os.fsencode(new), extra=index)
            return (
                _git(root, *_PLAIN_DIFF, "HEAD", "--", ".", *_excluded(without), extra=index) or b""
            )

    def _untracked(self, root: Path, without: Sequence[str]) -> Iterator[str]:
        listed = _git(root, "ls-files", "--others", "--exclude-standard", "-z") or b""
        for name in filter(None, os.fsdecode(listed).split("\0")):
            path = root / name
            if _is_excluded(name, without) or not path.is_file() or path.is_symlink():
                continue
            if path.stat().st_size <= LARGEST_UNTRACKED_BYTES:
                yield name


def _stays(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/")


def _is_excluded(name: str, without: Sequence[str]) -> bool:
    base = name.rsplit("/", 1)[-1].lower()
    return (
        OWN in name.split("/")
        or any(name == w or name.startswith(f"{w}/") for w in without)
        or any(fnmatch(f"/{name}", f"*/{pattern}") for pattern in NOT_CODE)
        or is_secret_file(base)
    )


def is_secret_file(name: str) -> bool:
    """By its own name, without folders."""
    return any(fnmatch(name.lower(), pattern) for pattern in SECRETS)


def _excluded(without: Iterable[str]) -> list[str]:
    patterns = [f":(exclude,top,glob)**/{pattern}" for pattern in NOT_CODE]
    patterns += [f":(exclude,top,glob)**/{OWN}/**"]
    patterns += [f":(exclude,top,glob,icase)**/{pattern}" for pattern in SECRETS]
    return patterns + [f":(exclude,top,literal){name}" for name in without]


@contextmanager
def _borrowed_index(root: Path) -> Iterator[Mapping[str, str]]:
    """A copy of the index and a folder for new objects: naming untracked files writes only there."""

    def real(name: str) -> str:
        path = _text(_git(root, "rev-parse", "--path-format=absolute", "--git-path", name))
        return path or ""

    index, objects = real("index"), real("objects")
    with tempfile.TemporaryDirectory(prefix="ladle-") as folder:
        copy, written = Path(folder, "index"), Path(folder, "objects")
        written.mkdir()
        if Path(index).is_file():
            shutil.copy2(index, copy)  # with its time: by that Git knows which entries to doubt
        yield {
            "GIT_INDEX_FILE": str(copy),
            "GIT_OBJECT_DIRECTORY": str(written),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects,
        }


def _git(
    folder: Path,
    *words: str,
    stdin: bytes = b"",
    extra: Mapping[str, str] | None = None,
) -> bytes | None:
    """What it prints; None when there is no git or it fails."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_TRACE")}
    try:
        done = subprocess.run(
            ["git", *_HARMLESS, *words],
            cwd=folder,
            env={**inherited, **_QUIET, **(extra or {})},
            input=stdin,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def _text(output: bytes | None) -> str | None:
    return os.fsdecode(output).strip() if output else None


def _plain(name: str) -> str:
    """JSON takes no lone surrogates: a name that is not UTF-8 is written with escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
