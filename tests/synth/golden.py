"""Writes the templates that ``test_golden.py`` compares: ``python -m tests.synth.golden``.

Look at the diff before it is committed: it is what a deploy will change in people's accounts.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.synth import moving
from tests.synth.repository import Synth, Template, synthesize, text

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).with_name("golden")
MOVING = FOLDER / "moving"
# What any edit of the code changes, and no reader of a template wants to compare.
BLANKED = {
    "S3Key",
    "CodeSha256",
    "ImageUri",
    "AssetKey",
    "LADLE_RELEASE_DIGEST",
    "ReleaseDigest",
    "ServingRuntime",
}
_HASH = re.compile(r"[0-9a-f]{64}")
INTRINSICS = {"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join"}


def goldens(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each golden file with what it should hold now."""
    configs = {path.parent: path.read_text() for path in sorted(FOLDER.glob("*/model.yaml"))}
    moves = configs.pop(MOVING)
    by_name = {_name(text_): text_.partition("\n")[2] for text_ in configs.values()}
    made = synthesize(folder, ROOT, by_name)
    for golden, text_ in configs.items():
        yield golden / "template.json", readable(made.model(_name(text_)))
    yield FOLDER / "platform.json", readable(made.platform())
    yield MOVING / "template.json", readable(_moving(folder, made, moves))


def _moving(folder: Path, made: Synth, config: str) -> Template:
    """The golden model of that name while it moves to where this config wants it."""
    name = _name(config)
    wanted = moving.specs(folder, {name: config.partition("\n")[2]})[name]
    spec = moving.moving(wanted, made.specs[name], made.model(name))
    return moving.templates(folder, ROOT, {name: spec}).model(name)


def _name(config: str) -> str:
    return config.partition("\n")[0].removeprefix("name: ")


def readable(template: Mapping[str, Any]) -> str:
    """Resources and outputs as JSON, with intrinsic functions written as ``${…}``."""
    kept = {key: template[key] for key in ("Resources", "Outputs") if key in template}
    return json.dumps(_simple(kept), indent=1, ensure_ascii=False) + "\n"


def _simple(value: Any) -> Any:
    if isinstance(value, list):
        return [_simple(part) for part in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and set(value) <= INTRINSICS:
        return text(value)
    found = {key: "…" if key in BLANKED else _simple(part) for key, part in value.items()}
    if "Serving" in found:
        found["Serving"] = {key: _opened(part) for key, part in found["Serving"].items()}
    return found


def _opened(value: str) -> Any:
    """What a target's versions are made of is JSON inside of JSON."""
    try:
        return json.loads(_HASH.sub("…", value))
    except ValueError:
        return value


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CDK_VALIDATION", "false")
        for path, content in goldens(Path(folder)):
            path.write_text(content)
            print(path.relative_to(ROOT), file=sys.stderr)


if __name__ == "__main__":
    main()
