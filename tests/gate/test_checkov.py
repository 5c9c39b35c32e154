"""checkov finds nothing in the stacks of 26 configs and of moves that was not acknowledged one by one."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.synth import drawing
from tests.synth.moving import MOVES, move
from tests.synth.repository import synthesize
from tests.synth.test_pairs import CONFIGS, POOL, SEED

from ladle import names

pytestmark = [pytest.mark.gate, pytest.mark.timeout(1200)]
ACKNOWLEDGED = Path(__file__).with_name("checkov.toml")
_HASH = re.compile(r"[0-9A-F]{8}$")  # the CDK's own, behind the id of an L2 construct
_HOME = re.compile(r"^Home\d+")  # before the id of what a later home has


def test_what_is_found_is_what_is_acknowledged(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_VALIDATION", "false")
    report = _report(_checkov(root), _templates(tmp_path, root))
    found = set(_found(report))
    rows = tomllib.loads(ACKNOWLEDGED.read_text(encoding="utf-8"))
    answered = {(check, resource) for check, row in rows.items() for resource in row["at"]}
    print(f"{report['summary']['passed']} passed, {len(rows)} checks acknowledged")
    assert report["summary"]["parsing_errors"] == 0
    assert found - answered == set(), "a finding that nobody has answered for"
    assert answered - found == set(), "an acknowledgement that matches nothing"
    assert all(len(row["reason"].split()) >= 3 for row in rows.values())


def _templates(folder: Path, root: Path) -> Path:
    chosen = drawing.covering(SEED, POOL, CONFIGS)
    texts = {f"m{n:02}": drawing.written(config, f"m{n:02}") for n, config in enumerate(chosen)}
    read = folder / "templates"
    read.mkdir()
    moved = move(folder, root, MOVES)
    found = dict(synthesize(folder, root, texts).templates)
    for synth, when in ((moved.while_, "moving"), (moved.after, "moved")):
        found |= {f"{name}-{when}": synth.model(name) for name in MOVES}
    for name, template in found.items():
        (read / f"{name}.json").write_text(json.dumps(template))
    return read


def _checkov(root: Path) -> Path:
    """In an environment of its own: it pins much that Ladle has newer. Made when its lock changed."""
    lock, venv = root / "locks" / "checkov.txt", root / ".venv-checkov"
    stamp, wanted = venv / "lock", hashlib.sha256(lock.read_bytes()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        print("making .venv-checkov, about a minute", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes", "-r"]
        subprocess.run([*pip, lock], check=True)
        stamp.write_text(wanted)
    return venv / "bin" / "checkov"


def _report(checkov: Path, templates: Path) -> Any:
    """Of the rules that come with it: it asks nobody for more."""
    options = "--framework cloudformation --skip-download --compact --soft-fail --output json"
    ran = subprocess.run(
        [checkov, "--directory", templates, *options.split()],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(ran.stdout)


def _found(report: Any) -> Iterator[tuple[str, str]]:
    """The check, with the resource by its kind of stack."""
    for finding in report["results"]["failed_checks"]:
        stack = Path(finding["file_path"]).stem
        kind = "platform" if stack == names.PLATFORM_STACK else "model"
        id_ = _HOME.sub("", _HASH.sub("", finding["resource"].rpartition(".")[2]))
        yield finding["check_id"], f"{kind}/{id_}"
