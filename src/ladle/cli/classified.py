"""The fields of a model that ``capture.classify`` does not name: ``ladle check`` says that they are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ladle.config.schema import ModelConfig
from ladle.errors import LadleError
from ladle.planning.captured import refuse_unknown, shown, unnamed
from ladle.project.repository import ModelPackage, find_root
from ladle.project.services import Inspect, stated_signature
from ladle.tools.known_signatures import signature_of


def unclassified(package: ModelPackage, config: ModelConfig) -> Sequence[str]:
    """As they are shown. None of a model that cannot be read: a plan says why. Raises LD151 for a name that
    is no field.
    """
    try:
        root = find_root(package.folder)
        signature = stated_signature(package, config, _in(root), root)
    except (LadleError, OSError):
        return ()
    refuse_unknown(config, signature)
    return [shown(name) for name in unnamed(config, signature)]


def _in(root: Path) -> Inspect:
    return lambda path: signature_of(path, root)
