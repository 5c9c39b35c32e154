"""This very Ladle as a wheel: the same files give the same bytes, without a build and without an index."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ladle import version

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_TAG = "py3-none-any"


def write_wheel(folder: Path) -> Path:
    """``ladle`` as it is imported here, edits of a checkout included; what it needs is in METADATA."""
    installed = metadata.distribution("ladle")
    about = f"ladle-{installed.version}.dist-info"
    wheel = folder / f"ladle-{installed.version}-{_TAG}.whl"
    record: list[str] = []
    with ZipFile(wheel, "w", ZIP_DEFLATED) as archive:
        for name, content in (*_files(), *_about(about, installed)):
            archive.writestr(_dated(name), content)
            seal = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={seal},{len(content)}")
        archive.writestr(_dated(f"{about}/RECORD"), "\n".join([*record, f"{about}/RECORD,,", ""]))
    return wheel


def _files() -> Iterator[tuple[str, bytes]]:
    package = Path(version.__file__).parent
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"ladle/{path.relative_to(package).as_posix()}", path.read_bytes()


def _about(folder: str, installed: metadata.Distribution) -> Iterator[tuple[str, bytes]]:
    yield f"{folder}/METADATA", (installed.read_text("METADATA") or "").encode()
    kind = f"Wheel-Version: 1.0\nGenerator: ladle\nRoot-Is-Purelib: true\nTag: {_TAG}\n"
    yield f"{folder}/WHEEL", kind.encode()
    yield f"{folder}/entry_points.txt", (installed.read_text("entry_points.txt") or "").encode()


def _dated(name: str) -> ZipInfo:
    entry = ZipInfo(name, _LONG_AGO)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
