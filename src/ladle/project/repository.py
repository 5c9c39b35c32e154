"""A repository is a folder with model_packages/; each package is a folder with a model.yaml."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ladle.errors import LadleError, NotFound, Place
from ladle.experiments.manifest import RecordedExperiment
from ladle.policy.lock import LOCKED

PACKAGES = "model_packages"
CONFIG = "model.yaml"
PINNED = "pinned.json"


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """Everything that a commit can change about one model. ``file`` is a config of another name."""

    folder: Path
    file: Path | None = None

    @property
    def config(self) -> Path:
        return self.file or self.folder / CONFIG

    @property
    def pinned(self) -> Path:
        return self.folder / PINNED


def find_root(start: Path) -> Path:
    """The nearest folder at or above ``start`` that holds model packages. Raises LD131."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PACKAGES).is_dir():
            return folder
    raise NotFound(
        "LD131",
        f"neither {start} nor a folder above it holds {PACKAGES}/",
        "go to your repository, or start one with ladle init NAME",
    )


def packages(root: Path) -> Sequence[ModelPackage]:
    """By folder name."""
    found = (root / PACKAGES).glob(f"*/{CONFIG}")
    return tuple(ModelPackage(path.parent) for path in sorted(found))


def is_pinned(package: ModelPackage) -> bool:
    """Whether ``pinned.json`` names an experiment, readable or not; it may hold nothing but locks."""
    try:
        content = json.loads(package.pinned.read_bytes())
    except FileNotFoundError:
        return False
    except ValueError:
        return True
    return not isinstance(content, dict) or set(content) != {LOCKED}


def read_pinned(package: ModelPackage, shown_as: str | None = None) -> RecordedExperiment:
    """The experiment that this package points to. Raises LD126 when there is none to read."""
    place = Place(shown_as or str(package.pinned))
    try:
        return RecordedExperiment.from_json(json.loads(package.pinned.read_bytes()))
    except FileNotFoundError:
        raise NotFound(
            "LD126",
            f"model: pinned, but nothing is pinned: {PINNED} is missing",
            f"record an experiment, then run ladle pin {package.folder.name} ID",
            place,
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LadleError(
            "LD126",
            f"{PINNED} cannot be read: {_why(error)}",
            f"restore it from Git, or run ladle pin {package.folder.name} ID again",
            place,
        ) from None


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]}"
    return "it is not JSON" if isinstance(error, json.JSONDecodeError) else str(error)
