"""A model that was read once in the jail is not read again while neither it nor the reader changes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from ladle import digest
from ladle.experiments.manifest import Signature
from ladle.tools.model_jail import ModelJail

READERS = ("model_jail.py", "onnx_reader.py")
Inspect = Callable[[Path], Signature]


def signature_of(path: Path, repository: Path) -> Signature:
    """Of a model that is given by path; read in a process of its own, when it is new."""
    kept = repository / ".ladle" / "signatures"
    return known_signature(path, kept, lambda model: ModelJail().inspect(model).signature)


def known_signature(path: Path, folder: Path, inspect: Inspect) -> Signature:
    """What ``inspect`` says of ``path``, kept in ``folder``; a refusal is never kept."""
    kept = folder / f"{_of_model_and_reader(path)}.json"
    try:
        return Signature.from_json(json.loads(kept.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):  # never read before, or not to be read now
        found = inspect(path)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as fresh:
        json.dump(found.to_json(), fresh)
    Path(fresh.name).replace(kept)
    return found


def _of_model_and_reader(path: Path) -> str:
    """Another Ladle may read more, or refuse what this one takes."""
    readers = [Path(__file__).with_name(name) for name in READERS]
    with path.open("rb") as stream:
        parts = [digest.of_stream(stream)[0], *(digest.of_bytes(r.read_bytes()) for r in readers)]
    return digest.of_json([str(part) for part in parts]).hex
