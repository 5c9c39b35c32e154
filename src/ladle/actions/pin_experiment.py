"""A pin is one commit's worth of files: the manifest, the config's ``model:``, the model's copy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode

from ladle import digest as digests
from ladle.digest import Digest
from ladle.errors import LadleError, NotFound
from ladle.experiments.manifest import RecordedExperiment
from ladle.policy.lock import LOCKED
from ladle.ports import ManifestStore, ObjectStore

PINNED = "pinned"


def pin_experiment(
    manifests: ManifestStore, objects: ObjectStore, model: str, experiment_id: str, folder: Path
) -> RecordedExperiment:
    """Points the package in ``folder`` at an experiment; every file is written whole or not at all.

    A copy of the model that already lies in the package is brought to the pinned content; none is
    put there, since a repository is no place for large files.
    """
    recorded = manifests.get(experiment_id)
    _check(recorded, model)
    config = folder / "model.yaml"
    text = with_model(text_of(config), config.name, PINNED)
    _bring_copy(objects, recorded, folder)
    content = {**recorded.to_json(), **_locked(folder / "pinned.json")}
    pinned = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / "pinned.json", pinned.encode())
    write_whole(config, text.encode())
    return recorded


def _check(recorded: RecordedExperiment, model: str) -> None:
    manifest = recorded.manifest
    if manifest.model != model:
        raise LadleError(
            "LD307",
            f"experiment {manifest.id[:12]} is of {manifest.model}, not of {model}",
            f"ladle log {model} lists its own",
        )
    if manifest.artefact is None or manifest.outcome != "succeeded":
        why = "made no model" if manifest.artefact is None else "failed"
        raise LadleError(
            "LD306",
            f"experiment {manifest.id[:12]} {why}: there is nothing to serve",
            f"pin one that succeeded with a model: ladle log {model}",
        )


def _locked(pinned: Path) -> dict[str, Any]:
    """What another experiment does not change: where the model's releases run, and with what."""
    try:
        found = json.loads(pinned.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return {LOCKED: found[LOCKED]} if isinstance(found, dict) and LOCKED in found else {}


def text_of(config: Path) -> str:
    try:
        return config.read_bytes().decode()
    except FileNotFoundError as error:
        raise NotFound(
            "LD305", f"there is no {config}", "start the model with ladle init NAME"
        ) from error


def with_model(text: str, name: str, value: str) -> str:
    """``text`` with this as the value of ``model``; not a byte besides is touched."""
    try:
        document = YAML().compose(text)
    except YAMLError as error:
        raise LadleError(
            "LD306", f"{name} is no YAML, so nothing can be pinned in it", "run ladle check"
        ) from error
    if isinstance(document, MappingNode):
        for key, old in document.value:
            if key.value == "model":
                start, end = old.start_mark.index, old.end_mark.index
                return text[:start] + value + text[end:]
    raise LadleError("LD306", f"{name} has no key `model` to point at a pin", "run ladle check")


def _bring_copy(objects: ObjectStore, recorded: RecordedExperiment, folder: Path) -> None:
    artefact = recorded.manifest.artefact
    if artefact is None:
        return
    copy = folder / Path(artefact.name).name
    if not copy.is_file():
        return
    with copy.open("rb") as stream:
        if str(digests.of_stream(stream)[0]) == artefact.digest:
            return
    locator = recorded.locators.get(artefact.digest)
    with objects.open(Digest.parse(artefact.digest), locator) as stream:
        write_whole(copy, stream.read())


def write_whole(path: Path, content: bytes) -> None:
    """A reader sees the old file or the new one."""
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
