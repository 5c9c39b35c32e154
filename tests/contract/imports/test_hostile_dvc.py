"""A DVC repository that means harm, or that was damaged: refused with its place, nothing recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.contract.imports.importing import ADA, Store, objects

from ladle.errors import LadleError
from ladle.project.dvc_repository import read_dvc


def lock(text: str) -> Callable[[Path], object]:
    return lambda root: (root / "dvc.lock").write_text(text)


def folder_list(rows: object) -> Callable[[Path], object]:
    def damage(root: Path) -> None:
        (path,) = (root / ".dvc" / "cache").rglob("*.dir")
        path.chmod(0o600)
        path.write_text(json.dumps(rows))

    return damage


def metrics(root: Path) -> None:
    for path in objects(root):
        if path.read_bytes().startswith(b'{"accuracy"'):
            path.unlink()
    (root / "metrics.json").write_text("{")


def link(root: Path) -> None:
    (root / "dvc.lock").unlink()
    (root / "dvc.lock").symlink_to("/etc/hostname")


MD5 = "a" * 32
OUT = "schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n    - {path: %s, hash: md5, md5: %s}\n"
HOSTILE = {
    "no YAML": (lock("a: [b\n"), "LD391", "dvc.lock:"),
    "a bomb": (lock("a: &a [1]\nb: &b [*a, *a]\n"), "LD391", "dvc.lock:1"),
    "a tag": (lock("a: !!python/object:os.system x\n"), "LD391", "dvc.lock:1"),
    "a duplicate": (lock("schema: '2.0'\nschema: '2.0'\n"), "LD391", "dvc.lock:2"),
    "too deep": (lock("a: " + "[" * 99 + "]" * 99), "LD391", "dvc.lock:1"),
    "not UTF-8": (lambda r: (r / "dvc.lock").write_bytes(b"\xff\xfe"), "LD391", "dvc.lock"),
    "huge": (lock("a: " + "x" * (5 << 20)), "LD391", "dvc.lock"),
    "stages are a list": (lock("schema: '2.0'\nstages: []\n"), "LD391", "dvc.lock"),
    "no md5": (lock(OUT % ("a", "short")), "LD391", "dvc.lock"),
    "above": (lock(OUT % ("../../etc/passwd", MD5)), "LD392", "dvc.lock"),
    "absolute": (lock(OUT % ("/etc/passwd", MD5)), "LD392", "dvc.lock"),
    "a link": (link, "LD392", "dvc.lock"),
    "list: above": (folder_list([{"md5": MD5, "relpath": "../x"}]), "LD392", "data/images"),
    "list: absolute": (folder_list([{"md5": MD5, "relpath": "/x"}]), "LD392", "data/images"),
    "list: not a text": (folder_list([{"md5": MD5, "relpath": 3}]), "LD392", "data/images"),
    "list: no rows": (folder_list({"a": 1}), "LD391", "data/images"),
    "list: file as folder": (
        folder_list([{"md5": MD5, "relpath": "a"}, {"md5": MD5, "relpath": "a/b"}]),
        "LD391",
        "data/images",
    ),
    "config": (lambda r: (r / ".dvc" / "config").write_text("url"), "LD391", ".dvc/config"),
    "metrics": (metrics, "LD391", "metrics.json"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_repository_is_refused_with_its_place(
    repository: Path, store: Store, name: str
) -> None:
    damage, code, shown = HOSTILE[name]
    damage(repository)
    with pytest.raises(LadleError) as refusal:
        store.take(read_dvc(repository, repository, ADA))
    said = [str(f) for f in refusal.value.findings if f.code == code]
    assert said, refusal.value.findings
    assert any(shown in text for text in said)
    assert store.workspace.manifests.models() == []


def test_a_cache_that_links_elsewhere_is_not_followed(repository: Path) -> None:
    for path in objects(repository):
        path.unlink()
        path.symlink_to("/etc/hostname")
    with pytest.raises(LadleError, match="LD393"):
        read_dvc(repository, repository, ADA)
